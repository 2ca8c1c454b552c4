"""Answers to tilt and landings: their filter, bounds and signs, and what the phase does."""

import dataclasses
import math
from functools import cache

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native import DT, Native, mirror

from evoloco import fields
from evoloco.controllers import _posture, _posture_feedback, _stride, _trim
from evoloco.errors import ModelError, SpecError
from evoloco.members import member
from evoloco.morphologies import biped, hopper, planar_biped
from evoloco.morphology import HOME
from evoloco.sides import Sides

ANSWER, SHIFT = _posture_feedback.ANSWER, _posture_feedback.SHIFT
OSCILLATORS = ("hopf", "matsuoka", "phase", "rulkov", "sine", "vanderpol")
DRIVEN = [(name, drive) for name in OSCILLATORS for drive in ("joints", "feet")]
EITHER = [*DRIVEN, ("feet", "")]
GAINS = ("tilt", "rate", "roll", "reset", "hold")
FEEDBACK = {
    "felt.time": 0.1,
    **{
        f"{part}.{axis}.{kind}": value
        for part in ("hip", "ankle", "place")
        for axis in ("roll", "pitch")
        for kind, value in (("tilt", 0.4), ("rate", -0.1))
    },
    "phase.roll": 3.0,
}


@cache
def body():
    return biped.build()


def build(name, drive, **options):
    """A controller without the unfiltered reflex."""
    chosen = {"drive": drive} if drive else {}
    if drive == "joints" and name != "sine":
        chosen["reflex"] = False
    return member("controllers", name).Controller(body(), **chosen, **options)


def records(values, feet=2):
    """Feedback and its state, for feet that lag by half a stride, swinging 0.4 of it."""
    feedback = _posture_feedback.PostureFeedback(body(), range(feet), 1.0, "rad", load=True)
    named = feedback.parameters({"period": 1.0, **values}, 0.4, (0.0, 0.5))
    record = fields.record(fields.flatten(named), fields.layout_of(named))
    state = fields.zeros(fields.layout(feedback.state))
    _stride.begin_at(record, state, 0.0)
    return record, state


def seen(**readings):
    obs = fields.zeros(body().observation)
    for name, reading in readings.items():
        obs[name][:] = reading
    return obs


def waves(native, seed, size=0.3):
    """Observations that sway, as a function of time; loads change from 0 to 1."""
    rng = np.random.default_rng(seed)
    wave = size * rng.standard_normal((3, native.silence.size))

    def obs(time):
        now = wave[0] + wave[1] * np.sin(9 * time) + wave[2] * np.cos(5 * time)
        load = fields.record(now, native.kinds.observation).foot_load
        load[:] = np.clip(0.5 + np.array([1.0, -1.0]) * math.sin(7 * time), 0.0, 1.0)
        return now

    return obs


@pytest.mark.parametrize(("name", "drive"), EITHER)
def test_feedback_whose_gains_are_zero_changes_no_byte(name, drive):
    bare, feeling = build(name, drive, answers=False), build(name, drive, answers=True, load=True)
    values = feeling.space.decode(np.random.default_rng(0).random(len(feeling.space)))
    added = set(feeling.space.names) - set(bare.space.names)
    answers = _posture_feedback.PostureFeedback(body(), range(2), 1.0, "", load=True).genes
    trims = _trim.trim_genes(1.0) if drive != "joints" else []
    assert added == {gene.name for gene in (*answers, *trims)}
    for gene in added:
        if gene.endswith(GAINS) or gene.startswith("trim."):
            values[gene] = 0.0

    quiet, felt = Native(bare, body()), Native(feeling, body())
    obs = waves(quiet, 1)
    before = quiet.run(quiet.params(values), 2.0, obs)[1]
    np.testing.assert_array_equal(felt.run(felt.params(values), 2.0, obs)[1], before)


@pytest.mark.parametrize(("name", "drive"), EITHER)
@pytest.mark.parametrize("gene", ["hip.roll.tilt", "ankle.pitch.rate", "place.roll.tilt"])
def test_every_answer_moves_the_commands(name, drive, gene):
    controller = build(name, drive, answers=True)
    native = Native(controller, body())
    values = {
        each.name: each.start or 0.5 * (each.low + each.high) for each in controller.space.genes
    }
    values |= {each: 0.0 for each in FEEDBACK if each.endswith(GAINS)}
    obs = waves(native, 2)
    before = native.run(native.params(values), 2.0, obs)[1]
    after = native.run(native.params({**values, gene: 0.1}), 2.0, obs)[1]
    assert np.abs(after - before).max() > 1e-3


@pytest.mark.parametrize("time", [0.02, 0.1, 0.3])
def test_the_filter_answers_a_step_as_an_exponential(time):
    feedback, state = records({"felt.time": time})
    obs, dt = seen(tilt=(1.0, -2.0), rate=(3.0, -4.0, 5.0)), time / 200.0
    for k in range(1, 600):
        _posture_feedback.feel(feedback, state, obs, dt)
        # Backward Euler is late by at most dt / 2 T of the largest slope, 1 / e.
        share = 1.0 - math.exp(-k * dt / time)
        np.testing.assert_allclose(state.felt, share * np.array([1, -2, 3, -4]), atol=0.004)
        np.testing.assert_allclose(state.felt[0], 1.0 - (1.0 + dt / time) ** -k, rtol=1e-9)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4),
    st.floats(-1e3, 1e3),
    st.floats(-1e3, 1e3),
)
def test_no_turn_exceeds_its_bound_and_small_ones_are_linear(felt, tilt, rate):
    feedback, state = records({"hip.roll.tilt": tilt, "hip.roll.rate": rate, "lean": 0.1})
    state.felt[:] = felt
    for part in range(2):
        for axis in range(2):
            assert abs(_posture_feedback.turn(feedback, state.felt, part, axis)) <= ANSWER

    wanted = tilt * felt[0] + rate * felt[2]
    got = _posture_feedback.turn(feedback, state.felt, _posture_feedback.HIP, 0)
    assert got == pytest.approx(min(ANSWER, max(-ANSWER, wanted)))


@pytest.mark.parametrize("name", OSCILLATORS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([0.1, 1.0, 100.0]))
def test_joints_are_turned_by_the_bound_at_most_and_only_hips_and_ankles(name, seed, size):
    controller, native = feeling(name)
    rng = np.random.default_rng(seed)
    values = {**controller.space.decode(rng.random(len(controller.space))), "phase.roll": 0.0}
    calm = {gene: 0.0 if gene in FEEDBACK and gene.endswith(GAINS) else value
            for gene, value in values.items()}  # fmt: skip
    obs = waves(native, seed, size)
    moved = native.run(native.params(values), 0.6, obs)[1]
    away = np.abs(moved - native.run(native.params(calm), 0.6, obs)[1])
    for j, joint in enumerate(body().joints):
        bound = ANSWER + SHIFT if "hip" in joint.stem else ANSWER if "ankle" in joint.stem else 0.0
        assert away[:, j].max() <= bound + 1e-12


@cache
def feeling(name):
    controller = build(name, "joints", answers=True)
    return controller, Native(controller, body())


@pytest.mark.parametrize("make", [biped.build, hopper.build])
def test_a_positive_turn_takes_the_foot_to_the_left_or_its_front_up(make):
    robot = make()
    posture = _posture.Posture(robot, answers=True)
    turns = posture.parameters({})["turn"]
    for j, joint in enumerate(robot.joints):
        data = mujoco.MjData(robot.model)
        mujoco.mj_resetDataKeyframe(robot.model, data, robot.model.key(HOME).id)
        mujoco.mj_forward(robot.model, data)
        jacobian = np.zeros((3, robot.model.nv))
        foot = next(f for f in robot.feet if joint.side in f)
        mujoco.mj_jacBody(robot.model, data, None, jacobian, robot.model.body(foot).id)
        turning = turns[j] * jacobian[:, robot.model.joint(joint.name).dofadr[0]]
        if joint.axis == "roll":
            assert turning[0] == pytest.approx(1.0)  # about the axis that points forward
        elif joint.axis == "pitch":
            assert turning[1] == pytest.approx(-1.0)  # against the axis that points to the left


@pytest.mark.parametrize("roll", [-10.0, -0.1, 0.0, 0.1, 10.0])
@pytest.mark.parametrize("phase", [0.0, 0.25, 0.6, 0.75])
def test_roll_speeds_the_time_of_the_oscillators_within_bounds(roll, phase):
    feedback, state = records({"phase.roll": 3.0})
    state.phase = phase
    time = _stride.elapsed(feedback, state, seen(tilt=(roll, 0.0)), DT)
    speeds = 3.0 * roll * math.sin(2 * math.pi * phase)
    assert time == pytest.approx(DT * (1 + min(0.6, max(-0.6, speeds))))


def swung(feedback, state, done, foot=0):
    """Puts a foot so far into its swing, or beyond; it has lifted off."""
    state.phase = (0.25 + (done - 0.5) * 0.4 + 0.5 * foot) % 1.0
    state.lifted[foot] = 1.0


@pytest.mark.parametrize("foot", [0, 1])
@pytest.mark.parametrize("reset", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("done", [0.55, 0.8, 0.99])
def test_an_early_landing_takes_its_share_of_what_was_left_of_the_swing(foot, reset, done):
    feedback, state = records({"phase.reset": reset, "phase.hold": 1e-9})
    swung(feedback, state, done, foot)
    landed = seen(foot_load=[0.7 if i == foot else 0.0 for i in range(2)])
    assert _stride.elapsed(feedback, state, landed, DT) == pytest.approx(
        DT + reset * (1 - done) * 0.4 * 1.0
    )
    assert _stride.elapsed(feedback, state, landed, DT) == pytest.approx(DT)  # once


@pytest.mark.parametrize("done", [0.1, 0.45])
def test_a_touch_in_the_first_half_of_a_swing_is_no_landing(done):
    feedback, state = records({"phase.reset": 1.0})
    swung(feedback, state, done)
    assert _stride.elapsed(feedback, state, seen(foot_load=(0.7, 0.0)), DT) == DT


@pytest.mark.parametrize("hold", [0.2, 1.0])
def test_a_late_landing_slows_the_phase_until_the_foot_is_down_or_patience_ends(hold):
    feedback, state = records({"phase.hold": hold})
    air, down = seen(foot_load=(0.0, 1.0)), seen(foot_load=(1.0, 1.0))
    swung(feedback, state, 1.01)
    assert _stride.elapsed(feedback, state, air, DT) == pytest.approx((1 - hold) * DT)
    assert _stride.elapsed(feedback, state, down, DT) == pytest.approx(DT)

    swung(feedback, state, 1.01)
    patience = math.sqrt(body().leg_length / body().gravity)
    slow = [_stride.elapsed(feedback, state, air, DT) < 0.999 * DT for _ in range(40)]
    assert sum(slow) == math.floor(patience / DT + 1e-9)
    assert slow == sorted(slow, reverse=True)


@pytest.mark.parametrize(("done", "late"), [(0.9, False), (1.2, True), (1.3, False)])
def test_a_foot_is_late_between_its_swing_and_the_next_ones(done, late):
    feedback, state = records({"phase.hold": 1.0})
    swung(feedback, state, done)
    time = _stride.elapsed(feedback, state, seen(foot_load=(0.0, 1.0)), DT)
    assert time == pytest.approx(0.0 if late else DT)


def test_a_foot_that_never_left_the_ground_is_not_late():
    feedback, state = records({"phase.hold": 1.0, "phase.reset": 1.0})
    for phase in np.linspace(0, 2, 100):
        state.phase = phase % 1.0
        assert _stride.elapsed(feedback, state, seen(foot_load=(0.5, 0.5)), DT) == DT


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.floats(-5, 5), st.floats(0, 0.3), st.floats(0.3, 1.5))
def test_the_stride_follows_an_oscillator_at_half_to_twice_its_rate(
    start, oscillator, time, period
):
    feedback, state = records({"period": period})
    state.phase = start
    _stride.track(feedback, state, oscillator, time)
    moved = (state.phase - start) % 1.0
    share = time / period
    assert min(abs(moved - k) for k in (0, 1)) < 1e-9 or 0.5 * share - 1e-9 <= moved
    assert moved <= 2.0 * share + 1e-9 or moved > 1 - 1e-9
    wanted = (oscillator - start + 0.5) % 1.0 - 0.5
    if 0.5 * share <= wanted <= 2.0 * share:
        assert abs(moved - wanted) < 1e-9


@pytest.mark.parametrize(
    ("name", "drive"),
    [
        *((name, "joints") for name in ("hopf", "phase", "sine", "vanderpol")),
        *((name, "feet") for name in ("hopf", "phase", "sine")),
        ("feet", ""),
    ],
)
def test_a_mirrored_observation_half_a_period_later_gives_the_mirrored_command(name, drive):
    controller = build(name, drive, answers=True, load=True)
    native = Native(controller, body())
    values = controller.space.decode(np.random.default_rng(5).random(len(controller.space)))
    loads = {"phase.reset": 0.3, "phase.hold": 0.5}
    params = native.params({**values, **FEEDBACK, **loads, "period": 0.8, "lean": 0.05})
    stands = native.see(foot_load=1.0)
    lag, start = round(0.4 / DT), round(16 / DT)
    here = native.run(params, start * DT, lambda time: stands)[0][-1].copy()
    there = native.run(params, (start + lag) * DT, lambda time: stands)[0][-1].copy()

    swap = [[joint.name for joint in body().joints].index(joint.partner) for joint in body().joints]
    sign = np.array([joint.mirror for joint in body().joints])
    obs = waves(native, 6, 0.05)
    for k in range(40):
        now, time = obs(k * DT), (start + k) * DT
        left = native.step(params, here, now, time)
        right = native.step(params, there, mirror(body(), now), time + lag * DT)
        # Van der Pol's period is not quite that of the gene.
        atol = 0.02 if name == "vanderpol" else 1e-3
        np.testing.assert_allclose(right, sign * left[swap], atol=atol)


@pytest.mark.parametrize("name", OSCILLATORS)
def test_answers_replace_the_reflex_unless_it_is_asked_for(name):
    make = member("controllers", name).Controller
    genes = make(body(), answers=True).space.names
    assert "hip.roll.tilt" in genes
    assert "hip_roll.tilt" not in genes
    if name != "sine":
        both = make(body(), answers=True, reflex=True).space.names
        assert {"hip.roll.tilt", "hip_roll.tilt"} <= set(both)


def test_the_planar_network_has_no_period_to_answer_with():
    with pytest.raises(SpecError, match="need a period, which the planar network has not"):
        member("controllers", "matsuoka").Controller(
            planar_biped.build(), topology="planar", answers=True
        )


def test_load_needs_feet():
    footless = dataclasses.replace(body(), feet=(), sides=Sides())
    with pytest.raises(ModelError, match=r"controller.load = true needs feet"):
        member("controllers", "phase").Controller(footless, load=True)
