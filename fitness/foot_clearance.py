"""How high the feet that swing are lifted."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "m"
FLOORS = (0.0, 0.2)


def measure(episode: Episode, ceiling: float = float("inf")) -> Array:
    """Mean over the swinging feet of their height over the ground [m] (T,).

    It is 0 if every foot is loaded. The height is that of the sole while the foot is level, and a
    height below 0 counts as 0. The height of the ground comes from the whole episode (see
    `evoloco.episode.Episode.foot_height`).

    Args:
        episode: What is measured.
        ceiling: Height above which lifting a foot further adds nothing [m].
    """
    swinging = ~episode.foot_loaded
    height = np.clip(episode.foot_height, 0.0, ceiling)
    mean = (height * swinging).sum(axis=1) / np.maximum(swinging.sum(axis=1), 1)
    return episode.per_control_step(mean)
