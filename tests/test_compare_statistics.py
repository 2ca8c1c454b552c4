"""The statistics of comparisons are those of rliable, of scipy, or computed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evoloco.compare.statistics import (
    holm,
    interquartile_mean,
    mean,
    paired,
    performance_profile,
    probability_of_improvement,
)
from evoloco.genome import Array

A = np.array(
    [
        [0.6, 0.66, 0.55],
        [0.42, 0.51, 0.4],
        [0.61, 0.87, 0.5],
        [0.48, 0.7, 0.67],
        [0.62, 0.41, 0.59],
    ]
)
B = np.array(
    [
        [0.67, 0.16, 0.39],
        [0.02, 0.18, 0.04],
        [0.44, 0.18, 0.57],
        [0.54, 0.45, -0.13],
        [0.37, 0.49, 0.53],
        [0.12, 0.38, 0.26],
    ]
)
"""Scores of two contenders, a row per run and a column per task."""


def tasks(scores: Array) -> list[Array]:
    """Scores (runs, tasks) as tasks of one scenario each."""
    return [column[:, None] for column in scores.T]


# rliable 1.2.0 gave these numbers for A and B, with 20 000 and 5 000 samples of its own. The ends
# of two bootstraps of 5 000 samples differ by about 0.01.
NEAR = 0.015


def test_the_interquartile_mean_and_its_interval_are_those_of_rliable() -> None:
    found = interquartile_mean(tasks(A))
    assert found.value == pytest.approx(0.5688888888888889)
    assert found.interval == pytest.approx((0.4967, 0.6267), abs=NEAR)
    other = interquartile_mean(tasks(B))
    assert other.value == pytest.approx(0.33)
    assert other.interval == pytest.approx((0.2, 0.445), abs=NEAR)


def test_the_mean_and_its_interval_are_those_of_rliable() -> None:
    found = mean(tasks(A))
    assert found.value == pytest.approx(0.5726666666666668)
    assert found.interval == pytest.approx((0.514, 0.630), abs=NEAR)


def test_the_probability_of_improvement_is_that_of_rliable() -> None:
    found = probability_of_improvement(tasks(A), tasks(B))
    assert found.value == pytest.approx(0.8333333333333334)
    assert found.interval == pytest.approx((0.6775, 0.9556), abs=NEAR)


def test_performance_profiles_are_those_of_rliable() -> None:
    value, low, high = performance_profile(tasks(A), np.array([0.2, 0.4, 0.6, 0.8]))
    assert value == pytest.approx([1.0, 0.93333333, 0.4, 0.06666667])
    assert low == pytest.approx([1.0, 0.8, 0.2, 0.0])
    assert high == pytest.approx([1.0, 1.0, 0.66666667, 0.2])


# Theorems

SCORES = st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=7).map(
    lambda given: [np.array(given)[:, None]]
)


@given(SCORES, SCORES)
def test_one_contender_or_the_other_is_better(first: list[Array], second: list[Array]) -> None:
    one = probability_of_improvement(first, second, 10)
    other = probability_of_improvement(second, first, 10)
    assert one.value + other.value == pytest.approx(1)
    runs = len(first[0]) * len(second[0])
    wanted = stats.mannwhitneyu(first[0][:, 0], second[0][:, 0]).statistic / runs
    assert one.value == pytest.approx(wanted)


@given(SCORES, st.floats(0.1, 10), st.floats(-10, 10))
def test_interquartile_means_follow_a_change_of_units(
    scores: list[Array], factor: float, offset: float
) -> None:
    before = interquartile_mean(scores, 50)
    after = interquartile_mean([factor * each + offset for each in scores], 50)
    assert after.value == pytest.approx(factor * before.value + offset, abs=1e-9)
    assert before.interval is not None
    assert after.interval == pytest.approx(
        [factor * end + offset for end in before.interval], abs=1e-9
    )


def test_a_profile_falls_from_one_to_nothing() -> None:
    value, low, high = performance_profile(tasks(A), np.linspace(-1, 2, 31))
    assert (value[0], value[-1]) == (1.0, 0.0)
    assert (np.diff(value) <= 0).all()
    assert ((low <= value) & (value <= high)).all()


def test_a_run_in_several_scenarios_is_drawn_whole() -> None:
    ups = np.array([[0.0, 1.0], [1.0, 0.0]])
    found = mean([ups])
    assert found.interval == pytest.approx((0.5, 0.5))  # each run has the mean 0.5
    apart = mean([ups[:, :1], ups[:, 1:]])
    assert apart.interval == pytest.approx((0.0, 1.0))


def test_a_single_run_has_no_interval() -> None:
    one = [np.array([[0.5, 0.6]])]
    assert interquartile_mean(one).interval is None
    assert probability_of_improvement(one, [np.array([[0.1, 0.2], [0.3, 0.4]])]).interval is None
    value, low, high = performance_profile(one, np.array([0.55]))
    assert (value[0], np.isnan(low[0]), np.isnan(high[0])) == (0.5, True, True)
    found = paired(np.array([2.0]), np.array([1.0]))
    assert found[:3] == (1, 1.0, None)
    assert (found.p, found.effect, found.least_p) == (None, 1.0, 1.0)


# Pairs


def test_the_test_of_pairs_is_wilcoxons_with_the_effect_computed_by_hand() -> None:
    # Hand: differences 1, -2, 3, 4, 5; ranks 1 to 5; W+ = 13, W- = 2; two-sided exact p = 6/32.
    first = np.array([1.0, 0.0, 3.0, 4.0, 5.0])
    second = np.array([0.0, 2.0, 0.0, 0.0, 0.0])
    found = paired(first, second)
    assert found.difference == pytest.approx(2.2)
    assert found.effect == pytest.approx(11 / 15)
    assert found.p == pytest.approx(6 / 32)
    assert found.least_p == pytest.approx(2 / 32)
    turned = paired(second, first)
    assert (turned.effect, turned.p) == (pytest.approx(-11 / 15), found.p)


def test_equal_pairs_have_no_p_and_no_effect() -> None:
    found = paired(np.ones(4), np.ones(4))
    assert (found.p, found.effect, found.difference) == (None, 0.0, 0.0)


def test_the_least_p_is_that_of_pairs_that_all_agree() -> None:
    for count in (2, 5, 8):
        found = paired(np.arange(1.0, count + 1), np.zeros(count))
        assert found.p == pytest.approx(found.least_p)


def test_holms_correction_is_that_of_his_paper_and_of_r() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, None, 0.6]) == [1.0, None, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_a_corrected_p_is_no_smaller_and_keeps_the_order(ps: list[float]) -> None:
    found = [each for each in holm(ps) if each is not None]
    assert all(after >= before for before, after in zip(ps, found, strict=True))
    order = np.argsort(ps, kind="stable")
    assert (np.diff(np.array(found)[order]) >= 0).all()
