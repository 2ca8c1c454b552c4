"""What the joints' limits must bear, because muscles do not."""

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError, ModelError, UnknownNameError
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "N m"
FLOORS = (0.0, 100.0)


def measure(episode: Episode, joint: str = "", free: float = 0.0) -> Array:
    """Sum over joints of the torque of their limits, as far as it is beyond `free` [N m] (T,).

    Args:
        episode: Of a body with muscles.
        joint: Name of a joint, such as "knee_left", or of a pair without its side, "knee". All
            joints if empty.
        free: Torque of each limit that costs nothing [N m].

    Raises:
        ModelError: The body has no muscles.
        UnknownNameError: There is no such joint.
        EvolocoError: The free torque is negative.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological
        motion, doi:10.21105/joss.01421 (its scenarios weigh the torque of the knee's limit by 0.01,
        with a threshold of 5 N m).
    """
    counts = constants(episode.morphology, joint, free)["counts"]

    torque = np.abs(episode.at_physics_steps("limit_torque"))
    return episode.per_control_step(np.maximum(torque - free, 0.0) @ counts)


def constants(morphology: Morphology, joint: str = "", free: float = 0.0) -> Fields:
    """Which joints count (nu,), 1 or 0, and the free torque [N m], checked."""
    joints = morphology.joints
    if not morphology.muscles:
        raise ModelError(
            "Measure 'joint_limit_torque' needs joints that muscles drive; this body has none."
        )
    if not free >= 0:
        raise EvolocoError(
            f"Measure 'joint_limit_torque': free must not be below 0 N m, but is {free}."
        )

    counts = np.array([float(joint in ("", each.name, each.stem)) for each in joints])
    if not counts.any():
        known = dict.fromkeys(name for each in joints for name in (each.stem, each.name))
        raise UnknownNameError("joint", joint, known)
    return {"counts": counts, "free": free}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [N m]."""
    total, (steps, joints) = 0.0, now.limit_torque.shape
    for k in range(steps):
        for j in range(joints):
            beyond = max(abs(now.limit_torque[k, j]) - constants.free, 0.0)
            total += constants.counts[j] * beyond / steps
    return total
