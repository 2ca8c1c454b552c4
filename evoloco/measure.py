"""The contract of a measure: one quantity of an episode, as a small function on its arrays.

A measure is a module with a function `measure(episode, **options)` and a constant `UNIT`. If its
value at a control step depends on nothing later, the module has a row form too (`RowForm`). It is
then a measure per step. Every other measure needs the whole episode.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError, SpecError, user_code
from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.options import options_of

PER_STEP, PER_EPISODE = "per step", "whole episode"
"""What a measure needs: the control steps up to the present one, or the whole episode."""


class Measure(Protocol):
    """One quantity of an episode.

    It returns one value per control step (T,) if the quantity has one, otherwise one number for
    the whole episode. Which of the two must not depend on the episode.
    """

    def __call__(self, episode: Episode) -> Array | float:
        """The quantity [UNIT] over the lived steps."""


Row = Callable[[Record, Record, Record, float], float]
"""`row(constants, memory, now, dt)`: the value of a measure [UNIT] at one control step."""


def _nothing(*_: Any, **__: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class RowForm:
    """A measure step by step: what its module defines beside `measure`.

    Attributes:
        row: `row(constants, memory, now, dt) -> value [UNIT]` at one control step. It is a plain
            function that Numba compiles. `now` is the present row of the trace (`evoloco.row`), and
            `dt` the time between rows [s]. It may write to `memory`.
        constants: `constants(morphology, **options) -> fields`: what `row` needs of the body and of
            the options, which it checks. Its options are those of the measure.
        memory: `memory(morphology) -> shapes`: name and shape of what `row` remembers. All is 0
            before the first step.
    """

    row: Row
    constants: Callable[..., Fields] = _nothing
    memory: Callable[[Morphology], Shapes] = _nothing


def row_form(module: ModuleType) -> RowForm | None:
    """The row form of a measure's module; None if the measure needs the whole episode.

    Raises:
        SpecError: `constants` takes other options than `measure`.
    """
    if kind_of(module) == PER_EPISODE:
        return None

    constants = getattr(module, "constants", None)
    wanted = _defaults(module.measure)
    taken = _defaults(constants) if constants else {}
    if taken != wanted:
        raise SpecError(
            f"Measure '{module.__name__}': `constants` must take the options of `measure`, with "
            f"the same defaults. `measure` takes {wanted or 'none'}; `constants` takes "
            f"{taken or 'none'}."
        )
    return RowForm(module.row, constants or _nothing, getattr(module, "memory", _nothing))


def kind_of(module: ModuleType) -> str:
    """`PER_STEP` or `PER_EPISODE`."""
    return PER_STEP if hasattr(module, "row") else PER_EPISODE


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: option.default for name, option in options_of(function).items()}


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
        threshold: Size below which a value counts as 0 [unit]; see `counted`.
        form: The measure step by step; None if it needs the whole episode.
    """

    name: str
    weight: float
    source: str
    measure: Callable[..., Array | float]
    options: Mapping[str, Any]
    unit: str
    objective: str = "fitness"
    threshold: float = 0.0
    form: RowForm | None = None

    @property
    def stepwise(self) -> bool:
        """Whether every control step counts by its own value.

        A term with a threshold does not: the threshold is one of the mean over the episode.
        """
        return self.form is not None and self.threshold == 0

    def value(self, episode: Episode) -> float:
        """Mean of the measure [unit] over the lived steps.

        Raises:
            EvolocoError: The measure failed, or returned a NaN or an infinity.
        """
        with user_code(f"Measure '{self.source}' (fitness term '{self.name}')"):
            value = float(np.mean(self.measure(episode, **self.options)))

        if not np.isfinite(value):
            raise EvolocoError(
                f"Measure '{self.source}' (fitness term '{self.name}') returned {value} for an "
                f"episode that {episode.outcome} after {len(episode) * episode.control_dt:g} s. "
                "A measure must be finite for every episode, however short."
            )
        return value


def objective_names(terms: Sequence[Term]) -> tuple[str, ...]:
    """Names of the objectives of terms, in order of first use; a term of weight 0 has none."""
    return tuple(dict.fromkeys(term.objective for term in terms if term.weight)) or ("fitness",)


def counted(terms: Sequence[Term], values: Array) -> Array:
    """Term values after applying each term's threshold [unit] (..., T).

    A value v counts as 0 if |v| is below the threshold, whatever the sign of the weight. A small
    penalty then costs nothing, and a small reward earns nothing. A value below -threshold counts
    in full.

    Args:
        terms: The T terms.
        values: Their values [unit] (..., T).

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological
        motion, doi:10.21105/joss.01421 (it counts values below -threshold as 0 too).
    """
    return np.asarray(np.where(np.abs(values) < [term.threshold for term in terms], 0.0, values))


def objectives(terms: Sequence[Term], values: Array, survival: Array | float) -> Array:
    """The m objectives of episodes (..., m): each is the weighted sum of its own terms.

    A positive sum is multiplied by the lived part of the episode, a negative one is divided by it.
    So a fall never pays, whatever the sign.

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
    """Fitness of episodes (...): the weighted sum of their terms, times the lived part.

    A step that was not lived counts nothing, so a fall loses what the rest would have earned.
    With several objectives it is the sum of the objectives.

    Args:
        terms: The T terms.
        values: Their values [unit] (..., T).
        survival: Lived part of the planned duration (...).
    """
    if len(objective_names(terms)) > 1:
        return np.asarray(objectives(terms, values, survival).sum(axis=-1))

    weights = np.array([term.weight for term in terms])
    return np.asarray(np.sum(counted(terms, values) * weights, axis=-1) * survival)
