"""What the runs of each contender come to, and what every two contenders come to.

Fitness has other units in every task, so runs are given scores there. With the fitness f of a
champion in one scenario of one task, the fitness f_0 of an episode that ends at once, where every
term counts its floor, and the largest fitness f_1 of all runs of all contenders there,

    s = (f - f_0) / (f_1 - f_0)        (1)

So a champion that falls at once has 0, and the best one has 1.
"""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from evoloco.compare import statistics
from evoloco.compare.result import Number, Pair, Profile, Run, Summary
from evoloco.compare.statistics import Estimate
from evoloco.genome import Array

LEVELS = tuple(np.linspace(0.0, 1.0, 41).round(3).tolist())
"""Levels of the score at which profiles are computed."""

SIGNIFICANT = 0.05
"""p below which a difference counts."""


class Scores:
    """The scores of all runs.

    Args:
        runs: All runs.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._best: dict[tuple[str, str], float] = {}
        for one in runs:
            for scenario, judged in one.judged.items():
                key = one.task, scenario
                self._best[key] = max(self._best.get(key, -math.inf), judged.fitness)

    def of(self, run: Run) -> list[float]:
        """Returns the scores of a run, scenario by scenario: equation (1)."""
        return [self._score(run, scenario) for scenario in run.judged]

    def _score(self, run: Run, scenario: str) -> float:
        judged = run.judged[scenario]
        span = self._best[run.task, scenario] - judged.floor
        return (judged.fitness - judged.floor) / span if span > 0 else 0.0

    def matrix(self, contender: str, tasks: Sequence[str]) -> list[Array]:
        """Returns the scores of a contender, per task an array (runs, K)."""
        return [
            np.array([self.of(one) for one in self._runs if (one.task, one.contender) == key])
            for key in ((task, contender) for task in tasks)
        ]

    def tasks(self, *contenders: str) -> list[str]:
        """Returns the tasks that all of some contenders met, in order."""
        met = {(one.task, one.contender) for one in self._runs}
        names = dict.fromkeys(one.task for one in self._runs)
        return [name for name in names if all((name, one) in met for one in contenders)]

    def seeds(self, contender: str, task: str) -> dict[int, float]:
        """Returns the mean score over the scenarios of each run, by its seed."""
        return {
            one.seed: float(np.mean(self.of(one)))
            for one in self._runs
            if (one.task, one.contender) == (task, contender)
        }


def summaries(runs: Sequence[Run], contenders: Sequence[str]) -> list[Summary]:
    """Returns what every contender comes to in the tasks that it shares with others.

    A contender that shares none is left out. The best one is first.
    """
    scores, found = Scores(runs), []
    for name in contenders:
        others = [other for other in contenders if other != name]
        tasks = [
            task
            for task in scores.tasks(name)
            if any(task in scores.tasks(other) for other in others)
        ]
        if not tasks:
            continue
        matrix = scores.matrix(name, tasks)
        share, low, high = statistics.performance_profile(matrix, np.array(LEVELS))
        known = np.isfinite(low).all()
        profile = Profile(
            levels=LEVELS,
            share=tuple(share.tolist()),
            low=tuple(low.tolist()) if known else (),
            high=tuple(high.tolist()) if known else (),
        )
        found.append(
            Summary(
                contender=name,
                runs=sum(map(len, matrix)),
                tasks=tuple(tasks),
                score=number(statistics.interquartile_mean(matrix)),
                profile=profile,
            )
        )
    return sorted(found, key=lambda one: -one.score.value)


def pairs(runs: Sequence[Run], contenders: Sequence[str]) -> list[Pair]:
    """Returns every two contenders that share a task, with p-values corrected for their number."""
    scores = Scores(runs)
    met = [two for two in combinations(contenders, 2) if scores.tasks(*two)]
    tested = [_paired(scores, *two) for two in met]
    corrected = statistics.holm([one.p for one in tested])
    found = []
    for (first, second), one, p in zip(met, tested, corrected, strict=True):
        tasks = scores.tasks(first, second)
        better = statistics.probability_of_improvement(
            scores.matrix(first, tasks), scores.matrix(second, tasks)
        )
        found.append(
            Pair(
                first=first,
                second=second,
                better=number(better),
                pairs=one.pairs,
                difference=number(Estimate(one.difference, one.interval)),
                effect=one.effect,
                p=one.p,
                corrected=p,
                least=min(len(met) * one.least_p, 1.0),
            )
        )
    return found


def _paired(scores: Scores, first: str, second: str) -> statistics.Paired:
    """Compares runs with equal seeds in equal tasks; others have no partner."""
    ours, theirs = [], []
    for task in scores.tasks(first, second):
        one, other = scores.seeds(first, task), scores.seeds(second, task)
        for seed in sorted(one.keys() & other.keys()):
            ours.append(one[seed])
            theirs.append(other[seed])
    if not ours:
        return statistics.Paired(0, math.nan, None, None, 0.0, 1.0)
    return statistics.paired(np.array(ours), np.array(theirs))


def number(estimate: Estimate) -> Number:
    """Returns an estimate as the file has it."""
    low, high = estimate.interval or (None, None)
    return Number(value=estimate.value, low=low, high=high)


def over_runs(values: Sequence[float]) -> Number:
    """Returns the interquartile mean of one number per run, at least one, with its interval."""
    return number(statistics.interquartile_mean([np.array(values, float)[:, None]]))


def differs(pair: Pair) -> bool:
    """Whether a pair can be told apart: by the interval of its probability, and by its test."""
    low, high, p = pair.better.low, pair.better.high, pair.corrected
    if low is None or high is None or p is None:
        return False
    return p < SIGNIFICANT and not low <= 1 / 2 <= high
