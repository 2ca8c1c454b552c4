"""What is asked of feet on paths: speed, turning and standing; and the slow trim."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoloco.controllers import _steering, _trim, feet
from evoloco.errors import ModelError
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.fields import flatten, layout, layout_of, record
from evoloco.morphologies import biped
from evoloco.scenario import Scenario
from evoloco.spec import read

RUN = """
[morphology]
name = "biped"
hip_yaw = true
[controller]
name = "feet"
commands = true
[sensors.command]
[fitness.arrival]
measure = "arrival"
weight = 1.0
[scenario]
duration = 6.0
[scenario.command]
speed = 0.1
"""


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    path = tmp_path_factory.mktemp("steering") / "run.toml"
    path.write_text(RUN)
    return Experiment(read(path))


def walked(experiment, *commands):
    """Episodes of the starting genes under some commands."""
    still = np.zeros(len(experiment.morphology.joints))
    scenarios = [Scenario(still, still, command=command) for command in commands]
    params = experiment.parameters(experiment.space.start)[None]
    return [episode.copied() for episode in simulator(experiment, 1).run(params, scenarios)]


def test_the_starting_genes_go_where_they_are_asked_to(experiment):
    ahead, left, right, back, still = walked(
        experiment,
        (0.15, 0.0, 0.0),
        (0.1, 0.0, 0.3),
        (0.1, 0.0, -0.3),
        (-0.1, 0.0, 0.0),
        (0.0, 0.0, 0.0),
    )
    turned = [math.degrees(np.unwrap(one.yaw)[-1]) for one in (ahead, left, right)]
    assert ahead.way[0] > 0.5
    assert back.way[0] < -0.3
    assert abs(turned[0]) < 10
    assert turned[1] == pytest.approx(math.degrees(0.3 * 6.0), rel=0.2)
    assert turned[2] == pytest.approx(-math.degrees(0.3 * 6.0), rel=0.2)
    assert np.abs(still.way[:2]).max() < 0.03  # feet move `ahead` of home, and the torso with them


def test_a_body_that_feels_no_command_cannot_be_commanded():
    with pytest.raises(ModelError, match=r"controller\.commands: .*\[sensors\.command\]"):
        feet.Controller(biped.build(), commands=True)


def trims(**values):
    fields = _trim.trim_parameters({f"trim.{name}": value for name, value in values.items()}, 0.2)
    params = record(flatten(fields), layout_of(fields))
    shape = layout(_trim.STATE)
    return params, record(np.zeros(shape.itemsize // 8), shape)


def test_a_tilt_that_stays_sums_up_to_what_is_forgotten():
    """ds/dt = x - s / MEMORY settles at MEMORY x."""
    params, state = trims()
    for step in range(5000):
        _trim.trim(params, state, np.array([0.0, 0.02]), 2.0 + 0.02 * step, 0.02)
    assert state.tilt[1] == pytest.approx(0.02 * _trim.MEMORY, rel=1e-3)
    assert state.ahead == state.up == 0.0


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_no_trim_exceeds_its_bounds(roll, pitch):
    params, state = trims(**{"pitch.place": 1.0, "pitch.sole": 1.0, "roll.place": 1.0})
    for step in range(300):
        _trim.trim(params, state, np.array([roll, pitch]), 2.0 + 0.02 * step, 0.02)
    assert max(abs(state.ahead), abs(state.left)) <= _trim.MOST * 0.2 + 1e-12
    assert max(abs(state.up), abs(state.out)) <= _trim.TURNED


def test_steps_come_to_the_speed_asked_for_as_an_exponential(experiment):
    steering = _steering.Steering(experiment.morphology)
    values = {gene.name: gene.start for gene in steering.genes}
    values |= {"speed.gain": 1.0, "speed.hold": 0.0}
    fields = steering.parameters(values)
    params = record(flatten(fields), layout_of(fields))
    shape = layout(_steering.STATE)
    state = record(np.zeros(shape.itemsize // 8), shape)
    sensed = layout({"command": (3,), "rate": (3,)})
    obs = record(np.array([0.2, 0.0, 0.0, 0.0, 0.0, 0.0]), sensed)
    for _ in range(1000):
        _steering.steer(params, state, 0.0, obs, 0.001)
    assert state.speed == pytest.approx(0.2 * (1 - math.exp(-1.0 / _steering.EASE)), rel=0.01)
    assert state.activity == pytest.approx(1 - math.exp(-1.0 / _steering.EASE), rel=0.01)
