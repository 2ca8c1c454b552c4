"""How far the torso strays from its line."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "m"


def measure(episode: Episode) -> Array:
    """Sideways distance of the torso from where it started, |y(t) - y(0)| [m] (T,)."""
    sideways = episode.sensor("torso.position")[:, 1]
    return np.asarray(np.abs(sideways - sideways[0]))
