"""Fitness terms: what each step of an episode counts, and what it counts if it was not lived.

Let a term have the weight w and the floor f, the worst value that counts. With T of P planned steps
lived, an episode counts for a measure with values v_t per step, or v for the whole episode,

    c = (sum_t worst(v_t) + (P - T) f) / P          per step         (1)
    c = (T worst(v) + (P - T) f) / P                whole episode    (2)

where v is also the mean of the v_t, for a term whose floor is one of the mean,
and worst(v) is max(v, f) for a positive weight and min(v, f) for a negative one. The fitness is the
sum of w c over all terms. So no earlier end is ever better by (1): a lived step counts at least the
floor, and an unlived one exactly the floor. By (2), no life is worse than none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError, user_code
from evoloco.genome import Array
from evoloco.measure import RowForm


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
        objective: The objective that the term counts for.
        threshold: Size below which a value counts as 0 [unit]; see `counted_value`.
        floor: The worst value that counts, and what an unlived step counts [unit].
        form: The measure step by step; None if it needs the whole episode.
        floor_of_mean: Whether the floor bounds the mean over the lived steps, and not each of them.
    """

    name: str
    weight: float
    source: str
    measure: Callable[..., Array | float]
    options: Mapping[str, Any]
    unit: str
    objective: str = "fitness"
    threshold: float = 0.0
    floor: float = 0.0
    form: RowForm | None = None
    floor_of_mean: bool = False

    @property
    def stepwise(self) -> bool:
        """Whether every control step counts by its own value.

        A term with a threshold does not, nor one whose floor is of the mean: both belong to the
        mean over the episode.
        """
        return self.form is not None and not self._of_mean

    @property
    def _of_mean(self) -> bool:
        return self.floor_of_mean or self.threshold > 0

    def value(self, episode: Episode) -> float:
        """Mean of the measure [unit] over the lived steps.

        Raises:
            EvolocoError: The measure failed, or returned a NaN or an infinity.
        """
        return self.judged(episode)[0]

    def counted(self, episode: Episode) -> float:
        """What the episode counts [unit], by equation (1) or (2).

        Raises:
            EvolocoError: The measure failed, or returned a NaN or an infinity.
        """
        return self.judged(episode)[1]

    def judged(self, episode: Episode) -> tuple[float, float]:
        """Mean of the measure over the lived steps, and what the episode counts [unit].

        Raises:
            EvolocoError: The measure failed, or returned a NaN or an infinity.
        """
        with user_code(f"Measure '{self.source}' (fitness term '{self.name}')"):
            values = self.measure(episode, **self.options)
            mean = float(np.mean(values))

        if not np.isfinite(mean):
            raise EvolocoError(
                f"Measure '{self.source}' (fitness term '{self.name}') returned {mean} for an "
                f"episode that {episode.outcome} after {episode.duration:g} s. "
                "A measure must be finite for every episode, however short."
            )
        if not self.weight:
            return mean, mean

        per_step = np.ndim(values) > 0 and not self._of_mean
        lived = float(np.mean(self.clipped(values) if per_step else self.counted_value(mean)))
        return mean, self.over_plan(lived, episode.survival)

    def over_plan(self, lived: float, survival: float) -> float:
        """Mean over the planned steps, from that over the lived ones [unit]: (1), (2)."""
        return survival * lived + (1 - survival) * self.floor

    def clipped(self, values: Array | float) -> Array | float:
        """Values [unit], none worse than the floor."""
        worse = np.maximum if self.weight > 0 else np.minimum
        return worse(values, self.floor)

    def counted_value(self, value: float) -> Array | float:
        """A mean [unit] after threshold and floor.

        A value v counts as 0 if |v| is below the threshold, whatever the sign of the weight. A
        small penalty then costs nothing, and a small reward earns nothing. A value below
        -threshold counts in full.

        References:
            Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological
            motion, doi:10.21105/joss.01421 (it counts values below -threshold as 0 too).
        """
        return self.clipped(0.0 if abs(value) < self.threshold else value)


def objective_names(terms: Sequence[Term]) -> tuple[str, ...]:
    """Names of the objectives of terms, in order of first use; a term of weight 0 has none."""
    return tuple(dict.fromkeys(term.objective for term in terms if term.weight)) or ("fitness",)


def objectives(terms: Sequence[Term], counted: Array) -> Array:
    """The m objectives of episodes (..., m): each is the weighted sum of its own terms.

    Args:
        terms: The T terms.
        counted: What the episodes count for each of them [their units] (..., T).
    """
    weights = np.array(
        [
            [term.weight * (term.objective == name) for term in terms]
            for name in objective_names(terms)
        ]
    )
    return np.asarray(np.sum(counted[..., None, :] * weights, axis=-1))


def fitness(terms: Sequence[Term], counted: Array) -> Array:
    """Fitness of episodes (...): the weighted sum of all terms.

    Args:
        terms: The T terms.
        counted: What the episodes count for each of them [their units] (..., T).
    """
    return np.asarray(objectives(terms, counted).sum(axis=-1))
