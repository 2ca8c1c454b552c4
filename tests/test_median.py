"""Medians and their intervals from order statistics."""

import math

import numpy as np
import pytest
from scipy import stats

from evoloco.median import CONFIDENCE, median


@pytest.mark.parametrize("count", range(1, 41))
def test_the_interval_is_the_narrowest_that_a_binomial_distribution_allows(count: int) -> None:
    found = median([float(number) for number in range(1, count + 1)])
    k = int(found.low)
    assert found.high == count + 1 - k  # as many are below as above
    assert found.confidence == pytest.approx(1 - 2 * stats.binom.cdf(k - 1, count, 0.5))
    if count >= 6:
        assert found.confidence >= CONFIDENCE
        assert 1 - 2 * stats.binom.cdf(k, count, 0.5) < CONFIDENCE
    else:
        assert k == 1
    assert found.value == (count + 1) / 2


def test_the_interval_holds_the_true_median_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    draws = random.exponential(size=(4000, 10))
    found = [median(row.tolist()) for row in draws]
    held = np.mean([one.low <= math.log(2) <= one.high for one in found])
    share = found[0].confidence
    deviation = math.sqrt(share * (1 - share) / len(found))
    assert abs(held - share) < 4 * deviation


def test_an_increasing_transform_of_the_numbers_transforms_the_interval() -> None:
    numbers = np.random.default_rng(1).normal(size=11).tolist()
    before, after = median(numbers), median(np.exp(numbers).tolist())
    assert (after.low, after.value, after.high) == pytest.approx(
        (math.exp(before.low), math.exp(before.value), math.exp(before.high))
    )


def test_infinite_numbers_count_with_their_order() -> None:
    found = median([-math.inf, -math.inf, -math.inf, 1.0])
    assert (found.value, found.low, found.high) == (-math.inf, -math.inf, 1.0)
