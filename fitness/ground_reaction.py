"""How much harder than needed the ground is hit."""

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.genome import Array

UNIT = "body weights"


def measure(episode: Episode, limit: float = 1.4, start: float = 1.0) -> Array:
    """Vertical force under all feet together beyond a limit, over body weight [1] (T,); 0 before the start.

    The force is the sum of the largest under each foot within the control
    step, so no blow is missed between two rows; where two feet have theirs at
    different moments of one step, it is a little more than the true one.

    Args:
        episode: What is measured.
        limit: Force that costs nothing [body weights].
        start: Time from which on it counts [s].

    Raises:
        EvolocoError: The limit or the start is negative.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological motion,
        doi:10.21105/joss.01421 (its scenarios allow 1.4 or 1.5 body weights from 1 s on).
    """
    if not (limit >= 0 and start >= 0):
        raise EvolocoError(
            f"Measure 'ground_reaction': limit and start must not be below 0, but are {limit} and {start}."
        )
    force = episode["peak_load"].sum(axis=1) / episode.morphology.weight
    return np.asarray(np.maximum(force - limit, 0.0) * (episode.time - episode.time[0] >= start))
