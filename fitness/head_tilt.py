"""How much a head on the torso nods and rolls."""

import numpy as np

from evoloco.episode import Episode

UNIT = "rad"
FLOORS = (0.0, 0.5)


def measure(episode: Episode) -> float:
    """Root of the mean square of the angle between the torso's upright and its mean [rad].

    It is one number. A head may sit on the torso at any angle, so a constant lean costs nothing:
    eyes are shaken by what differs from the mean lean. Turning about the vertical is no tilt.
    """
    up = episode.up
    mean = up.mean(axis=0)
    across = np.linalg.norm(np.cross(up, mean), axis=1)
    angle = np.arctan2(across, up @ mean)  # exact for small angles, unlike an arccosine
    return float(np.sqrt((angle**2).mean()))
