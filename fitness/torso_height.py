"""How far the torso is from its height over the feet."""

import mujoco
import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError, ModelError
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "m"
FLOORS = (0.0, 1.0)


def measure(episode: Episode, share: float = 1.0) -> Array:
    """Difference between the torso's height over the lower foot and the wanted one [m] (T,).

    Args:
        episode: Of a body with feet.
        share: Wanted height, over that at home [1].

    Raises:
        EvolocoError: The share is not positive.
        ModelError: The body has no feet.

    References:
        Heess et al., 2017, Emergence of locomotion behaviours in rich environments,
        arXiv:1707.02286 (a term of the walker's reward, with a height of 1.2 m).
    """
    wanted = constants(episode.morphology, share)["wanted"]

    lowest = episode.foot_position[:, :, 2].min(axis=1)
    height = episode.torso_position[:, 2] - lowest
    return episode.per_control_step(np.abs(height - wanted))


def constants(morphology: Morphology, share: float = 1.0) -> Fields:
    """Wanted height [m], checked."""
    if not share > 0:
        raise EvolocoError(f"Measure 'torso_height': share must be above 0, not {share}.")
    if not morphology.feet:
        raise ModelError(
            "Measure 'torso_height' needs a body with feet. Name them in [morphology]."
        )

    data = mujoco.MjData(morphology.model)
    data.qpos = morphology.reference or morphology.home
    mujoco.mj_kinematics(morphology.model, data)
    lowest = min(data.body(foot).xpos[2] for foot in morphology.feet)
    return {"wanted": share * (data.body(morphology.torso_frame).xpos[2] - lowest)}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m]."""
    mean, (steps, feet, _) = 0.0, now.foot_position.shape
    for k in range(steps):
        lowest = now.foot_position[k, 0, 2]
        for i in range(1, feet):
            lowest = min(lowest, now.foot_position[k, i, 2])
        mean += abs(now.torso_position[k, 2] - lowest - constants.wanted) / steps
    return mean
