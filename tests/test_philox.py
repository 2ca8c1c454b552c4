"""Counter-based random numbers."""

import numpy as np
import pytest
from scipy import stats

from evoloco.sim.philox import gaussian, philox, student_t, uniform

PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
ONES = (0xFFFFFFFF,) * 6


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0,) * 6, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (ONES, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (PI, (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ],
)
def test_philox_gives_the_published_answers(arguments, expected):
    """The known-answer vectors that Random123 publishes for philox4x32-10."""
    assert tuple(int(bits) for bits in philox(*arguments)) == expected


def drawn(count):
    bits = [philox(i, 0, 0, 0, 7, 11) for i in range(count)]
    return np.array([[uniform(b) for b in four] for four in bits])


def test_uniform_numbers_stay_within_the_open_interval():
    assert 0 < uniform(0) < 1e-9
    assert 1 - 1e-9 < uniform(0xFFFFFFFF) < 1


def test_numbers_follow_their_distributions():
    u = drawn(20_000)
    assert stats.kstest(u.ravel(), "uniform").pvalue > 0.01
    normal = [gaussian(a, b) for a, b in u[:, :2]]
    assert stats.kstest(normal, "norm").pvalue > 0.01
    heavy = [student_t(a, b, 4.0) for a, b in u[:, 2:]]
    assert stats.kstest(heavy, stats.t(4.0).cdf).pvalue > 0.01


def test_neighbouring_counters_and_keys_are_uncorrelated():
    one = drawn(5000)[:, 0]
    other = np.array([uniform(philox(i, 0, 0, 0, 8, 11)[0]) for i in range(5000)])
    for pair in ((one[1:], one[:-1]), (one, other)):
        assert abs(np.corrcoef(*pair)[0, 1]) < 4 / np.sqrt(5000)  # four standard errors
