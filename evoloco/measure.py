"""The contract of a measure: one quantity of an episode, as a small function on its arrays.

A measure is a module with a function `measure(episode, **options)` and a constant `UNIT`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError, blamed
from evoloco.genome import Array


class Measure(Protocol):
    """Quantity of one episode.

    It returns one value per control step (T,) wherever the quantity allows
    it, otherwise one number for the whole episode. Which of the two must not
    depend on the episode.
    """

    def __call__(self, episode: Episode) -> Array | float:
        """The quantity [UNIT] over the steps that were lived."""


@dataclass(frozen=True)
class Term:
    """A measure with a weight: one named term of the fitness sum.

    Attributes:
        name: Of the term.
        weight: Its factor.
        source: Name of the measure.
        measure: The function.
        options: Its options.
        unit: Of the measure.
    """

    name: str
    weight: float
    source: str
    measure: Callable[..., Array | float]
    options: Mapping[str, Any]
    unit: str

    def value(self, episode: Episode) -> float:
        """Mean of the measure [unit] over the lived steps.

        Raises:
            EvolocoError: The measure failed, or returned a NaN or an infinity.
        """
        with blamed(f"Measure '{self.source}' (fitness term '{self.name}')"):
            value = float(np.mean(self.measure(episode, **self.options)))
        if not np.isfinite(value):
            raise EvolocoError(
                f"Measure '{self.source}' (fitness term '{self.name}') returned {value} for an episode that "
                f"{episode.outcome} after {len(episode) * episode.control_dt:g} s. "
                "A measure must be finite for every episode, however short."
            )
        return value


def fitness(terms: Sequence[Term], values: Array, survival: Array | float) -> Array:
    """The fitness of episodes: the weighted sum of their terms, times the lived part of the episode.

    An unlived step counts nothing, so a fall forfeits what the rest would have earned.

    Args:
        terms: The T terms.
        values: Their values [unit] (..., T).
        survival: Lived part of the planned duration (...).
    """
    weights = np.array([term.weight for term in terms])
    return np.asarray(np.sum(values * weights, axis=-1) * survival)
