"""Coming down on the heel."""

import numpy as np

from evoloco.episode import Episode
from evoloco.gait.footstrike import heel_first
from evoloco.stance import touchdowns

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> float:
    """Part of the touchdowns in which the heel is first [1]; one number.

    The heel is first if the ground presses nearer to the heel than to the toes. The measure is 0
    if no foot comes down.
    """
    first = [struck for foot in heel_first(episode, touchdowns(episode.stance)) for struck in foot]
    return float(np.mean(first)) if first else 0.0
