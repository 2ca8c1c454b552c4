"""The contract of a measure: one quantity of an episode, as a small function on its arrays.

A measure is a module with a function `measure(episode, **options)` and a constant `UNIT`.
"""

from typing import Protocol

from evoloco.episode import Episode
from evoloco.genome import Array


class Measure(Protocol):
    """Quantity of one episode.

    It returns one value per control step (T,) wherever the quantity allows
    it, otherwise one number for the whole episode. Which of the two must not
    depend on the episode.
    """

    def __call__(self, episode: Episode) -> Array | float:
        """The quantity [UNIT] over the steps that were lived."""
