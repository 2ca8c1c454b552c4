"""Feet that take turns, as far as a step can tell."""

import numpy as np
import pytest
from traces import body, episode

from evoloco.errors import ModelError
from evoloco.fitness.turn_taking import measure
from evoloco.morphologies import hopper

WALKER, STRIDE, STEPS = body(), 20, 400
"""A body with a left and a right foot; control steps of a stride, and of an episode."""


def lived(left, right):
    """An episode in which the feet carry these shares of the body (T,)."""
    down = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]) * WALKER.weight
    loads = {
        "foot.left_foot.ground": np.outer(left, down),
        "foot.right_foot.ground": np.outer(right, down),
    }
    return episode(WALKER, STEPS, loads)


def test_it_comes_near_one_for_turns_and_is_zero_for_hopping() -> None:
    turns = (np.arange(STEPS) % STRIDE < STRIDE // 2).astype(float)
    late = measure(lived(turns, 1 - turns))[STEPS // 2 :]
    assert late.mean() == pytest.approx(1.0, abs=0.05)
    assert measure(lived(turns, turns)).max() == 0.0
    assert measure(lived(np.ones(STEPS), np.zeros(STEPS))).max() == 0.0


def test_it_knows_nothing_of_what_comes_later() -> None:
    random = np.random.default_rng(0)
    left, right = random.uniform(0, 1, (2, STEPS))
    other = np.concatenate([left[:100], np.zeros(STEPS - 100)])
    np.testing.assert_array_equal(
        measure(lived(left, right))[:100], measure(lived(other, right))[:100]
    )


def test_a_body_with_one_foot_takes_no_turns() -> None:
    with pytest.raises(ModelError, match="in pairs"):
        measure(episode(hopper.build(), 2))
