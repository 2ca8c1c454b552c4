"""How much better the champion was in the search than on scenarios that it never saw."""

import numpy as np

from evoloco.evaluators.local import judge
from evoloco.genome import Array
from evoloco.individual import simulate
from evoloco.rating import aggregate
from evoloco.replay import Replay
from evoloco.report.findings import Gap, Trials
from evoloco.run import Run


def find_gap(run: Run, again: Replay) -> Gap:
    """Returns the champion's fitness in the search beside that on held-out scenarios.

    If held-out episodes have another duration than those of the search, it
    simulates them again with that of the search, so that both compare.

    Args:
        run: The run.
        again: Its champion on the held-out scenarios.
    """
    rule, duration = run.spec.evaluation, run.spec.scenario.duration
    record = run.journal[again.generation]
    searched = record.evaluation.fitness[again.individual]
    held_out = _held_out(run, again)

    def trials(fitness: Array) -> Trials:
        whole = aggregate(fitness[None], rule.aggregate, rule.cvar_fraction)
        return Trials(float(whole[0]), fitness)

    return Gap(
        search=trials(searched),
        held_out=trials(held_out),
        duration=duration,
        aggregate=rule.aggregate,
        differences=_differences(run, again, len(searched) != len(held_out)),
    )


def _held_out(run: Run, again: Replay) -> Array:
    """Returns the fitness on each held-out scenario (k,), in episodes as long as the search's."""
    duration = run.spec.scenario.duration
    if duration == run.experiment.heldout_duration:
        return again.fitness
    episodes = simulate(run.experiment, again.genome, run.experiment.held_out(), duration)
    return np.array([judge(run.experiment, episode)[0] for episode in episodes])


def _differences(run: Run, again: Replay, counts_differ: bool) -> tuple[str, ...]:
    """Returns what differs between search and held-out scenarios, one sentence each."""
    support, push = run.journal[again.generation].support, run.spec.scenario.push
    strength = push.strength(again.generation)
    found = []
    if support > 0:
        found.append(f"In the search a virtual support of {100 * support:.0f} % acted.")
    if push.count and strength < 1:
        found.append(f"In the search pushes had {100 * strength:.0f} % of their strength.")
    if counts_differ and run.spec.evaluation.aggregate != "mean":
        found.append("The worst of more scenarios is lower by chance alone.")
    return tuple(found)
