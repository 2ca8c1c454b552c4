"""How abruptly the controls change; smaller is smoother."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "rad²/s²"


def measure(episode: Episode) -> Array:
    """Mean over the joints of the squared rate of the controls [rad²/s²] (T,).

        ((ctrl(t) - ctrl(t - dt)) / dt)^2

    The first step has no step before it and counts as 0.
    """
    rate = np.diff(episode["ctrl"], axis=0) / episode.control_dt
    values = np.zeros(len(episode))
    values[1:] = np.einsum("tj,tj->t", rate, rate) / rate.shape[1]
    return values
