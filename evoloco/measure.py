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
        objective: What it counts for.
        threshold: Size below which a value counts as 0 [unit]; see `counted`.
    """

    name: str
    weight: float
    source: str
    measure: Callable[..., Array | float]
    options: Mapping[str, Any]
    unit: str
    objective: str = "fitness"
    threshold: float = 0.0

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


def objective_names(terms: Sequence[Term]) -> tuple[str, ...]:
    """Names of the objectives of terms, in order of first use; a term of weight 0 counts for none."""
    return tuple(dict.fromkeys(term.objective for term in terms if term.weight)) or ("fitness",)


def counted(terms: Sequence[Term], values: Array) -> Array:
    """What the values of terms count in a sum [unit] (..., T): 0 where one is smaller than its term's threshold.

    The size |value| decides, whatever the sign of the weight: what is good
    enough costs nothing more, and what is too little earns nothing. A value
    below -threshold counts wholly.

    Args:
        terms: The T terms.
        values: Their values [unit] (..., T).

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological motion,
        doi:10.21105/joss.01421 (whose rule counts what is below -threshold as 0, too).
    """
    return np.asarray(np.where(np.abs(values) < [term.threshold for term in terms], 0.0, values))


def objectives(terms: Sequence[Term], values: Array, survival: Array | float) -> Array:
    """The m objectives (..., m) of episodes: each the weighted sum of its own terms, as far as they count.

    A sum that is positive counts times the lived part of the episode, one that
    is negative over it: a fall never pays, whatever the sign.

    Args:
        terms: The T terms.
        values: Their values [unit] (..., T).
        survival: Lived part of the planned duration (...).
    """
    weights = np.array(
        [
            [term.weight * (term.objective == name) for term in terms]
            for name in objective_names(terms)
        ]
    )
    sums = np.sum(counted(terms, values)[..., None, :] * weights, axis=-1)
    lived = np.asarray(survival)[..., None]
    return np.asarray(np.where(sums >= 0, sums * lived, sums / lived))


def fitness(terms: Sequence[Term], values: Array, survival: Array | float) -> Array:
    """The fitness of episodes: the weighted sum of their terms as they count, times the lived part of the episode.

    An unlived step counts nothing, so a fall forfeits what the rest would have
    earned. Of several objectives it is the sum.

    Args:
        terms: The T terms.
        values: Their values [unit] (..., T).
        survival: Lived part of the planned duration (...).
    """
    if len(objective_names(terms)) > 1:
        return np.asarray(objectives(terms, values, survival).sum(axis=-1))
    weights = np.array([term.weight for term in terms])
    return np.asarray(np.sum(counted(terms, values) * weights, axis=-1) * survival)
