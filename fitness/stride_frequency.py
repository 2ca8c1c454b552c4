"""How often a foot is set down."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "Hz"


def measure(episode: Episode) -> Array:
    """Touchdowns per second and foot [Hz] (T,); its mean over time is the stride frequency.

    A foot that chatters on the ground counts every touchdown.
    """
    touchdown = (
        np.diff(episode.foot_loaded.astype(float), axis=0, prepend=episode.foot_loaded[:1]) > 0
    )
    return np.asarray(touchdown.mean(axis=1) / episode.control_dt)
