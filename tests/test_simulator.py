import copy
import importlib
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from evoloco import fields
from evoloco.controllers import sine
from evoloco.ending import Outcome
from evoloco.episode import Columns, Episode
from evoloco.errors import EvolocoError, ModelError, SpecError
from evoloco.experiment import Experiment
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene, Space
from evoloco.morphologies import biped
from evoloco.morphologies import hopper as hopper_room
from evoloco.morphology import GRAVITY, Morphology, assemble
from evoloco.scenario import Direction, Scenario, Termination, draw
from evoloco.sim import simulator
from evoloco.sim.simulator import Simulator
from evoloco.spec import read

CONTROL_DT = 0.02
STEPS = 30
NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)


def reset(params: Record, state: Record, dt: float) -> None:
    state.slow = params.start
    state.total = params.gain * dt


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    state.slow += dt * (params.swing * math.sin(params.frequency * time) - state.slow)
    felt = 0.0
    for i in range(obs.joint_angle.size):
        felt += obs.joint_angle[i] + obs.joint_velocity[i]
    for i in range(obs.foot_load.size):
        felt += obs.foot_load[i] + obs.foot_ahead[i]
    felt += obs.tilt[0] + obs.tilt[1] + obs.rate[0] + obs.rate[1] + obs.rate[2]
    state.total += dt * params.gain * felt
    for j in range(ctrl.size):
        ctrl[j] = params.middle + state.slow + state.total - params.damping * obs.joint_angle[j]
    if time >= params.switch:
        ctrl[0] = params.to


class Responsive:
    """A controller whose output depends on all of its input; from `switch` [s] on it is `to`."""

    reset = staticmethod(reset)
    step = staticmethod(step)
    state = {"slow": (), "total": ()}  # noqa: RUF012 - never changed

    def __init__(self) -> None:
        self.space = Space([Gene("gain", 0.0, 1.0)])

    def parameters(self, values: dict[str, float]) -> Fields:
        names = ("start", "swing", "frequency", "gain", "middle", "damping", "switch", "to")
        return dict.fromkeys(names, 0.0)


def responses(count: int) -> Array:
    """Parameters (count, 8) of moderate responses that do not switch."""
    random = np.random.default_rng(3)
    low, high = [-0.2, 0.0, 3.0, 0.0, 0.3, 0.0, 9.0, 0.0], [0.2, 1.0, 9.0, 0.5, 0.9, 0.1, 9.0, 0.0]
    return np.asarray(random.uniform(low, high, (count, 8)))


def constant(value: float, switch: float = math.inf, to: float = 0.0) -> list[float]:
    """Parameters that answer a constant, and another one from a time [s] on."""
    return [0.0, 0.0, 0.0, 0.0, value, 0.0, switch, to]


def block(
    gravity: float = GRAVITY,
    slope: float = 0.0,
    height: float = 0.1,
    gain: float = 1.0,
    memory: int = -1,
    paired: bool = False,
) -> Morphology:
    """A flat box as foot, a ball as torso in its centre, a motor between; floor friction 0.6.

    `paired`: by an explicit pair of geoms.
    """
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.option.timestep = 0.005
    spec.option.gravity = [0, 0, -gravity]
    spec.memory = memory
    turn = [math.cos(slope / 2), 0, math.sin(slope / 2), 0]
    rough = [0.6, 0.005, 0.0001]
    spec.worldbody.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], quat=turn, friction=rough
    )
    torso = spec.worldbody.add_body(name="torso")
    torso.add_freejoint()
    torso.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.05, 0, 0], mass=1)
    foot = torso.add_body(name="foot")
    foot.add_joint(name="hip", axis=[0, 1, 0], armature=0.01)
    foot.add_geom(
        name="sole", type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.2, 0.2, 0.1], mass=1, friction=rough
    )
    if paired:
        spec.add_pair(
            geomname1="floor",
            geomname2="sole",
            condim=3,
            friction=[0.6, 0.6, 0.005, 0.0001, 0.0001],
        )
    motor = spec.add_actuator(name="hip", target="hip", trntype=mujoco.mjtTrn.mjTRN_JOINT)
    motor.gainprm[0] = gain
    spec.add_key(
        name="home", qpos=[height * math.sin(slope), 0, height * math.cos(slope), *turn, 0]
    )
    return assemble(spec, "torso", ["foot"], ["hip"])


@cache
def two_legs() -> Morphology:
    morphology: Morphology = biped.build()
    return morphology


def scenarios(morphology: Morphology, count: int, **options: Any) -> list[Scenario]:
    return [
        draw(morphology, (7, index), duration=STEPS * CONTROL_DT, **options)
        for index in range(count)
    ]


def noisy(morphology: Morphology, count: int, **options: Any) -> list[Scenario]:
    return scenarios(morphology, count, joint_noise=0.05, velocity_noise=0.3, **options)


def ready(morphology: Morphology, **options: Any) -> Simulator:
    given: dict[str, Any] = {"termination": NEVER, "ramp": 0.0, "threads": 2, "record_state": True}
    controller: Any = options.pop("controller", Responsive())
    plan = {"duration": STEPS * CONTROL_DT, "control_dt": CONTROL_DT}
    return Simulator(morphology, controller, **{**given, **plan, **options})


def run(
    sim: Simulator,
    params: Sequence[Sequence[float]] | Array,
    draws: Sequence[Scenario],
    **options: Any,
) -> list[Episode]:
    """Episodes that outlive the simulator's buffer."""
    found = sim.run(np.asarray(params, dtype=np.float64), draws, **options)
    return [replace(episode, trace=episode.trace.copy()) for episode in found]


def one(
    sim: Simulator, params: Sequence[float] | Array, draw: Scenario | None = None, **options: Any
) -> Episode:
    draws = [draw or scenarios(sim.morphology, 1)[0]]
    return run(sim, np.asarray(params)[None], draws, **options)[0]


def same(first: Sequence[Episode], second: Sequence[Episode]) -> bool:
    """Whether episodes are equal to the last bit."""
    return [(e.outcome, e.trace.tobytes()) for e in first] == [
        (e.outcome, e.trace.tobytes()) for e in second
    ]


def geoms(data: mujoco.MjData) -> Array:
    """Geoms of each contact (ncon, 2)."""
    return np.array(data.contact.geom)


def twin(
    morphology: Morphology,
    params: Array,
    draw: Scenario,
    ramp: float = 0.0,
    termination: Termination = NEVER,
) -> tuple[Array, Outcome]:
    """An episode as a plain Python loop over mj_step, the controller not compiled."""
    model, data = morphology.model, mujoco.MjData(morphology.model)
    joints = morphology.joints
    given = fields.record(params, fields.layout_of(Responsive().parameters({})))
    home = model.key("home")
    substeps = round(CONTROL_DT / model.opt.timestep)
    columns = Columns(morphology, substeps, 2)
    feet = [(morphology.sensor(f"foot.{foot}.ground").start + 2) for foot in morphology.feet]
    mujoco.mj_resetDataKeyframe(model, data, home.id)
    for joint, offset, velocity in zip(joints, draw.joint_offset, draw.velocity, strict=True):
        data.joint(joint.name).qpos[0] += offset
        data.joint(joint.name).qvel[0] = velocity
        if samples := int(model.actuator_history[model.actuator(joint.name).id, 0]):
            held = np.full(samples, data.actuator(joint.name).ctrl[0])
            mujoco.mj_initCtrlHistory(model, data, model.actuator(joint.name).id, None, held)
    state = fields.zeros(fields.layout(Responsive.state))
    obs, rows = fields.zeros(morphology.observation), []
    reset(given, state, CONTROL_DT)
    mujoco.mj_forward(model, data)
    for t in range(STEPS):
        w, x, y, z = data.sensor("torso.orientation").data
        up = 2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)
        obs.joint_angle[:] = [data.sensor(f"joint.{joint.name}.angle").data[0] for joint in joints]
        obs.joint_velocity[:] = [
            data.sensor(f"joint.{joint.name}.velocity").data[0] for joint in joints
        ]
        obs.tilt[:] = math.atan2(up[1], up[2]), math.atan2(-up[0], np.hypot(up[1], up[2]))
        obs.rate[:] = data.sensor("torso.rate").data
        obs.foot_load[:] = data.sensordata[feet] * (1 / morphology.weight)
        heading = 1 - 2 * (y * y + z * z), 2 * (x * y + w * z)
        for i, foot in enumerate(morphology.feet):
            path = data.sensor(f"foot.{foot}.position").data - data.sensor("torso.position").data
            way = heading[0] * path[0] + heading[1] * path[1]
            obs.foot_ahead[i] = way / (np.hypot(*heading) * morphology.leg_length)
        step(given, state, obs, t * CONTROL_DT, CONTROL_DT, data.ctrl)
        if t * CONTROL_DT < ramp:
            data.ctrl[:] = home.ctrl + t * CONTROL_DT / ramp * (data.ctrl - home.ctrl)
        row = np.zeros(columns.size)
        rows.append(row)
        for name in ("time", "qpos", "qvel", "act", "ctrl", "actuator_force", "sensordata"):
            row[columns.slices[name]] = getattr(data, name)
        row[columns.slices["obs"]] = np.concatenate([np.ravel(reading) for reading in obs])
        row[columns.slices["controller_state"]] = state.slow, state.total
        touches = 0
        for _ in range(substeps):
            mujoco.mj_step(model, data)
            bodies = [{int(first), int(second)} - morphology.floor for first, second in geoms(data)]
            touches += any(len(body) == 1 and not body <= morphology.foot_geoms for body in bodies)
        row[columns.slices["body_contact"]] = touches / substeps
        _, x, y, _ = data.sensor("torso.orientation").data
        if any(warning.number for warning in data.warning):
            return np.array(rows), Outcome.UNSTABLE
        if (
            data.sensor("torso.position").data[2]
            < termination.min_height * morphology.standing_height
            or 1 - 2 * (x * x + y * y) < math.cos(termination.max_tilt)
            or (termination.body_contact and touches)
        ):
            return np.array(rows), Outcome.FELL
    return np.array(rows), Outcome.COMPLETED


# The oracle


@pytest.mark.parametrize("termination", [NEVER, Termination()])
@pytest.mark.parametrize("body", ["hopper", "biped"])
def test_native_episode_equals_a_python_loop_over_mj_step_to_the_last_bit(
    body: str, termination: Termination, hopper: Morphology
) -> None:
    morphology = hopper if body == "hopper" else two_legs()
    assert (body == "biped") == bool(
        np.any(morphology.model.actuator_history[:, 0] > 0)
    )  # with and without delay
    draws, params = noisy(morphology, 2), responses(2)
    native = run(ready(morphology, ramp=0.25, termination=termination), params, draws)
    for index, episode in enumerate(native):
        trace, outcome = twin(morphology, params[index // 2], draws[index % 2], 0.25, termination)
        assert episode.outcome == outcome
        own = ("time", "qpos", "qvel", "act", "ctrl", "actuator_force", "sensordata", "obs")
        compared = {*own, "body_contact", "controller_state"}  # test_physics_steps has the others
        for name, where in episode.columns.slices.items():
            if name in compared:
                assert np.array_equal(episode[name], trace[:, where]), name


def test_the_oracle_sees_falls_and_contacts_of_the_body(hopper: Morphology) -> None:
    outcomes = {
        twin(hopper, p, s, 0.25, Termination())[1] for p in responses(2) for s in noisy(hopper, 2)
    }
    columns = Columns(hopper, round(CONTROL_DT / hopper.model.opt.timestep), 2)
    touches = [
        twin(hopper, p, s, 0.25)[0][:, columns.slices["body_contact"]]
        for p in responses(2)
        for s in noisy(hopper, 2)
    ]
    assert Outcome.FELL in outcomes
    assert any(touch.any() for touch in touches)


def test_between_control_steps_only_loads_and_sensors_with_a_memory_are_computed() -> None:
    spec = mujoco.MjSpec.from_string("""
        <mujoco><worldbody><body name="torso"><freejoint/><geom size="0.1"/>
        <body name="foot" pos="0 0 -0.2"><joint name="hip" axis="0 1 0"/><geom size="0.1"/></body>
        </body><geom name="floor" type="plane" size="0 0 1"/>
        </worldbody><actuator><motor name="hip" joint="hip"/></actuator>
        <sensor><jointpos name="remembered" joint="hip" nsample="4" delay="0.01"/></sensor>
        <keyframe><key name="home" qpos="0 0 0.3 1 0 0 0 0"/></keyframe></mujoco>""")
    body = assemble(spec, "torso", ["foot"], ["hip"])
    model = ready(body).settings(scenarios(body, 1))[0][0].sensor_free
    computed = {
        model.sensor(i).name
        for i in np.flatnonzero(model.sensor_needstage != mujoco.mjtStage.mjSTAGE_NONE)
    }
    assert computed == {"foot.foot.ground", "remembered"}
    assert body.model.sensor("torso.position").needstage[0] == mujoco.mjtStage.mjSTAGE_POS
    draw, params = scenarios(body, 1)[0], responses(1)[0]
    columns = Columns(body, round(CONTROL_DT / body.model.opt.timestep), 2)
    recorded = twin(body, params, draw)[0][:, columns.slices["sensordata"]]
    assert np.array_equal(one(ready(body), params, draw)["sensordata"], recorded)


# Determinism


def test_threads_chunks_segments_and_order_do_not_change_a_byte(
    hopper: Morphology, monkeypatch: pytest.MonkeyPatch
) -> None:
    params, draws = (
        responses(5),
        noisy(hopper, 2, push_count=1, push_impulse=0.3, friction=(0.3, 1.0)),
    )
    plain = run(ready(hopper, threads=1, support=2.0), params, draws, support=0.5)
    for threads in (2, 3):
        assert same(
            run(ready(hopper, threads=threads, support=2.0), params, draws, support=0.5), plain
        )
    for steps in (1, 7, STEPS):
        sim = ready(hopper, support=2.0)
        assert same(run(sim, params, draws, support=0.5, segment_steps=steps), plain)
    order = [3, 0, 4, 2, 1]
    shuffled = run(ready(hopper, support=2.0), params[order], draws, support=0.5)
    assert same(shuffled, [plain[2 * genome + k] for genome in order for k in range(2)])
    monkeypatch.setattr(simulator, "TRACE_BYTES", 3 * 8 * STEPS * plain[0].columns.size)
    sim = ready(hopper, support=2.0)
    assert same(run(sim, params, draws, support=0.5), plain)
    assert sim.capacity == 3


@pytest.mark.parametrize("segment_steps", [1, 4])
def test_segments_of_a_body_with_delayed_servos_equal_a_whole_run(segment_steps: int) -> None:
    body = two_legs()
    params, draws, sim = responses(3), noisy(body, 2), ready(body, termination=Termination())
    assert same(run(sim, params, draws, segment_steps=segment_steps), run(sim, params, draws))


def test_between_segments_a_reader_sees_the_last_observations(hopper: Morphology) -> None:
    seen: list[tuple[int, Array]] = []
    sim = ready(hopper, duration=0.2)
    first, second = run(
        sim,
        responses(2),
        scenarios(hopper, 1),
        segment_steps=4,
        between=lambda t, obs: seen.append((t, obs.copy())),
    )
    assert [t for t, _ in seen] == [4, 8]
    for t, obs in seen:
        for row, episode in zip(obs, (first, second), strict=True):
            assert np.array_equal(row, episode["obs"][t])


def test_nothing_leaks_from_one_run_into_the_next(hopper: Morphology) -> None:
    sim, params, calm = ready(hopper, support=3.0), responses(3), scenarios(hopper, 2)
    before = run(sim, params, calm)
    rough = noisy(hopper, 2, push_count=2, push_impulse=1.0, friction=(0.1, 0.2))
    broken = [constant(0.5, switch=0.1, to=math.nan)] * 3
    disturbed = [
        run(sim, responses(8), rough, support=1.0),
        run(sim, broken, rough),
        run(sim, params, calm, segment_steps=3),
    ]
    assert not same(disturbed[0][:6], before)
    assert same(run(sim, params, calm), before)
    assert same(run(ready(hopper), params, calm), before)


def test_who_stops_reading_early_harms_no_later_run(hopper: Morphology) -> None:
    sim, params, calm = ready(hopper), responses(6), scenarios(hopper, 1)
    whole = run(sim, params, calm)
    episodes = sim.run(np.array(params), calm)
    first = next(episodes)
    assert same([first], whole[:1])
    episodes.close()
    assert same(run(sim, params, calm), whole)


def test_equal_addresses_draw_equal_scenarios_and_others_do_not(hopper: Morphology) -> None:
    options = {
        "duration": 3.0,
        "joint_noise": 0.1,
        "push_count": 2,
        "push_impulse": 0.2,
        "friction": (0.5, 1.0),
    }
    first, again, other = (
        draw(hopper, address, **options) for address in ((1, 0, 5), (1, 0, 5), (1, 1, 5))
    )  # type: ignore[arg-type]
    assert np.array_equal(first.joint_offset, again.joint_offset)
    assert np.array_equal(first.pushes, again.pushes)
    assert first.friction == again.friction
    assert not np.any(first.joint_offset == other.joint_offset)
    assert first.friction != other.friction


def test_a_scenario_without_width_is_the_home_keyframe(hopper: Morphology) -> None:
    start = one(ready(hopper), constant(0.6), scenarios(hopper, 1)[0])
    assert np.array_equal(start["qpos"][0], hopper.home)
    assert not start["qvel"][0].any()


@pytest.mark.parametrize("population", [1, 10, 500])
def test_the_trace_stays_within_its_bound_whatever_the_population(
    population: int, hopper: Morphology, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator, "TRACE_BYTES", 200_000)
    sim = ready(hopper, duration=0.1)
    assert sum(1 for _ in sim.run(responses(population), scenarios(hopper, 1))) == population
    assert sim.capacity * 8 * sim.steps * sim.columns.size <= 200_000
    assert sim.capacity == min(population, 200_000 // (8 * sim.steps * sim.columns.size))


# How an episode ends


def test_an_episode_ends_where_the_torso_sinks_below_its_limit(hopper: Morphology) -> None:
    whole = one(ready(hopper, duration=2.0), constant(0.6))
    ended = one(
        ready(hopper, duration=2.0, termination=replace(NEVER, min_height=0.8)), constant(0.6)
    )
    low = whole.sensor("torso.position")[:, 2] < 0.8 * hopper.standing_height
    assert whole.outcome is Outcome.COMPLETED
    assert ended.outcome is Outcome.FELL
    assert len(ended) == np.argmax(low[1:]) + 1
    assert ended.trace.tobytes() == whole.trace[: len(ended)].tobytes()


@pytest.mark.parametrize("limit", [0.3, 1.0])
def test_an_episode_ends_where_the_torso_tilts_beyond_its_limit(
    limit: float, hopper: Morphology
) -> None:
    whole = one(ready(hopper, duration=2.0), constant(0.6))
    ended = one(
        ready(hopper, duration=2.0, termination=replace(NEVER, max_tilt=limit)), constant(0.6)
    )
    assert ended.outcome is Outcome.FELL
    tilt = whole.tilt[whole.substeps - 1 :: whole.substeps]  # in the last step before a look
    assert len(ended) == np.argmax(tilt > limit) + 1


def test_a_tilt_limit_of_half_a_turn_or_more_never_ends_an_episode() -> None:
    body = block(gravity=0.0, height=2.0)
    spinning = replace(scenarios(body, 1)[0], velocity=np.array([8.0]))
    for limit in (math.pi, 4.0, 2 * math.pi):
        sim = ready(body, duration=3.0, termination=replace(NEVER, max_tilt=limit))
        episode = one(sim, constant(-0.5), spinning)
        assert episode.tilt.max() > 3.0
        assert episode.outcome is Outcome.COMPLETED


def test_an_episode_ends_where_anything_but_a_foot_touches_the_ground(hopper: Morphology) -> None:
    whole = one(ready(hopper, duration=2.0), constant(0.6))
    ended = one(
        ready(hopper, duration=2.0, termination=replace(NEVER, body_contact=True)), constant(0.6)
    )
    assert ended.outcome is Outcome.FELL
    assert len(ended) == np.argmax(whole["body_contact"][:, 0] > 0) + 1
    assert whole.foot_loaded[1:5].all()  # a foot on the ground is none


def test_two_feet_that_touch_each_other_are_no_fall() -> None:
    spec = mujoco.MjSpec.from_string("""
    <mujoco><worldbody><geom type="plane" size="0 0 1"/><body name="torso" pos="0 0 1"><freejoint/>
      <geom size=".05" mass="1"/>
      <body name="left" pos="0 .1 0"><joint name="a" axis="1 0 0"/><geom size=".06"/></body>
      <body name="right" pos="0 .2 0"><joint name="b" axis="1 0 0"/><geom size=".06"/></body>
    </body></worldbody>
    <option gravity="0 0 0" timestep=".005"/>
    <actuator><position name="a" joint="a"/><position name="b" joint="b"/></actuator>
    <keyframe><key name="home" qpos="0 0 1 1 0 0 0 0 0"/></keyframe></mujoco>""")
    body = assemble(spec, "torso", ["left", "right"], ["a", "b"])
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, 0)
    mujoco.mj_forward(body.model, data)
    assert data.ncon == 1
    assert one(ready(body, termination=Termination()), constant(0.0)).outcome is Outcome.COMPLETED


# Divergence and errors


@pytest.mark.parametrize("answer", [math.nan, 1e300, -math.inf])
@pytest.mark.parametrize("segment_steps", [0, 3])
def test_a_controller_that_answers_no_number_ends_unstable_and_harms_nobody_else(
    answer: float, segment_steps: int
) -> None:
    body = block(gain=0.1)
    sane, mad = constant(0.1), constant(0.1, switch=0.1, to=answer)
    together = run(ready(body), [sane, mad, sane], scenarios(body, 1), segment_steps=segment_steps)
    alone = one(ready(body), sane)
    assert [episode.outcome for episode in together] == ["completed", "unstable", "completed"]
    assert len(together[1]) == 6  # five control steps of 0.02 s were sane
    assert same([together[0], together[2]], [alone, alone])
    assert together[1].trace[:5].tobytes() == alone.trace[:5].tobytes()


def test_a_model_that_diverges_ends_unstable_and_harms_nobody_else() -> None:
    body = block(gain=1e9)
    together = run(ready(body), [constant(0.0), constant(1.0), constant(0.0)], scenarios(body, 1))
    assert [episode.outcome for episode in together] == ["completed", "unstable", "completed"]
    assert len(together[1]) < STEPS
    assert same([together[0], together[2]], [one(ready(body), constant(0.0))] * 2)


def cramped() -> Morphology:
    """A block with memory to float, but not for the contacts when its foot turns."""
    return block(gravity=0.0, height=0.15, memory=4096)


def test_an_error_inside_mujoco_ends_that_episode_alone() -> None:
    body = cramped()
    turning = replace(scenarios(body, 1)[0], velocity=np.array([3.0]))
    floating = scenarios(body, 1)[0]
    with pytest.raises(mujoco.FatalError, match="out of memory"):
        twin(body, np.array(constant(0.0)), turning)
    for segment_steps in (0, 4):
        together = run(
            ready(body), [constant(0.0)], [floating, turning, floating], segment_steps=segment_steps
        )
        assert [episode.outcome for episode in together] == ["completed", "unstable", "completed"]
        assert 1 < len(together[1]) < STEPS
        assert same([together[0], together[2]], [one(ready(body), constant(0.0))] * 2)


def test_an_error_before_the_first_step_leaves_one_row_that_is_not_of_another_episode() -> None:
    body, sim = cramped(), ready(cramped())
    touching = replace(scenarios(body, 1)[0], joint_offset=np.array([0.5]))
    assert one(sim, constant(0.01)).outcome is Outcome.COMPLETED
    failed = one(sim, constant(0.0), touching)
    assert failed.outcome is Outcome.UNSTABLE
    assert len(failed) == 1
    assert not failed["ctrl"].any()


# Bodies


def test_bodies_of_a_batch_move_as_each_does_alone() -> None:
    bodies = [
        hopper_room.build(torso_mass=mass, stiffness=gain)
        for mass, gain in ((0.36, 14), (0.7, 14), (0.36, 25))
    ]
    draws = [
        *noisy(bodies[0], 2, push_count=1, push_impulse=0.3),
        *noisy(bodies[0], 1, friction=(0.4, 0.5)),
    ]
    params, options = responses(3), {"support": 5.0}
    together = run(ready(bodies[0], **options), params, draws, bodies=bodies, support=0.5)
    apart = [
        episode
        for body, row in zip(bodies, params, strict=True)
        for episode in run(ready(body, **options), row[None], draws, support=0.5)
    ]
    assert same(together, apart)
    assert not same(together[:3], together[3:6])
    assert [episode.morphology for episode in together[::3]] == bodies


def test_a_body_with_another_layout_is_refused(hopper: Morphology) -> None:
    with pytest.raises(ModelError, match="same joints, sensors, feet, geoms and room"):
        run(
            ready(hopper),
            responses(1),
            scenarios(hopper, 1),
            bodies=[hopper_room.build(ankle=True)],
        )


# Pushes, support, ramp, friction


def test_a_push_changes_the_momentum_by_its_impulse() -> None:
    body = block(gravity=0.0, height=2.0)
    pushed = scenarios(body, 1, push_count=3, push_impulse=0.3)[0]
    pushed = replace(pushed, pushes=np.vstack([pushed.pushes, [0.1, 0.1, 0.0, 0.0, -0.4]]))
    episode = one(ready(body, duration=1.0), constant(0.0), pushed)
    np.testing.assert_allclose(episode["qvel"][-1, :3], pushed.pushes[:, 2:].sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(np.hypot(*pushed.pushes[:3, 2:4].T), 0.3)
    assert not episode["qvel"][episode.time <= pushed.pushes[:, 0].min()].any()


@pytest.mark.parametrize("duration", [1e-4, 0.003, 0.1, 0.4])
@pytest.mark.parametrize("mass", [0.36, 2.0])
@pytest.mark.parametrize("length", [0.4, 1.0])
def test_a_push_changes_the_speed_as_asked_whatever_its_duration_mass_and_place(
    duration: float, mass: float, length: float
) -> None:
    body = block(gravity=0.0, height=2.0)
    heavy = body.with_model(copy.copy(body.model))
    factor = mass / body.mass
    heavy.model.body_mass[:] *= factor
    heavy.model.body_inertia[:] *= factor
    heavy = heavy.compiled_as(heavy.model)
    pushed = draw(
        heavy, (1,), duration=length, push_count=1, push_impulse=0.3, push_duration=duration
    )
    late = replace(pushed, pushes=np.array([[length - duration, duration, 0.0, 0.3, 0.0]]))
    for scenario in (pushed, late):
        episode = one(ready(heavy, duration=length + 2 * CONTROL_DT), constant(0.0), scenario)
        speed = np.linalg.norm(episode["qvel"][-1, :3])
        assert speed == pytest.approx(0.3, rel=1e-9)


def test_a_push_that_outlasts_the_episode_is_refused(hopper: Morphology) -> None:
    with pytest.raises(SpecError, match=r"scenario\.push\.duration: 3 s is longer than an episode"):
        draw(hopper, (0,), duration=2.0, push_count=1, push_impulse=0.1, push_duration=3.0)


def test_pushes_come_one_in_each_equal_part_of_the_episode(hopper: Morphology) -> None:
    starts = draw(hopper, (0,), duration=8.0, push_count=4, push_impulse=0.1).pushes[:, 0]
    assert [int(start // 2.0) for start in starts] == [0, 1, 2, 3]


def test_the_direction_of_pushes_changes_neither_their_times_nor_their_force(
    hopper: Morphology,
) -> None:
    def pushes(direction: Direction) -> Array:
        options: dict[str, Any] = {"push_count": 40, "push_impulse": 0.1, "push_duration": 0.2}
        return draw(hopper, (0,), duration=80.0, push_direction=direction, **options).pushes

    drawn, change = pushes("any"), 0.1
    np.testing.assert_allclose(np.hypot(*drawn[:, 2:4].T), change)
    ahead, aside = np.sign(drawn[:, 2]), np.sign(drawn[:, 3])
    assert (
        min((ahead == 1).sum(), (ahead == -1).sum(), (aside == 1).sum(), (aside == -1).sum()) > 10
    )
    none = np.zeros(40)
    for direction, x, y in (
        ("sagittal", ahead, none),
        ("lateral", none, aside),
        ("forward", none + 1, none),
        ("backward", none - 1, none),
    ):
        found = pushes(direction)
        assert np.array_equal(found[:, :2], drawn[:, :2])
        assert np.array_equal(found[:, 2:], change * np.stack([x, y, none], axis=1)), direction


def test_full_support_holds_up_a_body_that_falls_without(hopper: Morphology) -> None:
    sim = ready(hopper, duration=2.0, support=20.0, termination=Termination())
    limp = constant(0.6)
    assert one(sim, limp, support=0.0).outcome is Outcome.FELL
    held = one(sim, limp, support=1.0)
    assert held.outcome is Outcome.COMPLETED
    assert held.tilt.max() < 0.3
    assert held.survival == 1.0


def test_support_acts_against_lean_and_sinking_about_both_horizontal_axes() -> None:
    body = block(gravity=0.0, height=1.0)
    for axis in (0, 1):
        quat = np.zeros(4)
        quat[[0, 1 + axis]] = math.cos(0.1), math.sin(0.1)
        body.model.key("home").qpos[2:7] = [0.9, *quat]
        episode = one(ready(body, duration=3.0, support=5.0), constant(0.0), support=1.0)
        assert episode.tilt[0] == pytest.approx(0.2)
        assert episode.tilt[-1] < 0.02
        assert episode.sensor("torso.position")[-1, 2] == pytest.approx(1.0, abs=0.01)


def test_control_fades_in_from_the_home_posture_along_a_line(hopper: Morphology) -> None:
    home = np.array(hopper.model.key("home").ctrl)
    faded = one(ready(hopper, ramp=0.2), constant(1.0))["ctrl"]
    part = np.minimum(np.arange(STEPS) * CONTROL_DT / 0.2, 1.0)[:, None]
    np.testing.assert_allclose(faded, home + part * (1.0 - home), atol=1e-15)


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize(("factor", "slides"), [(1.0, False), (0.5, True)])
def test_a_block_slides_down_a_slope_when_its_friction_is_below_the_tangent(
    factor: float, slides: bool, paired: bool
) -> None:
    slope = 0.4  # tan 0.4 = 0.42 lies between 0.5 x 0.6 and 0.6
    body = block(slope=slope, paired=paired)
    episode = one(ready(body), constant(0.0), replace(scenarios(body, 1)[0], friction=factor))
    way = float(np.linalg.norm(episode["qpos"][-1, :3] - episode["qpos"][0, :3]))
    expected = GRAVITY * (math.sin(slope) - 0.3 * math.cos(slope)) * episode.time[-1] ** 2 / 2
    assert way == pytest.approx(expected, rel=0.05) if slides else way < 0.01  # contacts are soft


# Errors


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"control_dt": 0.0133},
            r"scenario\.control_dt = 0\.0133 s must be a multiple of .*0\.005 s",
        ),
        ({"control_dt": 0.001}, r"scenario\.control_dt = 0\.001 s must be a multiple"),
        (
            {"duration": 0.61},
            r"heldout_duration = 0\.61 s must be a multiple of scenario\.control_dt, 0\.02 s",
        ),
    ],
)
def test_times_that_do_not_divide_are_refused(
    options: dict[str, float], words: str, hopper: Morphology
) -> None:
    with pytest.raises(EvolocoError, match=words):
        ready(hopper, **options)


CONTROLLER = """
import numba
from evoloco.controllers.sine import Controller as Sine
from gain import gain

def step(params, state, obs, time, dt, ctrl):
    ctrl[:] = gain(time)

class Controller(Sine):
    step = staticmethod(step)
"""


LENGTHS = """
import json, sys
import numpy as np
from evoloco.bundled import run_file
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.spec import read

for run in sys.argv[1:]:
    experiment = Experiment(read(run_file(run), ["scenario.duration=1.0"]))
    params = experiment.parameters(np.full(len(experiment.space), 0.4))[None]
    (episode,) = simulator(experiment, 1).run(params, experiment.scenarios(0)[:1])
    print(run, episode.trace.tobytes().hex()[-4000:])
"""
"""Prints the end of an episode of each bundled run that is named."""


@pytest.mark.slow
def test_code_that_other_processes_compiled_for_other_bodies_is_not_mixed_up(
    tmp_path: Path,
) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}

    def told(*runs: str) -> dict[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", LENGTHS, *runs],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return dict(line.split() for line in done.stdout.splitlines())

    apart = {**told("biped_fast"), **told("planar_biped")}  # two processes compile one network each
    assert told("planar_biped", "biped_fast") == apart


@pytest.mark.slow
def test_a_controller_is_compiled_anew_when_a_function_that_it_calls_has_changed(
    hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, found = hop.parent, []
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(
        sys, "dont_write_bytecode", True
    )  # which is kept by the second, and these come within one
    (folder / "mine.py").write_text(CONTROLLER, encoding="utf-8")
    for factor in (0.25, 0.5, 0.25):
        source = f"import numba\n@numba.njit\ndef gain(time):\n    return {factor} * time\n"
        (folder / "gain.py").write_text(source, encoding="utf-8")
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, "gain", raising=False)
        experiment = Experiment(read(hop, ["controller.name=mine.py"]))
        params = experiment.parameters(np.full(len(experiment.space), 0.5))
        episode = one(ready(experiment.morphology, controller=experiment.controller), params)
        found.append(episode["ctrl"][10, 0])
    assert found == [0.05, 0.1, 0.05]
    kept = [path.read_text() for path in (folder / "cache" / "evoloco").glob("*/compiled.py")]
    assert sum("native_step" in text for text in kept) == 2


def test_a_bundled_controller_runs_in_the_same_engine(hopper: Morphology) -> None:
    controller = sine.Controller(hopper)
    values = controller.space.decode(np.full(len(controller.space), 0.5))
    params = fields.flatten(controller.parameters(values))
    episode = one(ready(hopper, controller=controller), params)
    phase = 2.0 * math.pi * (np.arange(STEPS) * CONTROL_DT) / values["period"]
    found = episode["controller_state"][:, 0]
    assert np.abs(found).max() <= math.pi
    assert np.allclose(np.exp(1j * found), np.exp(1j * phase), rtol=0.0, atol=1e-12)
