"""How fast loaded feet slide over the ground."""

import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "m/s"


def measure(episode: Episode) -> Array:
    """Mean over the loaded feet of the horizontal speed at the centre of pressure [m/s] (T,).

    0 where no foot is loaded. A foot that rolls over its edge does not slip.
    """
    loaded = episode.foot_loaded
    return np.asarray((episode.foot_slip * loaded).sum(axis=1) / np.maximum(loaded.sum(axis=1), 1))
