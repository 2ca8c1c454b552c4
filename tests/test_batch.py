"""A batch that is stepped from outside."""

import math
from dataclasses import replace

import numpy as np
import pytest

from evoloco import fields
from evoloco.errors import EvolocoError
from evoloco.genome import Gene, Space
from evoloco.morphologies import biped, hopper
from evoloco.randomization.world import Drift
from evoloco.scenario import Termination, draw
from evoloco.sim import plan
from evoloco.sim.backlash import Backlash
from evoloco.sim.batch import Batch
from evoloco.sim.needs import NOTHING, Needs
from evoloco.sim.simulator import Simulator

DT, STEPS = 0.02, 40
NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)


def reset(params, state, dt):
    state.phase = params.start


def step(params, state, obs, time, dt, ctrl):
    state.phase += dt * params.rate + 0.01 * obs.tilt[1]
    for j in range(ctrl.size):
        ctrl[j] = params.middle + params.swing * math.sin(state.phase + j)


class Swinging:
    """Swings all joints about a middle, and feels the pitch a little."""

    reset, step = staticmethod(reset), staticmethod(step)
    state = {"phase": ()}  # noqa: RUF012 - never changed

    def __init__(self):
        self.space = Space([Gene("rate", 0.0, 20.0)])

    def parameters(self, values):
        return {"start": 0.0, "rate": values["rate"], "middle": 0.3, "swing": 0.3}


CONTROLLER = Swinging()


@pytest.fixture(scope="module")
def body():
    return hopper.build()


def params(*rates):
    return np.array([fields.flatten(CONTROLLER.parameters({"rate": rate})) for rate in rates])


def scenarios(body, count):
    options = {"joint_noise": 0.05, "push_count": 1, "push_impulse": 0.2}
    return [draw(body, (5, k), duration=STEPS * DT, **options) for k in range(count)]


OPTIONS = {"control_dt": DT, "termination": Termination(), "threads": 2, "ramp": 0.1}


def simulator(body, **options):
    return Simulator(body, CONTROLLER, **{**OPTIONS, "duration": STEPS * DT, **options})


def batch(body, capacity, **options):
    given = {**OPTIONS, "capacity": capacity, "steps": STEPS}
    return Batch(body, CONTROLLER, **{**given, **options})


def copies(episodes):
    return [(episode.outcome, episode.trace.tobytes()) for episode in episodes]


def one(sim, setting, row=None):
    """An episode of one setting, whatever it needs."""
    made = batch(sim.morphology, 1, needs=setting.needs, termination=NEVER)
    made.load(
        np.array([0], np.int32), params(7.0) if row is None else row, [setting], np.zeros(1, int)
    )
    made.advance(STEPS)
    return made.episode(0)


def test_every_episode_of_a_batch_with_automatic_reset_equals_the_one_simulated_alone(body):
    rows, draws = params(3.0, 7.0, 12.0), scenarios(body, 4)
    alone = simulator(body)
    expected = copies(alone.run(rows, draws))
    assert len({len(trace) for _, trace in expected}) > 2

    stepped = batch(body, 3)
    settings = alone.settings(draws)[0]
    waiting = [(genome, k) for genome in range(3) for k in range(4)]
    present, found = [None] * 3, {}
    seen = {sim: [] for sim in range(3)}

    def load(sim):
        present[sim] = waiting.pop(0) if waiting else None
        if present[sim]:
            genome, k = present[sim]
            stepped.load(np.array([sim], np.int32), rows[[genome]], settings, np.array([k]))
            seen[sim].clear()

    for sim in range(3):
        load(sim)
    stepped.advance(0)
    while any(present):
        for sim in range(3):
            if present[sim]:
                seen[sim].append(stepped.obs[sim].copy())
        stepped.advance(1)
        for sim in range(3):
            if present[sim] and stepped.outcome[sim] != plan.RUNNING:
                episode = stepped.episode(sim)
                found[present[sim]] = (episode.outcome, episode.trace.tobytes())
                assert np.array_equal(np.array(seen[sim]), episode["obs"])
                load(sim)
                stepped.advance(0)
    assert [found[genome, k] for genome in range(3) for k in range(4)] == expected


def test_a_batch_of_rows_keeps_the_last_ones(body):
    setting = simulator(body).settings(scenarios(body, 1))[0]
    short = batch(body, 1, rows=4, termination=NEVER)
    short.load(np.array([0], np.int32), params(7.0), setting, np.zeros(1, int))
    short.advance(3)
    assert len(short.episode(0)) == 3
    short.advance(7)
    with pytest.raises(EvolocoError, match=r"last 4 control steps.* has 10"):
        short.episode(0)


def test_simulations_that_are_not_named_stay_as_they_are(body):
    both = batch(body, 2, termination=NEVER)
    settings = simulator(body).settings(scenarios(body, 2))[0]
    both.load(np.arange(2, dtype=np.int32), params(7.0, 7.0), settings, np.arange(2))
    both.advance(5)
    before = both.obs[1].copy(), both.states[1].copy()
    both.advance(5, np.array([0], np.int32))
    assert both.lived.tolist() == [10, 5]
    assert np.array_equal(both.obs[1], before[0])
    assert np.array_equal(both.states[1], before[1])


@pytest.mark.parametrize("late", [0, 1, 3, 4, 9])
def test_a_delayed_command_acts_like_an_earlier_one(body, late):
    """With so many physics steps of delay, MuJoCo's control is the command of then."""
    sim = simulator(body, termination=NEVER)
    (setting,) = sim.settings(scenarios(body, 1))[0]
    rows = {**setting.rows, "command_delay": np.array([late, 0])}
    needs = Needs(command_delay=late, indirect=True)
    delayed = one(sim, replace(setting, rows=rows, needs=needs))
    substeps = sim.substeps
    home = setting.rows["home_ctrl"]

    # What the servos are given in each physics step, told by the force of the step before a row.
    commands = np.repeat(delayed["ctrl"], substeps, axis=0)
    given = np.vstack([np.tile(home, (late, 1)), commands])[: len(commands)]
    again = plain(sim.morphology, setting, given)
    assert np.array_equal(delayed["qpos"], again[::substeps])


def plain(body, setting, controls):
    """Positions before every physics step of a plain loop over mj_step."""
    import mujoco

    model, data = setting.morphology.model, mujoco.MjData(setting.morphology.model)
    mujoco.mj_setState(model, data, setting.start, mujoco.mjtState.mjSTATE_INTEGRATION)
    torso, found = model.body(body.torso).id, []
    for count, ctrl in enumerate(controls):
        data.ctrl[:] = ctrl
        data.xfrc_applied[torso] = 0
        for start, end, *force in setting.pushes:
            if start <= count < end:
                data.xfrc_applied[torso, :3] += force
        found.append(data.qpos.copy())
        mujoco.mj_step(model, data)
    return np.array(found)


def test_a_jitter_of_delay_is_the_same_whatever_the_threads_and_differs_between_steps(body):
    sim = simulator(body, termination=NEVER)
    (setting,) = sim.settings(scenarios(body, 1))[0]
    rows = {**setting.rows, "command_delay": np.array([1, 6])}
    jittery = replace(setting, rows=rows, needs=Needs(command_delay=7, indirect=True))
    steady = replace(jittery, rows={**rows, "command_delay": np.array([7, 0])})
    traces = {one(sim, jittery).trace.tobytes() for _ in range(3)}
    assert len(traces) == 1
    assert one(sim, steady).trace.tobytes() not in traces


def test_play_of_no_width_changes_nothing(body):
    sim = simulator(body, termination=NEVER)
    geared = simulator(body, termination=NEVER, actuators=Backlash(np.zeros(body.model.nu)))
    draws = scenarios(body, 2)
    assert copies(geared.run(params(7.0), draws)) == copies(sim.run(params(7.0), draws))


def test_play_follows_the_command_at_half_its_width():
    """While the command rises the target trails it, and it rests while the command turns."""
    play = Backlash(np.array([0.2]))
    state = fields.zeros(fields.layout(play.state))
    given = fields.record(fields.flatten(play.parameters()), fields.layout_of(play.parameters()))
    found = []
    for command in (0.0, 0.5, 1.0, 0.9, 0.81, 0.5):
        ctrl = np.array([command])
        play.actuate(given, state, np.zeros(1), np.zeros(1), 0.002, ctrl)
        found.append(ctrl[0])
    np.testing.assert_allclose(found, [0.0, 0.4, 0.9, 0.9, 0.9, 0.6])


def test_a_number_that_drifts_by_nothing_changes_nothing_and_another_one_does(body):
    sim = simulator(body, termination=NEVER)
    (setting,) = sim.settings(scenarios(body, 1))[0]
    value = float(setting.morphology.model.dof_damping[-1])
    still, moved = (
        replace(setting, drifting=(Drift("dof_damping", body.model.nv - 1, value, end),))
        for end in (value, value + 1.0)
    )
    assert one(sim, still).trace.tobytes() == one(sim, setting).trace.tobytes()
    assert one(sim, moved).trace.tobytes() != one(sim, setting).trace.tobytes()
    assert setting.morphology.model.dof_damping[-1] == value


def test_two_simulations_of_one_setting_drift_each_by_its_own_clock(body):
    (setting,) = simulator(body).settings(scenarios(body, 1))[0]
    value = float(setting.morphology.model.dof_damping[-1])
    drifting = replace(setting, drifting=(Drift("dof_damping", body.model.nv - 1, value, 1.0),))
    both = batch(body, 2, termination=NEVER)
    both.load(np.arange(2, dtype=np.int32), params(7.0, 7.0), [drifting], np.zeros(2, int))
    both.advance(11, np.array([1], np.int32))
    both.advance(STEPS)
    first, second = (both.episode(sim).trace.tobytes() for sim in range(2))
    assert first == second


def test_a_simulation_without_drifts_is_not_touched_by_one_with_drifts_that_comes_later(body):
    (setting,) = simulator(body).settings(scenarios(body, 1))[0]
    value = float(setting.morphology.model.dof_damping[-1])
    drifting = replace(setting, drifting=(Drift("dof_damping", body.model.nv - 1, value, 1.0),))
    both = batch(body, 2, termination=NEVER)
    for sim, given in enumerate((setting, drifting)):
        both.load(np.array([sim], np.int32), params(7.0), [given], np.zeros(1, int))
    both.advance(STEPS)
    assert both.episode(0).trace.tobytes() == one(simulator(body), setting).trace.tobytes()
    assert both.episode(1).trace.tobytes() == one(simulator(body), drifting).trace.tobytes()


def test_a_setting_that_asks_for_more_than_the_batch_was_made_for_is_refused(body):
    (setting,) = simulator(body).settings(scenarios(body, 1))[0]
    asking = replace(setting, needs=NOTHING._replace(indirect=True))
    with pytest.raises(EvolocoError, match=r"indirect=True.*made for"):
        batch(body, 1).load(np.array([0], np.int32), params(7.0), [asking], np.zeros(1, int))


def test_parameters_of_another_length_are_refused():
    body = biped.build()
    (setting,) = simulator(body).settings(scenarios(body, 1))[0]
    with pytest.raises(EvolocoError, match=r"3 numbers came; this controller has 4"):
        batch(body, 1).load(np.array([0], np.int32), np.zeros((1, 3)), [setting], np.zeros(1, int))
