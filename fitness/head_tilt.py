"""How much a head on the torso nods and rolls."""

import numpy as np

from evoloco.episode import Episode

UNIT = "rad"


def measure(episode: Episode) -> float:
    """Root of the mean square of the angle between the torso's upright and its own mean [rad]; one number.

    A head may sit on the torso at any angle, so a constant lean costs nothing;
    what shakes the eyes is what the torso leans more or less than on average.
    Turning about the vertical is no tilt.
    """
    up = episode.up
    mean = up.mean(axis=0)
    across = np.linalg.norm(
        np.cross(up, mean), axis=1
    )  # exact for small angles, where an arccosine is not
    return float(np.sqrt((np.arctan2(across, up @ mean) ** 2).mean()))
