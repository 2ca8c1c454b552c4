"""What a user should know of a search that went nowhere: everything fell, or nothing differed."""

from collections.abc import Sequence

import numpy as np

from evoloco.ending import Outcome
from evoloco.evaluation import Evaluation
from evoloco.record.journal import Journal, Span
from evoloco.spec import RunSpec

SOON = 0.1
"""An episode that ends within this time ended at once [s]."""

FLAT = 5
"""Generations in which all fitness must be equal before that is worth a remark."""

LATE = 10
"""The last generations of a search, which tell whether its best individuals fall."""

PLACES = (
    "the body's home pose, scenario.termination.min_height, scenario.termination.max_tilt, "
    "scenario.termination.body_contact and scenario.termination.self_contact"
)
"""What to check where every body falls at once."""


def at_once(evaluation: Evaluation) -> list[str]:
    """Returns a remark on a first generation of which every episode ended at once."""
    ended = evaluation.outcome != Outcome.COMPLETED
    soon = evaluation.duration < SOON + 1e-9
    if not (ended & soon).all():
        return []
    return [
        f"Every episode of the first generation ended within {SOON:g} s, so the search has nothing "
        f"to improve. The first ended because {evaluation.ending[0, 0]}. Check {PLACES}."
    ]


def remarks(spec: RunSpec, journal: Journal) -> list[str]:
    """Returns remarks on a whole search, one sentence or two each; none where it went well.

    Args:
        spec: Of the run.
        journal: Of the run.
    """
    if not len(journal):
        return []
    alone = spec.training and len(journal) == 1  # the policy before training
    flat = "" if alone else _on_flat(journal.spans())
    found = [_on_outcomes(spec, journal), flat, _on_falls(journal)]
    return [remark for remark in found if remark]


def _on_outcomes(spec: RunSpec, journal: Journal) -> str:
    """Returns a remark on a search in which no episode was lived to its end."""
    counts, longest = journal.outcomes()
    if Outcome.COMPLETED in counts:
        return ""

    total = sum(counts.values())
    if Outcome.FELL not in counts:
        return (
            f"All {total} episodes of the search diverged, so no genome has a fitness and the "
            "champion is any of them. Check the model's timestep, masses and gains."
        )

    others = total - counts[Outcome.FELL]
    diverged = f", {others} diverged" if others else ""
    return (
        f"None of the {total} episodes of the search was lived to its end: "
        f"{counts[Outcome.FELL]} fell{diverged}. The longest lasted {longest:.3g} of "
        f"{spec.scenario.duration:g} s. The fittest of the last generation ended because "
        f"{journal.last_ending()}."
    )


def _on_flat(spans: Sequence[Span]) -> str:
    """Returns a remark on a search whose last generations all have the same fitness."""
    last = spans[-1]
    flat = 0
    while flat < len(spans) and _is_flat(spans[-1 - flat], last):
        flat += 1

    everything = flat == len(spans)
    if flat < FLAT and not everything:
        return ""
    since = "" if everything else f" since generation {len(spans) - flat}"
    value = ", ".join(f"{low:.6g}" for low in last.low)
    return (
        f"All genomes have the same fitness{since}, {value}: nothing told a better one from a "
        "worse one. Check the measures, weights and thresholds of [fitness]."
    )


def _is_flat(span: Span, last: Span) -> bool:
    """Returns whether a generation has one finite fitness, that of the last generation."""
    return bool(np.isfinite(span.low).all()) and span.low == span.high == last.low


def _on_falls(journal: Journal) -> str:
    """Returns a remark on a search whose fittest individuals fall, although others do not."""
    late = journal.best_outcomes(LATE)
    if not all(best == Outcome.FELL and alive for best, alive in late):
        return ""
    return (
        f"The fittest individual of each of the last {len(late)} generations fell, although others "
        "were up to the end: in this fitness a fall pays. Check the weights in [fitness]."
    )
