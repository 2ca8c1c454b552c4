"""How many joints work at the end of their range."""

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode, margin: float = 0.05) -> Array:
    """Fraction of the driven joints that are near a mechanical limit [1] (T,).

    Args:
        episode: What is measured.
        margin: How near is near, as a fraction of the joint's range [1].

    Raises:
        EvolocoError: The margin is not in [0, 0.5).
    """
    inner = constants(episode.morphology, margin)

    angle = episode.joint_angle
    near = (angle < inner["low"]) | (angle > inner["high"])
    return episode.per_control_step(near.mean(axis=1))


def constants(morphology: Morphology, margin: float = 0.05) -> Fields:
    """Ends of the inner range of each joint [rad] (nu,); infinite for a joint without limits."""
    if not 0 <= margin < 0.5:
        raise EvolocoError(f"Measure 'joint_limit_use': margin must be in [0, 0.5), not {margin}.")

    model = morphology.model
    joints = [model.joint(joint.name).id for joint in morphology.joints]
    low, high = model.jnt_range[joints].T
    inset, limited = margin * (high - low), model.jnt_limited[joints] != 0
    return {
        "low": np.where(limited, low + inset, -np.inf),
        "high": np.where(limited, high - inset, np.inf),
    }


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    near, (steps, joints) = 0, now.joint_angle.shape
    for k in range(steps):
        for j in range(joints):
            angle = now.joint_angle[k, j]
            near += angle < constants.low[j] or angle > constants.high[j]
    return float(near / (steps * joints))
