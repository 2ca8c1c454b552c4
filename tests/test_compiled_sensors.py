"""Sensors that are computed inside the compiled episode."""

import math

import mujoco
import numpy as np
import pytest
from learners import rollouts

from evoloco import fields
from evoloco.bundled import runs
from evoloco.errors import ControllerError, SpecError, UnknownNameError
from evoloco.experiment import Experiment
from evoloco.fitting import fitted
from evoloco.genome import Gene, Space
from evoloco.host import Host
from evoloco.morphologies import biped
from evoloco.scenario import Termination, draw
from evoloco.sim.simulator import Simulator
from evoloco.spec import SensorSpec, read

DT, STEPS = 0.02, 60
NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)

WITNESS = '''
from evoloco.sensor import Compiled, Sensor
from evoloco.sim.sense import chance


def read(params, memory, seen, readings):
    memory.count += 1
    for axis in range(3):
        readings[axis] = params.scale * seen.position[axis]
        readings[3 + axis] = seen.rotation[axis, 0]
    readings[6] = memory.count
    readings[7] = readings[7] + seen.time
    readings[8] = chance(seen, 0)
    readings[9] = seen.sensordata[0]


def sensor(morphology, camera: str = ""):
    """Tells what it is shown and what it remembers."""
    channels = ("x", "y", "z", "x of x", "x of y", "x of z", "count", "times", "chance", "first")
    source = Compiled(read, {"scale": 2.0}, {"count": ()}, camera)
    return Sensor("witness", channels, "m", "what it is shown", source)
'''


def still(params, state, dt):
    pass


def shake(params, state, obs, time, dt, ctrl):
    for j in range(ctrl.size):
        ctrl[j] = params.middle[j] + 0.3 * math.sin(9.0 * time + j)


class Shaking:
    """Moves every joint, and feels nothing."""

    reset, step = staticmethod(still), staticmethod(shake)
    state = {}  # noqa: RUF012 - never changed

    def __init__(self, morphology):
        self.space = Space([Gene("none", 0.0, 1.0)])
        self._middle = np.array(morphology.model.key("home").ctrl)

    def parameters(self, values):
        return {"middle": self._middle}


def episodes(body, count=1, threads=2, **options):
    """Episodes of a body that shakes, from starts of their own."""
    controller = Shaking(body)
    given = {"duration": STEPS * DT, "control_dt": DT, "termination": NEVER, "ramp": 0.0}
    sim = Simulator(body, controller, threads=threads, **given)
    draws = [
        draw(body, (3, k), duration=STEPS * DT, joint_noise=0.02, velocity_noise=0.2)
        for k in range(count)
    ]
    params = fields.flatten(controller.parameters({}))[None]
    found = sim.run(params, draws, **options)
    return [(episode.trace.copy(), felt(episode, "witness")) for episode in found]


def felt(episode, name):
    """What the controller felt of a sensor (T, channels)."""
    start = episode.columns.slices["obs"].start
    where = fields.place(episode.morphology.observation, name)
    return episode.trace[:, start + where.start : start + where.stop].copy()


def witnessing(tmp_path, text=WITNESS, body=None, **spec):
    file = tmp_path / "witness.py"
    file.write_text(text)
    asked = {"witness": SensorSpec.model_validate({"source": str(file), **spec})}
    return fitted(body or biped.build(), asked)


def test_it_is_shown_the_torso_as_the_sensors_of_the_same_step_measure_it(tmp_path):
    body = witnessing(tmp_path)
    (trace, found), *_ = episodes(body)
    first = 1 + body.model.nq + body.model.nv + body.model.na + body.controls + body.outputs
    readings = trace[:, first : first + body.model.nsensordata]
    position = readings[:, body.sensor("torso.position")]
    w, x, y, z = readings[:, body.sensor("torso.orientation")].T
    np.testing.assert_allclose(found[:, :3], 2 * position, atol=1e-12)
    forward = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)], 1)
    np.testing.assert_allclose(found[:, 3:6], forward, atol=1e-12)
    np.testing.assert_array_equal(found[:, 9], readings[:, 0])
    assert np.ptp(found[:, 2]) > 0.01


def test_it_remembers_within_an_episode_and_finds_its_last_readings(tmp_path):
    two = episodes(witnessing(tmp_path), 2)
    steps = np.arange(STEPS)
    for _, found in two:
        np.testing.assert_array_equal(found[:, 6], 1 + steps)
        np.testing.assert_allclose(found[:, 7], np.cumsum(DT * steps), rtol=1e-12)
    assert not np.any(two[0][1][:, 8] == two[1][1][:, 8])
    assert 0 < two[0][1][:, 8].min() < two[0][1][:, 8].max() < 1


def test_it_is_called_at_its_interval_and_delayed(tmp_path):
    ((_, often),) = episodes(witnessing(tmp_path))
    ((_, late),) = episodes(witnessing(tmp_path, interval=5 * DT, delay=2 * DT))
    calls = np.maximum(np.arange(STEPS) - 2, 0) // 5
    np.testing.assert_array_equal(late[:, 6], 1 + calls)
    np.testing.assert_array_equal(late[:, :6], often[5 * calls, :6])


def test_what_it_computes_does_not_change_the_motion(tmp_path):
    """The controller feels nothing, so all but what is felt is equal to the last bit."""
    plain, seeing = biped.build(), witnessing(tmp_path)
    controller = Shaking(plain)
    params = fields.flatten(controller.parameters({}))[None]
    traces = []
    for body in (plain, seeing):
        sim = Simulator(body, controller, duration=STEPS * DT, control_dt=DT, termination=NEVER)
        (episode,) = sim.run(params, [draw(body, (3, 0), duration=STEPS * DT)])
        traces.append([episode[name].tobytes() for name in ("qpos", "sensordata", "ground_force")])
    assert traces[0] == traces[1]


@pytest.mark.parametrize("segment", [0, 7])
def test_bytes_depend_neither_on_threads_nor_on_segments(tmp_path, segment):
    """More simulations than threads: each mjData serves several of them between segments."""
    body = witnessing(tmp_path, interval=3 * DT)
    expected = [trace.tobytes() for trace, _ in episodes(body, 5, threads=1)]
    found = episodes(body, 5, threads=2, segment_steps=segment, between=lambda *_: None)
    assert [trace.tobytes() for trace, _ in found] == expected


def test_it_sees_from_a_camera(tmp_path):
    def mount(spec):
        camera = spec.body(plain.torso_frame).add_camera()
        camera.name, camera.pos = "eye", (0.1, 0.0, 0.05)

    plain = biped.build()
    body = witnessing(tmp_path, body=plain.changed(mount), camera="eye")
    data = mujoco.MjData(body.model)
    mujoco.mj_resetDataKeyframe(body.model, data, 0)
    mujoco.mj_forward(body.model, data)
    found = shown_at_start(body)
    np.testing.assert_allclose(found[:3], 2 * data.camera("eye").xpos, atol=1e-12)
    np.testing.assert_allclose(found[3:6], data.camera("eye").xmat.reshape(3, 3)[:, 0], atol=1e-12)


def shown_at_start(body):
    """The readings of the first step in the home keyframe."""
    controller = Shaking(body)
    sim = Simulator(body, controller, duration=DT, control_dt=DT, termination=NEVER)
    params = fields.flatten(controller.parameters({}))[None]
    (episode,) = sim.run(params, [draw(body, (3, 0), duration=DT)])
    return felt(episode, "witness")[0]


# Rollouts


def test_rollouts_sense_and_forget_between_episodes(tmp_path):
    file = tmp_path / "witness.py"
    file.write_text(WITNESS)
    simulations = rollouts(tmp_path, f"sensors.witness.source={file}", steps=120)
    shape = (120, simulations.simulations, simulations.outputs)
    experience = simulations.collect(np.random.default_rng(0).standard_normal(shape))

    observation = simulations.experiment.morphology.observation
    at = fields.place(observation, "witness").start + 6
    count, ending = experience.obs[..., at], experience.ending
    expected = np.ones(simulations.simulations)
    np.testing.assert_array_equal(count[0], expected)
    for t in range(120):
        over = ending[t] > 0
        np.testing.assert_array_equal(experience.final[t][over, at], 1 + expected[over])
        expected = np.where(over, 1, 1 + expected)
        np.testing.assert_array_equal(count[t + 1], expected)
    assert (ending > 0).any()


# Faults


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("raise ValueError('no')", r"Sensor 'witness' raised an exception"),
        ("readings[1] = readings[0] / 0.0", r"'witness' gave a number that is not finite"),
    ],
)
def test_one_that_fails_is_named_with_the_time(tmp_path, line, words):
    failing = f"    if memory.count > 4:\n        {line}\n    readings[6]"
    body = witnessing(tmp_path, WITNESS.replace("    readings[6]", failing))
    with pytest.raises(SpecError, match=rf"0\.08 s into the episode: .*{words}"):
        episodes(body)


def test_a_function_that_cannot_be_compiled_is_told_with_the_reason(tmp_path):
    body = witnessing(tmp_path, WITNESS.replace("params.scale", "params.sclae"))
    with pytest.raises(SpecError, match=r"cannot compile the sensor 'witness': .*sclae"):
        episodes(body)


def test_a_camera_that_is_not_there_is_told_with_those_that_are(tmp_path):
    with pytest.raises(UnknownNameError, match=r"sensors\.witness\.camera: Unknown camera 'nose'"):
        episodes(witnessing(tmp_path, camera="nose"))


def test_a_robot_has_no_state_to_compute_it_from(tmp_path):
    file = tmp_path / "witness.py"
    file.write_text(WITNESS)
    experiment = Experiment(read(runs()["biped_fast"], [f"sensors.witness.source={file}"]))
    with pytest.raises(ControllerError, match=r"computed from MuJoCo's state.*witness"):
        Host(experiment, np.full(len(experiment.space), 0.5))
