"""Staying alive."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "1"


def measure(episode: Episode) -> Array:
    """1 for each lived step [1] (T,)."""
    return np.ones(len(episode))
