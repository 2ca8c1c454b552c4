"""What the joints' limits must bear, because muscles do not."""

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError, ModelError, UnknownNameError
from evoloco.genome import Array

UNIT = "N m"


def measure(episode: Episode, joint: str = "", free: float = 0.0) -> Array:
    """Sum over joints of the torque of their limits, as far as it is beyond what is free [N m] (T,).

    Args:
        episode: Of a body with muscles.
        joint: Name of a joint, such as "knee_left", or of a pair without its side, "knee"; all joints where empty.
        free: Torque of each limit that costs nothing [N m].

    Raises:
        ModelError: The body has no muscles.
        UnknownNameError: There is no such joint.
        EvolocoError: The free torque is negative.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological motion,
        doi:10.21105/joss.01421 (its scenarios weigh the torque of the knee's limit by 0.01 with a threshold of 5 N m).
    """
    joints = episode.morphology.joints
    if not episode.morphology.muscles:
        raise ModelError(
            "Measure 'joint_limit_torque' needs joints that muscles drive; this body has none."
        )
    if not free >= 0:
        raise EvolocoError(
            f"Measure 'joint_limit_torque': free must not be below 0 N m, but is {free}."
        )
    chosen = [each.name for each in joints if joint in ("", each.name, each.stem)]
    if not chosen:
        known = dict.fromkeys(name for each in joints for name in (each.stem, each.name))
        raise UnknownNameError("joint", joint, known)
    torque = np.concatenate([np.abs(episode.sensor(f"{name}.limit")) for name in chosen], axis=1)
    return np.asarray(np.maximum(torque - free, 0.0).sum(axis=1))
