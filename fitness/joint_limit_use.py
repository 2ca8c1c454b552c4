"""How many joints work at the end of their range."""

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.genome import Array

UNIT = "1"


def measure(episode: Episode, margin: float = 0.05) -> Array:
    """Fraction of the driven joints that are near a mechanical limit [1] (T,).

    Args:
        episode: What is measured.
        margin: How near is near, as a fraction of the joint's range [1].

    Raises:
        EvolocoError: The margin is not in [0, 0.5).
    """
    if not 0 <= margin < 0.5:
        raise EvolocoError(f"Measure 'joint_limit_use': margin must be in [0, 0.5), not {margin}.")
    model = episode.morphology.model
    joints = [model.joint(joint.name).id for joint in episode.morphology.joints]
    low, high = model.jnt_range[joints].T
    inset = margin * (high - low)
    angle, limited = episode.joint_angle, model.jnt_limited[joints] != 0
    near = ((angle < low + inset) | (angle > high - inset)) & limited
    return np.asarray(near.sum(axis=1) / len(joints))
