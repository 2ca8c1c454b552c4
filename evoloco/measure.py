"""The contract of a measure: one quantity of an episode, as a small function on its arrays.

A measure is a module with a function `measure(episode, **options)`, a constant `UNIT`, and a
constant `FLOORS`: the values that a step counts which a body did not live to see, where much of the
measure is wanted and where little is. Both may be functions of the morphology.

A constant `COMMANDED = True` says that it means nothing where the scenario's command asks for
nothing.

If its value at a control step depends on nothing later, the module has a row form too (`RowForm`).
It is then a measure per step. Every other measure needs the whole episode.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from evoloco.episode import Episode
from evoloco.errors import SpecError
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


def unit_of(module: ModuleType, morphology: Morphology | None = None) -> str:
    """Unit of a measure; on a body where one is given, if the unit depends on it."""
    unit = getattr(module, "UNIT", "1")
    if not callable(unit):
        return str(unit)
    return str(unit(morphology)) if morphology else "of the controls"


def declared_floor(module: ModuleType, weight: float, morphology: Morphology) -> float | None:
    """What a step that was not lived counts [UNIT]; None where the measure does not say.

    Args:
        module: The measure's.
        weight: Of the term: above 0 where much is wanted, below 0 where little is.
        morphology: The body.

    Raises:
        SpecError: `FLOORS` is not a pair of numbers.
    """
    floors = getattr(module, "FLOORS", None)
    if callable(floors):
        floors = floors(morphology)
    if floors is None:
        return None
    if not isinstance(floors, tuple) or len(floors) != 2:
        raise SpecError(
            f"Measure '{module.__name__}': FLOORS must be two numbers, what an unlived step counts "
            f"where much is wanted and where little is, not {floors!r}."
        )
    return float(floors[0] if weight >= 0 else floors[1])


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: option.default for name, option in options_of(function).items()}
