"""Coming down on the heel."""

import numpy as np

from evoloco.episode import Episode
from evoloco.footstrike import heel_first
from evoloco.gait import find_stance, touchdowns

UNIT = "1"


def measure(episode: Episode) -> float:
    """Part of the touchdowns in which the ground pressed nearer to the heel than to the toes [1]; one number.

    0 where no foot comes down.
    """
    first = [struck for foot in heel_first(episode, touchdowns(find_stance(episode))) for struck in foot]
    return float(np.mean(first)) if first else 0.0
