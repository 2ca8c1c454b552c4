"""The bundled weights of the ball sensor see as well as its page says."""

import math

import numpy as np
import pytest

from evoloco.perception.ball import errors as ball_errors
from evoloco.perception.ball import pitch
from evoloco.perception.ball.lesson import BallLesson
from evoloco.perception.weights import WeightsError
from evoloco.sensors.ball import BUNDLED, loaded

FRESH = 4321
"""Seed of pictures that no learning and no figure has seen."""

PUBLISHED = {"heat_map": (0.79, 0.055), "heads": (0.24, 0.028)}
"""Share of large balls within 3 px, and of false positives: docs/ball.md."""


@pytest.fixture(scope="module")
def pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MUJOCO_GL", raising=False)
        return pitch.examples(300, "test", FRESH), pitch.examples(150, "empty", FRESH)


@pytest.mark.parametrize("net", PUBLISHED)
def test_fresh_pictures_give_the_published_figures(net, pictures):
    lesson, network, found = BallLesson(net), loaded(net, ""), {}
    for examples in pictures:
        for one in lesson.figures(examples, lesson.answers(network, examples)):
            found.setdefault((one.name, one.group), one)

    near, false = found["within 3 px", "40 px and more"], found["false positives", "no ball"]
    for figure, published in zip((near, false), PUBLISHED[net], strict=True):
        # Three standard deviations of a share of so many pictures, and the range over seeds.
        apart = 3 * math.sqrt(max(published * (1 - published), 0.01) / figure.count)
        assert figure.value == pytest.approx(published, abs=apart + 0.03), figure


def test_shipped_errors_are_shares_and_spreads_of_every_bin():
    for net in PUBLISHED:
        found = ball_errors.shipped(net)
        for name in ("missed", "wrong"):
            assert found[name].shape == found["edges"].shape
            assert ((found[name] >= 0) & (found[name] <= 1)).all()
        assert (found["angle_spread"] > 0).all()
        assert (found["range_spread"] > 0).all()
        assert 0 <= found["false"] < 0.2


def test_measured_errors_are_those_that_the_answers_have(pictures):
    examples, empty = pictures
    here = ~np.isnan(examples["centre"][:, 0])
    seen = {name: array[here] for name, array in examples.items()}
    count = len(seen["centre"])
    exact = {"place": seen["centre"], "reported": np.arange(count) % 4 > 0}
    nothing = {
        "place": np.full((len(empty["alike"]), 2), 40.0),
        "reported": np.arange(len(empty["alike"])) % 10 == 0,
    }
    found = ball_errors.measured(seen, exact, empty, nothing)
    assert sum(found["count"]) == count
    assert np.average(found["missed"], weights=found["count"]) == pytest.approx(0.25, abs=0.01)
    assert np.abs([found["wrong"], found["angle_bias"], found["range_bias"]]).max() < 1e-9
    assert np.abs([found["angle_spread"], found["range_spread"]]).max() < 1e-9
    assert found["false"] <= 0.1

    aside = {**exact, "place": seen["centre"] + (2.0, 0.0)}
    shifted = ball_errors.measured(seen, aside, empty, nothing)
    pixel = 1 / (pitch.HEIGHT / 2 / np.tan(seen["eye"][:, 3] / 2))  # angle of a pixel [rad]
    assert np.mean(shifted["angle_bias"]) == pytest.approx(-2 * pixel.mean(), rel=0.3)


def test_weights_of_one_network_are_refused_by_the_other():
    with pytest.raises(WeightsError, match="layout"):
        loaded("heat_map", BUNDLED["heads"])
