"""Learned sensors: what readers are shown, and what becomes of their answers."""

import math
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from evoloco import fields
from evoloco.cameras import mounted
from evoloco.errors import EvolocoError, SpecError, UnknownNameError
from evoloco.fitting import fitted
from evoloco.genome import Gene, Space
from evoloco.morphologies import hopper, muscle_biped
from evoloco.perception.cast import picture as directions
from evoloco.perception.learned import Learned
from evoloco.perception.need import Rays, Readings, State, Touch
from evoloco.perception.shutter import motion
from evoloco.scenario import Termination, draw
from evoloco.sensor import Noise, Reading, Sensor
from evoloco.sim import simulator
from evoloco.sim.batch import Batch
from evoloco.sim.simulator import Simulator
from evoloco.spec import CameraSpec, SensorSpec

DT, STEPS = 0.02, 60
NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)
OPTIONS = {"control_dt": DT, "termination": NEVER, "ramp": 0.0, "threads": 2}


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


class Sighting:
    """Sees the time of the simulation in some control steps, and answers in `blind` in others."""

    needs = State()
    channels = ("time", "confidence", "age")

    def __init__(self, seen, blind=None):
        self.seen, self.blind = seen, blind

    def read(self, seen, previous):
        time = seen.data.time
        return np.array([time, 0.8, -7.0]) if self.seen(round(time / DT)) else self.blind


class Counting:
    """Counts its own answers, and tells how old the one before is."""

    needs = State()
    channels = ("count", "previous_age", "confidence", "age")

    def read(self, seen, previous):
        return np.array([previous[0] + 1, previous[-1], 1.0, 0.0])


class Feeling:
    """The readings of the first touch sensor in the last three control steps."""

    needs = Touch(history=3)
    channels = ("before_last", "last", "now", "confidence", "age")

    def read(self, seen, previous):
        return np.array([*seen.touch[:, 0], 1.0, 0.0])


class Remembering:
    """The torso's height in two control steps, and a force in one, of sensors by their names."""

    needs = (Readings(("foot.load_front", "torso.position"), history=2), Touch(history=1))
    channels = ("front", "last_height", "height", "touch", "confidence", "age")

    def read(self, seen, previous):
        (_, *last), (front, *now) = seen.readings
        return np.array([front, last[2], now[2], seen.touch[0, 0], 1.0, 0.0])


def watched(body, reader, camera="", **settings):
    """A body with a learned sensor `seen`."""
    source = Learned(reader, camera)
    sensor = Sensor("seen", reader.channels, "1", "what a test sees", source, **settings)
    return fitted_with(body, sensor)


def fitted_with(body, sensor):
    return replace(body, fitted=(*body.sensors, sensor))


def episodes(body, count=1, **options):
    """Episodes of a body that shakes, in scenarios of their own."""
    controller = Shaking(body)
    sim = Simulator(body, controller, **{**OPTIONS, "duration": STEPS * DT, **options})
    draws = [draw(body, (3, k), duration=STEPS * DT, joint_noise=0.05) for k in range(count)]
    params = fields.flatten(controller.parameters({}))[None]
    return [replace(one, trace=one.trace.copy()) for one in sim.run(params, draws)]


def felt(episode, name="seen"):
    """What the controller felt of a sensor, by channel (T,)."""
    start = episode.columns.slices["obs"].start
    layout = episode.morphology.observation
    where = fields.place(layout, name)
    rows = episode.trace[:, start + where.start : start + where.stop]
    (sensor,) = [one for one in episode.morphology.sensors if one.name == name]
    return dict(zip(sensor.channels, rows.T, strict=True))


@pytest.fixture(scope="module")
def body():
    return hopper.build()


def often(step):
    return step % 7 in (0, 1, 4)


# Confidence and age


@pytest.mark.parametrize("interval", [0, 3])
@pytest.mark.parametrize("delay", [0, 1, 4])
@pytest.mark.parametrize("seen", [often, lambda step: step == 12, lambda step: step > 30])
def test_the_time_that_was_seen_and_its_age_are_now_whatever_interval_and_delay(
    body, interval, delay, seen
):
    one = watched(body, Sighting(seen), interval=interval * DT, delay=delay * DT)
    (episode,) = episodes(one)
    found = felt(episode)
    np.testing.assert_allclose(found["time"] + found["age"], episode.time, atol=1e-12)
    sampled = np.arange(STEPS) - delay
    sampled = np.maximum(sampled - sampled % max(interval, 1), 0)
    detected = np.array([seen(step) for step in sampled])
    np.testing.assert_array_equal(found["confidence"], np.where(detected, 0.8, 0.0))


@pytest.mark.parametrize("delay", [1, 5])
def test_a_delay_of_k_shifts_values_by_k_and_makes_them_k_steps_older(body, delay):
    prompt, late = (
        felt(*episodes(watched(body, Sighting(often), delay=k * DT))) for k in (0, delay)
    )
    for channel in ("time", "confidence"):
        np.testing.assert_array_equal(late[channel][delay:], prompt[channel][:-delay])
    older = prompt["age"][:-delay] + delay * DT
    np.testing.assert_allclose(late["age"][delay:], older, atol=1e-12)


@pytest.mark.parametrize(
    "blind",
    [
        np.array([np.nan, 1.0, 0.0]),
        np.array([np.inf, 1.0, 0.0]),
        np.array([3.0, np.nan, 0.0]),
        np.array([3.0, 0.0, 0.0]),
        np.array([3.0, -0.1, 0.0]),
    ],
)
def test_what_is_no_detection_leaves_the_values_before_with_a_confidence_of_0(body, blind):
    (none,) = episodes(watched(body, Sighting(often)))
    (other,) = episodes(watched(body, Sighting(often, blind)))
    assert np.isfinite(none.trace).all()
    assert other.trace.tobytes() == none.trace.tobytes()


def test_noise_leaves_the_age_alone(body):
    noise = Noise(gaussian=0.3, bias=0.2, quantum=0.7)
    (plain,) = episodes(watched(body, Sighting(often)))
    (noisy,) = episodes(watched(body, Sighting(often), noise=noise))
    np.testing.assert_array_equal(felt(noisy)["age"], felt(plain)["age"])
    assert not np.array_equal(felt(noisy)["time"], felt(plain)["time"])


def test_a_sensor_that_the_kernel_reads_has_an_age_too(body):
    height = Reading("torso.position", 2), Reading("torso.position", 2, shift=100.0)
    always = Sensor(
        "sure", ("confidence", "age"), "1, s", "", (height[0], height[0]), interval=4 * DT
    )
    never = Sensor("unsure", ("confidence", "age"), "1, s", "", (height[1], height[1]))
    (episode,) = episodes(fitted_with(fitted_with(body, always), never))
    np.testing.assert_allclose(felt(episode, "sure")["age"], np.arange(STEPS) % 4 * DT)
    np.testing.assert_allclose(felt(episode, "unsure")["age"], episode.time, atol=1e-12)


# What is kept between readings


def test_a_reader_gets_its_own_answer_before_with_its_present_age(body):
    (episode,) = episodes(watched(body, Counting(), interval=5 * DT))
    found = felt(episode)
    np.testing.assert_array_equal(found["count"], 1 + np.arange(STEPS) // 5)
    np.testing.assert_allclose(found["previous_age"][5:], 5 * DT)
    np.testing.assert_array_equal(found["previous_age"][:5], 0)


@pytest.mark.parametrize("reader", [Counting(), Sighting(often)])
def test_simulations_that_begin_at_different_times_live_the_same_episode(body, reader):
    one = watched(body, reader, interval=2 * DT, delay=DT)
    controller, alone = Shaking(one), episodes(one, 3)
    params = fields.flatten(controller.parameters({}))[None]
    sim = Simulator(one, controller, **OPTIONS, duration=STEPS * DT)
    draws = [draw(one, (3, k), duration=STEPS * DT, joint_noise=0.05) for k in range(3)]
    settings = sim.settings(draws)[0]

    batch = Batch(one, controller, capacity=2, steps=STEPS, **OPTIONS)
    first, second = np.array([0], np.int32), np.array([1], np.int32)
    batch.load(first, params, settings[:1], np.array([0]))
    batch.advance(13)
    batch.load(second, params, settings[1:2], np.array([0]))
    batch.advance(STEPS - 13)
    assert batch.episode(0).trace.tobytes() == alone[0].trace.tobytes()
    batch.load(first, params, settings[2:], np.array([0]))
    batch.advance(STEPS)
    assert batch.episode(1).trace.tobytes() == alone[1].trace.tobytes()
    assert batch.episode(0).trace.tobytes() == alone[2].trace.tobytes()


def test_readings_depend_neither_on_batch_nor_on_threads(body, monkeypatch):
    one = watched(body, Counting(), interval=2 * DT)
    expected = [episode.trace.tobytes() for episode in episodes(one, 5, threads=1)]
    assert [episode.trace.tobytes() for episode in episodes(one, 5, threads=2)] == expected
    monkeypatch.setattr(simulator, "TRACE_BYTES", 2 * 8 * STEPS * 120)
    assert [episode.trace.tobytes() for episode in episodes(one, 5)] == expected


# What readers are shown


@pytest.mark.parametrize("interval", [0, 4])
def test_touch_is_what_the_trace_has_of_the_last_control_steps(body, interval):
    (episode,) = episodes(watched(body, Feeling(), interval=interval * DT))
    force = episode.sensor("foot.load_front")[:, 0]
    sampled = np.arange(STEPS)
    sampled -= sampled % max(interval, 1)
    assert np.ptp(force) > 0
    for back, channel in enumerate(("now", "last", "before_last")):
        expected = force[np.maximum(sampled - back, 0)]
        np.testing.assert_array_equal(felt(episode)[channel], expected)


def test_named_sensors_are_read_as_the_trace_has_them(body):
    (episode,) = episodes(watched(body, Remembering()))
    found, height = felt(episode), episode.sensor("torso.position")[:, 2]
    np.testing.assert_array_equal(found["height"], height)
    np.testing.assert_array_equal(found["last_height"], np.append(height[:1], height[:-1]))
    np.testing.assert_array_equal(found["front"], episode.sensor("foot.load_front")[:, 0])
    np.testing.assert_array_equal(found["touch"], found["front"])


def test_a_body_without_a_named_sensor_is_told_which_there_are(body):
    class Absent(Feeling):
        needs = Readings(("torso.position", "torso.smell"), history=3)

    with pytest.raises(EvolocoError, match=r"sensor 'torso.smell'. Known: .*torso.position"):
        episodes(watched(body, Absent()))


def test_a_batch_that_keeps_no_trace_keeps_what_touch_asks_for(body):
    one = watched(body, Feeling())
    (episode,) = episodes(one)
    controller = Shaking(one)
    params = fields.flatten(controller.parameters({}))[None]
    scenario = draw(one, (3, 0), duration=STEPS * DT, joint_noise=0.05)
    settings = Simulator(one, controller, **OPTIONS, duration=DT).settings([scenario])[0]
    batch = Batch(one, controller, capacity=1, steps=STEPS, rows=1, **OPTIONS)
    batch.load(np.array([0], np.int32), params, settings, np.array([0]))
    for step in range(1, 9):
        batch.advance(1)
        start = episode.columns.slices["obs"].start
        width = batch.obs.shape[1]
        np.testing.assert_array_equal(batch.obs[0], episode.trace[step, start : start + width])


class Distances:
    """The least and the greatest height of where rays end, and the eye's."""

    needs = Rays(width=8, height=6, field_of_view=60.0, reach=50.0)
    channels = ("low", "high", "eye", "ground", "confidence", "age")

    def read(self, seen, previous):
        rays = directions(8, 6, 60.0) @ seen.eye.rotation.T
        heights = seen.eye.position[2] + seen.distances.ravel() * rays[:, 2]
        floor = {int(geom) for geom in seen.geoms.ravel()}
        ground = floor == {seen.model.geom("floor").id}
        return np.array([heights.min(), heights.max(), seen.eye.position[2], ground, 1.0, 0.0])


def test_rays_from_a_camera_that_looks_down_end_on_the_ground(body):
    eye = {"down": CameraSpec(position=(0.3, 0.0, 0.1), pitch=70.0)}
    (episode,) = episodes(watched(mounted(body, eye), Distances(), interval=5 * DT))
    found = felt(episode)
    level = found["ground"] == 1
    assert level[0]
    np.testing.assert_allclose(found["low"][level], 0, atol=1e-9)
    np.testing.assert_allclose(found["high"][level], 0, atol=1e-9)
    assert np.ptp(found["eye"]) > 0.01


@pytest.mark.parametrize("pitch", [-30.0, 0.0, 90.0])
def test_an_added_camera_looks_where_the_run_file_says_and_weighs_nothing(body, pitch):
    seeing = mounted(body, {"eye": CameraSpec(position=(0.1, 0.02, 0.3), pitch=pitch)})
    data = mujoco.MjData(seeing.model)
    mujoco.mj_resetDataKeyframe(seeing.model, data, 0)
    mujoco.mj_forward(seeing.model, data)
    torso = data.body(seeing.torso_frame).xmat.reshape(3, 3)
    axes = torso.T @ data.camera("eye").xmat.reshape(3, 3)
    down = math.radians(pitch)
    np.testing.assert_allclose(-axes[:, 2], [math.cos(down), 0, -math.sin(down)], atol=1e-12)
    np.testing.assert_allclose(axes[:, 0], [0, -1, 0], atol=1e-12)
    (told,) = set(seeing.told) - set(body.told)
    assert "Camera 'eye' is added to" in told
    np.testing.assert_array_equal(seeing.model.body_mass, body.model.body_mass)
    (plain,), (watching,) = episodes(body), episodes(seeing)
    assert watching.trace.tobytes() == plain.trace.tobytes()


# Errors


def test_a_camera_that_is_not_there_is_told_before_an_episode_with_those_there_are(body):
    seeing = mounted(body, {"left": CameraSpec(), "right": CameraSpec(position=(0.1, 0, 0))})
    with pytest.raises(UnknownNameError, match=r"sensors\.seen: .*'lft'.*Known: left, right"):
        episodes(watched(seeing, Distances(), "lft"))
    with pytest.raises(EvolocoError, match=r"sensors\.seen: Say with `camera`.*left, right"):
        episodes(watched(seeing, Distances()))
    with pytest.raises(EvolocoError, match=r"sensors\.seen: .*none; \[cameras\.NAME\] adds one"):
        episodes(watched(body, Distances()))


def test_cameras_that_cannot_be_added_are_told(body):
    with pytest.raises(UnknownNameError, match=r"cameras\.eye\.on: Unknown body 'trso'.*'torso'"):
        mounted(body, {"eye": CameraSpec(on="trso")})
    seeing = mounted(body, {"eye": CameraSpec()})
    with pytest.raises(SpecError, match=r"cameras\.eye: the model has a camera 'eye' already"):
        mounted(seeing, {"eye": CameraSpec()})


def test_a_body_without_touch_sensors_is_told():
    with pytest.raises(EvolocoError, match=r"sensors\.seen: .*no touch sensors"):
        episodes(watched(muscle_biped.build(), Feeling()))


def test_a_reader_whose_answer_has_another_shape_is_told_before_an_episode(body):
    with pytest.raises(EvolocoError, match=r"sensors\.seen: .*\(3,\) \(channels,\), not \(2,\)"):
        episodes(watched(body, Sighting(lambda _: False, np.zeros(2))))


def test_a_reader_without_confidence_and_age_is_told():
    class Bare(Sighting):
        channels = ("time",)

    with pytest.raises(EvolocoError, match=r"end with 'confidence' and 'age', not time"):
        Learned(Bare(often))
    twice = Sighting(often)
    twice.needs = (Touch(1), Touch(2))
    with pytest.raises(EvolocoError, match="one kind twice"):
        Learned(twice)


def test_a_user_may_set_interval_delay_and_noise_of_a_learned_sensor(body, tmp_path):
    (tmp_path / "seen.py").write_text(
        "import numpy as np\n"
        "from evoloco.perception.learned import Learned\n"
        "from evoloco.perception.need import State\n"
        "from evoloco.sensor import Sensor\n\n\n"
        "class Reader:\n"
        "    needs, channels = State(), ('time', 'confidence', 'age')\n\n"
        "    def read(self, seen, previous):\n"
        "        return np.array([seen.data.time, 1.0, 0.0])\n\n\n"
        "def sensor(morphology):\n"
        "    reader = Reader()\n"
        "    return Sensor('seen', reader.channels, 's, 1, s', 'time', Learned(reader))\n"
    )
    table = {"source": str(tmp_path / "seen.py"), "interval": 3 * DT, "delay": 2 * DT}
    one = fitted(body, {"seen": SensorSpec.model_validate(table)})
    (episode,) = episodes(one)
    found = felt(episode)
    sampled = np.maximum(3 * ((np.arange(STEPS) - 2) // 3), 0)
    np.testing.assert_allclose(found["time"], sampled * DT, atol=1e-12)
    np.testing.assert_allclose(found["age"], (np.arange(STEPS) - sampled) * DT, atol=1e-12)


# What is lost, and what blurs


@pytest.mark.parametrize("seen", [often, lambda step: True])
def test_a_sensor_with_an_age_loses_what_it_saw_together_with_its_date(body, seen):
    (lossy,) = episodes(watched(body, Sighting(seen), noise=Noise(dropout=0.5)))
    (plain,) = episodes(watched(body, Sighting(seen)))
    found = felt(lossy)
    np.testing.assert_allclose(found["time"] + found["age"], lossy.time, atol=1e-12)
    assert found["age"].sum() > felt(plain)["age"].sum()


def test_noise_leaves_the_confidence_alone(body):
    noise = Noise(gaussian=0.3, bias=0.2, student_t=0.1, quantum=0.7)
    (noisy,) = episodes(watched(body, Sighting(often), noise=noise))
    assert set(felt(noisy)["confidence"]) == {0.0, 0.8}


def test_the_scene_of_a_turning_camera_moves_as_the_place_of_a_far_point_does():
    spec = mujoco.MjSpec()
    head = spec.worldbody.add_body(name="head")
    head.add_joint(type=mujoco.mjtJoint.mjJNT_BALL)
    head.add_geom(size=(0.1, 0.1, 0.1))
    head.add_camera(name="eye", fovy=50.0, quat=(0.5, 0.5, -0.5, -0.5))
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[:] = np.array([0.9, 0.1, -0.2, 0.3]) / np.linalg.norm([0.9, 0.1, -0.2, 0.3])
    data.qvel[:] = 0.2, -0.5, 0.7

    def places():
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_camlight(model, data)
        return data.cam_xmat[0].reshape(3, 3).copy()

    height, dt = 60, 1e-6
    before = places()
    velocity = motion(model, data, 0, height)
    far = -before[:, 2]
    mujoco.mj_integratePos(model, data.qpos, data.qvel, dt)
    x, y, z = far @ places()
    focal = 0.5 * height / math.tan(math.radians(25.0))
    np.testing.assert_allclose(velocity, np.array([x, -y]) * focal / -z / dt, rtol=1e-4)


def test_a_sensor_without_pictures_has_no_shutter(body):
    with pytest.raises(SpecError, match=r"joint_angle\.shutter: this sensor reads no pictures"):
        fitted(body, {"joint_angle": SensorSpec(shutter=0.01)})
