"""What a file has beside the robot: things that move by themselves, or are moved."""

import mujoco
import numpy as np

from evoloco.robot.words import listed
from evoloco.subtree import robot_bodies


def tell_scenery(model: mujoco.MjModel, torso: str, told: list[str]) -> None:
    """Says which bodies that move are no part of the robot, the tree of its torso.

    Args:
        model: The compiled model.
        torso: Name of the torso.
        told: Gets a sentence if there are any.
    """
    own, moves = robot_bodies(model, torso), model.body_weldid != 0
    others = np.setdiff1d(np.flatnonzero(moves), own)
    roots = [body for body in others if model.body_parentid[body] not in others]
    if not roots:
        return

    names = listed(model.body(body).name for body in roots)
    free = others[model.body_mocapid[model.body_weldid[others]] < 0]
    mass = float(model.body_mass[free].sum())
    told.append(
        f"The robot is what the torso '{torso}' belongs to, {model.body_mass[own].sum():.4g} kg. "
        f"Not part of it: {names} with {'its' if len(roots) == 1 else 'their'} {mass:.4g} kg."
    )
