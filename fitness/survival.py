"""Staying alive."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """1 for each lived step [1] (T,)."""
    return np.ones(len(episode))


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    return 1.0
