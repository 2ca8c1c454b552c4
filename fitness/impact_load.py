"""How hard the feet hit the ground."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "body weights"


def measure(episode: Episode) -> Array:
    """Largest ground force under any one foot within each control step, over body weight [1] (T,)."""
    return np.asarray(episode["peak_load"].max(axis=1) / episode.morphology.weight)
