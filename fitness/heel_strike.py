"""Coming down on the heel."""

import numpy as np

from evoloco.episode import Episode
from evoloco.gait.footstrike import heel_first
from evoloco.stance import touchdowns

UNIT = "1"


def measure(episode: Episode) -> float:
    """Part of the touchdowns in which the ground pressed nearer to the heel than to the toes [1]; one number.

    0 where no foot comes down.
    """
    first = [struck for foot in heel_first(episode, touchdowns(episode.stance)) for struck in foot]
    return float(np.mean(first)) if first else 0.0
