"""What a few runs say: robust means, intervals, probabilities and tests, for scores of many tasks.

The scores of a contender are a list of arrays, one per task: (runs, K), with a row per run and a
column for each of the K scenarios that the run was judged in. A bootstrap draws whole runs, within
each task: the scores of one run in several scenarios are not independent.

References:
    Agarwal, Schwarzer, Castro, Courville and Bellemare, 2021, Deep reinforcement learning at the
    edge of the statistical precipice, arXiv:2108.13264 (interquartile mean, stratified bootstrap,
    probability of improvement, performance profiles; its library is rliable).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from evoloco.genome import Array

Scores = Sequence[Array]
"""Scores of one contender: per task an array (runs, K)."""

CONFIDENCE = 0.95
"""Probability with which an interval should hold the true value."""

REPETITIONS = 5000
"""Usual number of bootstrap samples."""

CUT = 0.25
"""Share that an interquartile mean leaves out on either side."""

BATCH = 500
"""Bootstrap samples that are formed at once."""


class Interval(NamedTuple):
    """A percentile interval."""

    low: float
    high: float


class Estimate(NamedTuple):
    """A number from a few runs.

    Attributes:
        value: Of these runs.
        interval: For that of all such runs; None where a task has a single run.
    """

    value: float
    interval: Interval | None


class Paired(NamedTuple):
    """Two contenders, compared pair by pair.

    Attributes:
        pairs: Number of pairs.
        difference: Mean over the pairs, the first less the second.
        interval: Of that mean, by bootstrap; None for a single pair.
        p: Of Wilcoxon's signed-rank test, two-sided; None where all pairs are equal, or for less
            than two pairs.
        effect: Matched-pairs rank-biserial correlation, from -1 to 1; 0 where all pairs are equal.
        least_p: The least p that so many pairs can give.
    """

    pairs: int
    difference: float
    interval: Interval | None
    p: float | None
    effect: float
    least_p: float


def interquartile_mean(scores: Scores, repetitions: int = REPETITIONS) -> Estimate:
    """Returns the mean of the middle half of all scores of all tasks together.

    Args:
        scores: Of one contender.
        repetitions: Bootstrap samples.
    """

    def of(samples: Scores) -> Array:
        flat = [each.reshape(len(each), -1) for each in samples]
        return np.asarray(stats.trim_mean(np.concatenate(flat, axis=1), CUT, axis=1))

    return _estimate(of, [scores], repetitions)


def mean(scores: Scores, repetitions: int = REPETITIONS) -> Estimate:
    """Returns the mean over tasks of the mean over runs; for the arguments see above."""

    def of(samples: Scores) -> Array:
        return np.asarray(np.mean([each.mean(axis=(1, 2)) for each in samples], axis=0))

    return _estimate(of, [scores], repetitions)


def probability_of_improvement(
    first: Scores, second: Scores, repetitions: int = REPETITIONS
) -> Estimate:
    """Returns how probable it is that a run of the first contender beats one of the second.

    For N and M runs with the scores x_i and y_j in one scenario of one task, that is

        P = sum_ij ([x_i > y_j] + [x_i = y_j] / 2) / (N M)        (1)

    and the mean of P over all scenarios of all tasks. N M P is the statistic U of Mann and Whitney.

    Args:
        first: Scores of the first contender.
        second: Scores of the second one, in the same tasks and scenarios.
        repetitions: Bootstrap samples.
    """
    count = len(first)

    def of(samples: Scores) -> Array:
        found = []
        for x, y in zip(samples[:count], samples[count:], strict=True):
            x, y = x[:, :, None, :], y[:, None, :, :]
            found.append((0.5 + 0.5 * np.sign(x - y)).mean(axis=(1, 2)))  # (1)
        return np.asarray(np.concatenate(found, axis=1).mean(axis=1))

    return _estimate(of, [first, second], repetitions)


def performance_profile(
    scores: Scores, levels: Array, repetitions: int = REPETITIONS
) -> tuple[Array, Array, Array]:
    """Returns for each of L levels the share of scores above it [1], and the ends of its interval.

    Every scenario of every task counts alike.

    Args:
        scores: Of one contender.
        levels: Scores (L,).
        repetitions: Bootstrap samples.

    Returns:
        Share, lower and upper end (L,) each. The ends are NaN where a task has a single run.
    """

    def of(samples: Scores) -> Array:
        above = [(each[..., None] > levels).mean(axis=1) for each in samples]
        return np.asarray(np.concatenate(above, axis=1).mean(axis=1))

    value = of([each[None] for each in scores])[0]
    if _is_single([scores]):
        unknown = np.full(len(levels), np.nan)
        return value, unknown, unknown
    low, high = _percentiles(of, [scores], repetitions)
    return value, low, high


def paired(first: Array, second: Array, repetitions: int = REPETITIONS) -> Paired:
    """Compares pairs of scores, such as those of runs with equal seeds.

    The signed-rank test ranks the sizes of the differences that are not 0. With W+ the sum of the
    ranks of the positive ones and W- that of the negative ones, the effect size is

        r = (W+ - W-) / (W+ + W-)        (2)

    Args:
        first: Scores (n,), n >= 1.
        second: Scores (n,) of the partners.
        repetitions: Bootstrap samples.

    References:
        Wilcoxon, 1945, Individual comparisons by ranking methods, doi:10.2307/3001968.
        Kerby, 2014, The simple difference formula: an approach to teaching nonparametric
        correlation, doi:10.2466/11.IT.3.1 (effect size).
    """
    differences = np.asarray(first, float) - np.asarray(second, float)
    column = [differences[:, None]]
    found = mean(column, repetitions)
    changed = differences[differences != 0]
    least = min(2.0 ** (1 - len(differences)), 1.0)
    if not len(changed) or len(differences) < 2:
        effect = float(np.sign(changed).sum())
        return Paired(len(differences), found.value, found.interval, None, effect, least)

    ranks = stats.rankdata(np.abs(changed))
    effect = float((np.sign(changed) * ranks).sum() / ranks.sum())  # (2)
    p = float(stats.wilcoxon(changed).pvalue)
    return Paired(len(differences), found.value, found.interval, p, effect, least)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Returns p-values corrected for their number m, None where there is none.

    In ascending order, the k-th of them from 0 becomes the largest of (m - j) p_j over j <= k, and
    at most 1.

    References:
        Holm, 1979, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
        Statistics 6:65-70.
    """
    known = [place for place, p in enumerate(ps) if p is not None]
    order = sorted(known, key=lambda place: ps[place] or 0.0)
    corrected: list[float | None] = [None] * len(ps)
    largest = 0.0
    for k, place in enumerate(order):
        largest = max(largest, (len(order) - k) * (ps[place] or 0.0))
        corrected[place] = min(largest, 1.0)
    return corrected


def _estimate(
    of: Callable[[Scores], Array], contenders: Sequence[Scores], repetitions: int
) -> Estimate:
    """Returns a statistic of scores, with its interval.

    Args:
        of: Statistic (B,) of B samples at once: per contender and task (B, runs, K).
        contenders: Their scores.
        repetitions: Bootstrap samples.
    """
    value = float(of([scores[None] for one in contenders for scores in one])[0])
    if _is_single(contenders):
        return Estimate(value, None)
    low, high = _percentiles(of, contenders, repetitions)
    return Estimate(value, Interval(float(low), float(high)))


def _is_single(contenders: Sequence[Scores]) -> bool:
    """Whether a task has a single run, which does not differ from itself."""
    return any(len(scores) < 2 for one in contenders for scores in one)


def _percentiles(
    of: Callable[[Scores], Array], contenders: Sequence[Scores], repetitions: int
) -> tuple[Array, Array]:
    """Returns the ends of percentile intervals from a bootstrap that draws runs within tasks."""
    found = np.concatenate([of(samples) for samples in _samples(contenders, repetitions)])
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(found, [tail, 1 - tail], axis=0)
    return np.asarray(low), np.asarray(high)


def _samples(contenders: Sequence[Scores], repetitions: int) -> Iterator[list[Array]]:
    """Yields samples in batches; the same scores give the same ones, whatever else is compared."""
    random = np.random.default_rng(0)
    tasks = [np.asarray(scores) for one in contenders for scores in one]
    for first in range(0, repetitions, BATCH):
        count = min(BATCH, repetitions - first)
        yield [scores[random.integers(len(scores), size=(count, len(scores)))] for scores in tasks]


def interquartile_course(
    values: Array, repetitions: int = REPETITIONS
) -> tuple[Array, Array, Array]:
    """Returns the interquartile mean over runs at each of P places, and the ends of its interval.

    Args:
        values: Of each run (runs, P).
        repetitions: Bootstrap samples.

    Returns:
        Mean, lower and upper end (P,) each. The ends are NaN for a single run.
    """

    def of(samples: Scores) -> Array:
        return np.asarray(stats.trim_mean(samples[0], CUT, axis=1))

    value = of([values[None]])[0]
    if len(values) < 2:
        unknown = np.full(values.shape[1], np.nan)
        return value, unknown, unknown
    low, high = _percentiles(of, [[values]], repetitions)
    return value, low, high
