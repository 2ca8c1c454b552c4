"""How much of the time a foot stands: low for running, high for walking."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "1"


def measure(episode: Episode) -> Array:
    """Share of the feet that are loaded [1] (T,); its mean over time is the mean duty factor."""
    return np.asarray(episode.foot_loaded.mean(axis=1))
