"""Feet on paths that follow an oscillator: its phase, and what its network is reduced to."""

import dataclasses
import math
from functools import cache

import numpy as np
import pytest
from native import DT, Native

from evoloco import fields
from evoloco.controller import signals
from evoloco.controllers import feet, matsuoka, sine
from evoloco.ending import Outcome
from evoloco.errors import ModelError, SpecError
from evoloco.members import member
from evoloco.morphologies import biped
from evoloco.scenario import Scenario, Termination
from evoloco.sides import Sides
from evoloco.sim.simulator import Simulator

OSCILLATORS = ("hopf", "matsuoka", "phase", "rulkov", "sine", "vanderpol")
PERIOD = 0.8


@cache
def body():
    return biped.build()


@cache
def native(name, **options):
    controller = member("controllers", name).Controller(body(), drive="feet", **options)
    return Native(controller, body())


def start(controller, **values):
    return {**controller.space.decode(controller.space.start), "period": PERIOD, **values}


def strides(name, duration, obs=None, **values):
    """Phase of the stride since the beginning, without its jumps [1] (T,)."""
    it = native(name, feedback=("tilt",)) if obs and name != "sine" else native(name)
    states, _ = it.run(it.params(start(it.controller, **values)), duration, obs)
    states = fields.records(states, it.kinds.state)
    phase = (states.feet if name == "sine" else states.paths).feedback.phase
    return np.unwrap(np.concatenate([[0.0], phase]), period=1.0)


@pytest.mark.parametrize("name", OSCILLATORS)
def test_the_feets_phase_advances_by_one_per_period(name):
    phase = strides(name, 20.0)
    lap = round(PERIOD / DT)
    # Van der Pol's period is 0.1 % longer, Matsuoka's that of its simulation, Rulkov's jitters.
    rel = 0.03 if name == "rulkov" else 0.005
    assert (phase[-1] - phase[lap]) * PERIOD == pytest.approx(20.0 - PERIOD, rel=rel)
    if name != "rulkov":
        np.testing.assert_allclose(phase[5 * lap :] - phase[4 * lap : -lap], 1.0, atol=0.01)


@pytest.mark.parametrize("name", OSCILLATORS)
def test_the_phase_never_goes_back_nor_faster_than_twice_its_rate(name):
    it = native(name) if name == "sine" else native(name, feedback=("tilt",))
    gains = {gene.name: gene.high for gene in it.controller.space.genes if "feedback" in gene.name}

    def rolls(time):
        return it.see(tilt=(0.5 * math.sin(11 * time), 0.1), rate=(3.0 * math.cos(11 * time), 0, 0))

    moved = np.diff(strides(name, 8.0, rolls, **gains)) * PERIOD / DT
    assert moved.min() >= 0.5 - 1e-9
    assert moved.max() <= 2.0 + 1e-9


def test_a_free_half_centre_turns_almost_evenly():
    moved = np.diff(strides("matsuoka", 8.0))[100:] * PERIOD / DT
    assert moved.min() > 0.75
    assert moved.max() < 1.3


def test_neurons_that_change_places_are_half_a_turn_on():
    random = np.random.default_rng(0)
    for _ in range(20):
        u, v = random.normal(size=2), random.normal(size=2)
        turned = matsuoka.angle(u[::-1].copy(), v[::-1].copy()) - matsuoka.angle(u, v)
        assert math.cos(turned) == pytest.approx(-1.0)


def test_a_half_centres_phase_is_that_of_its_output():
    it = native("matsuoka")
    states, _ = it.run(it.params(start(it.controller)), 8.0)
    y = np.maximum(0.0, fields.records(states, it.kinds.state).u)
    output, phase = y[:, 0] - y[:, 1], strides("matsuoka", 8.0)[1:]
    up = np.flatnonzero((output[:-1] < 0.0) & (output[1:] >= 0.0))
    share = -output[up] / (output[up + 1] - output[up])
    crossing = phase[up] + share * (phase[up + 1] - phase[up])
    np.testing.assert_allclose(crossing, np.round(crossing), atol=0.02)


@pytest.mark.parametrize("answers", [False, True])
def test_a_sine_that_drives_feet_is_the_controller_of_feet(answers):
    driven = sine.Controller(body(), drive="feet", answers=answers)
    plain = feet.Controller(body(), answers=answers)
    values = plain.space.decode(np.random.default_rng(0).random(len(plain.space)))
    one, other = Native(driven, body()), Native(plain, body())
    np.testing.assert_array_equal(
        one.run(one.params(values), 1.0)[1], other.run(other.params(values), 1.0)[1]
    )


def test_a_phase_oscillator_moves_the_feet_as_the_plain_clock_does():
    it, plain = native("phase"), Native(feet.Controller(body(), answers=False), body())
    values = start(it.controller)
    np.testing.assert_allclose(
        it.run(it.params(values), 4.0)[1], plain.run(plain.params(values), 4.0)[1], atol=1e-9
    )


@pytest.mark.parametrize("name", OSCILLATORS)
def test_the_network_is_reduced_to_its_pacemaker(name):
    it = native(name)
    states, _ = it.run(it.params(start(it.controller)), 0.2)
    drawn = signals(it.controller, it.params(start(it.controller)), states)
    assert list(drawn) == ["phase" if name == "sine" else "pacemaker"]
    assert set(feet.Controller(body(), answers=False).space.names) == set(it.controller.space.names)


@pytest.mark.parametrize("name", OSCILLATORS)
def test_the_genes_of_joints_are_as_before_where_nothing_is_asked_for(name):
    make = member("controllers", name).Controller
    genes = make(body()).space.names
    assert genes == make(body(), drive="joints", answers=False, load=False).space.names
    assert not {"felt.time", "phase.roll", "phase.reset", "stride"} & set(genes)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("hopf", {"coupling": "chain"}),
        ("phase", {"symmetry": "none"}),
        ("vanderpol", {"phase_reset": True}),
        ("phase", {"reflex": True}),
        ("rulkov", {"reflex_stems": ("knee",)}),
        ("matsuoka", {"topology": "ring"}),
        ("matsuoka", {"feedback": ("joint",)}),
        ("sine", {"symmetry": "none"}),
    ],
)
def test_options_of_joints_are_refused_where_feet_are_driven(name, options):
    (key,) = options
    with pytest.raises(SpecError, match=rf"controller\.{key} is of joints.*drive = 'feet'"):
        member("controllers", name).Controller(body(), drive="feet", **options)


@pytest.mark.parametrize("name", OSCILLATORS)
def test_a_body_without_feet_is_refused(name):
    footless = dataclasses.replace(body(), feet=(), sides=Sides())
    with pytest.raises(ModelError, match="no feet to be put anywhere"):
        member("controllers", name).Controller(footless, drive="feet")


@pytest.mark.slow
@pytest.mark.parametrize("name", OSCILLATORS)
def test_the_starting_genes_of_every_oscillator_walk_forward(name):
    robot, controller = body(), native(name).controller
    params = fields.flatten(controller.parameters(start(controller)))
    still = np.zeros(len(robot.joints))
    simulator = Simulator(
        robot, controller, duration=5.0, control_dt=DT, termination=Termination(), threads=1
    )
    (episode,) = simulator.run(params[None], [Scenario(still, still)])
    assert episode.outcome is Outcome.COMPLETED
    assert episode.way[0] > 0.1
