"""The speed that a run asks for, beside which the page shows the speed reached."""

from typing import Any

from evoloco.experiment import Experiment
from evoloco.options import options_of
from evoloco.term import Term

SPEEDS = {"speed_tracking": ("target", "target"), "step_speed": ("low", "high")}
"""Options of measures that hold the lower and the upper end of a wanted speed [m/s]."""


def wanted_speed(experiment: Experiment) -> tuple[float, float] | None:
    """Returns the lower and upper end of the speed that a run asks for [m/s].

    It is that of the scenario's command, or else that of the first fitness term
    which has one. None if neither asks for a speed, and where the command changes
    within an episode.
    """
    commands = experiment.commands
    if commands.changes and commands.moves:
        return None
    low, high = commands.stages[0].speed
    if low or high:
        return low, high

    for term in experiment.terms:
        if term.source in SPEEDS and term.weight > 0:
            return _ends(term)
    return None


def _ends(term: Term) -> tuple[float, float]:
    """Returns both ends of the speed that a term asks for [m/s]."""
    first, last = SPEEDS[term.source]
    return _option(term, first), _option(term, last)


def _option(term: Term, name: str) -> float:
    """Returns the value of an option, or its default."""
    default: Any = options_of(term.measure)[name].default
    return float(term.options.get(name, default))
