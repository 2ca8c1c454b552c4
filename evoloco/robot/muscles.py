"""Muscles of a file: whether they drive the joints, and what they are called."""

from collections.abc import Sequence

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.robot.actuator import Actuator
from evoloco.robot.plant import Plant

LEAST_ARM = 1e-6
"""Moment arm below which an actuator does not move a joint [m]."""


def drive_joints(plant: Plant, actuators: Sequence[Actuator], joints: Sequence[str]) -> bool:
    """Whether muscles move every one of some joints, and no other actuator sits at one of them.

    Args:
        plant: The robot at home.
        actuators: Of the file.
        joints: To be driven.
    """
    muscles = [one for one in actuators if one.own and one.kind == "muscle"]
    others = [one for one in actuators if one.joint in joints and one.kind != "muscle"]
    if not muscles or others:
        return False
    arms = moments(plant)
    dofs = [int(plant.model.joint(joint).dofadr[0]) for joint in joints]
    rows = [int(plant.model.actuator_outadr[muscle.index]) for muscle in muscles]
    return bool(np.all(np.abs(arms[np.ix_(rows, dofs)]).max(axis=0) > LEAST_ARM))


def moments(plant: Plant) -> Array:
    """Moment of every force of the actuators about every degree of freedom at home (nout, nv)."""
    model, data = plant.model, plant.data
    dense = np.zeros((model.nout, model.nv))
    if model.nout:
        mujoco.mju_sparse2dense(
            dense,
            data.actuator_moment,
            data.moment_rownnz,
            data.moment_rowadr,
            data.moment_colind,
        )
    return dense


def name_of(muscle: Actuator, taken: Sequence[str]) -> str:
    """Name of a muscle that no joint has, whose sensors would be called alike."""
    name = muscle.name or f"muscle_{muscle.index}"
    while name in taken:
        name += "_muscle"
    return name
