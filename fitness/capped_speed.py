"""How fast the torso moves forward, up to a speed that need not be exceeded."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "m/s"
FLOORS = (-1.0, 3.0)


def measure(episode: Episode, cap: float = 1.5) -> Array:
    """Forward velocity of the torso, or the cap where that is less [m/s] (T,).

    Args:
        episode: What is measured.
        cap: Speed above which nothing is gained [m/s].

    References:
        Heess et al., 2017, Emergence of locomotion behaviours in rich environments,
        arXiv:1707.02286 (a term of its rewards).
    """
    return episode.per_control_step(np.minimum(episode.torso_velocity[:, 0], cap))


def constants(morphology: Morphology, cap: float = 1.5) -> Fields:
    """The cap [m/s]."""
    return {"cap": cap}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m/s]."""
    mean, steps = 0.0, len(now.torso_velocity)
    for k in range(steps):
        mean += min(now.torso_velocity[k, 0], constants.cap) / steps
    return mean
