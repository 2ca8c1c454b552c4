"""How far the torso turns away from the forward direction."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "rad"


def measure(episode: Episode) -> Array:
    """Angle between the torso's forward axis and the world's x axis, seen from above, |yaw| [rad] (T,)."""
    return np.asarray(np.abs(episode.yaw))
