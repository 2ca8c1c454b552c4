"""How upright the torso is."""

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "1"


def measure(episode: Episode) -> Array:
    """Cosine of the torso's tilt [1] (T,): 1 upright, 0 lying, -1 upside down."""
    return episode.up[:, 2]
