"""The median of a few numbers, and an interval for that of their distribution."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
"""Probability that an interval has, if there are numbers enough."""


@dataclass(frozen=True)
class Median:
    """A median with an interval between two of the numbers.

    Attributes:
        value: Median of the numbers.
        low: Lower end of the interval.
        high: Upper end of the interval.
        confidence: Probability that the interval holds the median of the distribution.
    """

    value: float
    low: float
    high: float
    confidence: float


def median(numbers: Sequence[float]) -> Median:
    """Returns the median of numbers, with an interval from their order statistics.

    The interval runs from the k-th smallest number to the k-th largest. It holds the median of the
    distribution, whatever distribution that is, with the probability

        P = 1 - 2 sum_{i < k} C(n, i) / 2^n        (1)

    k is the largest number for which P is at least `CONFIDENCE`. With fewer than six numbers there
    is none: the interval is then from the smallest to the largest, and `confidence` says how little
    that is worth.

    Args:
        numbers: At least one. Infinite ones count with their order.

    References:
        David and Nagaraja, 2003, Order statistics, third edition, section 7.1,
        doi:10.1002/0471722162.
    """
    ordered = sorted(numbers)
    count = len(ordered)
    k = 1
    while 2 * k + 1 < count and _probability(count, k + 1) >= CONFIDENCE:
        k += 1

    upper, lower = ordered[count // 2], ordered[(count - 1) // 2]
    middle = upper if upper == lower else (upper + lower) / 2  # equal infinities stay
    return Median(middle, ordered[k - 1], ordered[count - k], _probability(count, k))


def _probability(count: int, k: int) -> float:
    """Returns P of (1): that the k-th smallest and k-th largest of n numbers enclose the median."""
    outside = sum(math.comb(count, i) for i in range(k))
    return float(1 - 2 * outside / 2**count)  # (1)
