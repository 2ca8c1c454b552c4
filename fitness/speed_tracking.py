"""How well the torso keeps to a wanted forward speed."""

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.genome import Array

UNIT = "1"


def measure(episode: Episode, target: float = 0.5, width: float = 0.25) -> Array:
    """Bell curve of the forward speed v around its target [1] (T,): exp(-((v - target) / width)^2).

    Args:
        episode: What is measured.
        target: Wanted forward speed [m/s].
        width: Error at which the measure has fallen to 1/e [m/s].

    Raises:
        EvolocoError: The width is not positive.
    """
    if not width > 0:
        raise EvolocoError(f"Measure 'speed_tracking': width must be above 0 m/s, not {width}.")
    error = (episode.sensor("torso.velocity")[:, 0] - target) / width
    return np.asarray(np.exp(-(error**2)))
