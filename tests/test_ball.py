"""The ball sensor in an episode: true places, rays, and measured errors give the same channels."""

import math

import mujoco
import numpy as np
import pytest

from evoloco import fields
from evoloco.errors import EvolocoError, UnknownNameError
from evoloco.fitting import fitted
from evoloco.genome import Gene, Space
from evoloco.morphologies import biped
from evoloco.perception import looks
from evoloco.perception.ground_point import ahead_of, pixel_of
from evoloco.perception.need import Eye
from evoloco.perception.pinhole import Pinhole
from evoloco.perception.pitch import HEIGHT, WIDTH
from evoloco.scenario import Termination, draw
from evoloco.sensors.ball import CHANNELS, sensor
from evoloco.sim.simulator import Simulator
from evoloco.spec import SensorSpec

DT, STEPS = 0.02, 25
NEVER = Termination(min_height=0.0, max_tilt=math.pi, body_contact=False)
RADIUS, BALL = 0.08, np.array([1.2, 0.25, 0.08])
CAMERA, FIELD_OF_VIEW, PITCH = np.array([0.1, 0, 0.1]), 60.0, 0.35
U, V, SPREAD, FORWARD, LEFT, CONFIDENCE, AGE = range(len(CHANNELS))


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


def body(ball=BALL, wall=False, yaw=0.0):
    """A biped with a camera on its torso, and a ball that touches nothing."""
    plain = biped.build()

    def furnish(spec):
        turn = np.empty(4)
        mujoco.mju_mat2Quat(turn, looks.view(yaw, PITCH, 0).ravel())
        spec.body(plain.torso_frame).add_camera(
            name="head", pos=CAMERA, quat=turn, fovy=FIELD_OF_VIEW
        )
        touches = {"contype": 0, "conaffinity": 0}
        sphere, box = mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_BOX
        spec.worldbody.add_geom(
            name="target", type=sphere, size=(RADIUS, 0, 0), pos=ball, **touches
        )
        if wall:
            spec.worldbody.add_geom(type=box, size=(0.01, 1, 0.5), pos=(0.8, 0, 0.3), **touches)

    return plain.changed(furnish)


def felt(morphology, scenarios=1, threads=1, **options):
    """What a shaking body feels of its ball sensor (T, channels), in every scenario."""
    return [reading for reading, _ in episodes(morphology, scenarios, threads, **options)]


def episodes(morphology, scenarios=1, threads=1, **options):
    """What a shaking body feels of its ball sensor, and where its torso is: position, rotation."""
    asked = {"ball": SensorSpec.model_validate({"radius": RADIUS, **options})}
    seeing = fitted(morphology, asked)
    controller = Shaking(seeing)
    given = {"duration": STEPS * DT, "control_dt": DT, "termination": NEVER, "ramp": 0.0}
    simulator = Simulator(seeing, controller, threads=threads, **given)
    params = fields.flatten(controller.parameters({}))[None]
    draws = [draw(seeing, (3, k), duration=STEPS * DT, joint_noise=0.02) for k in range(scenarios)]
    for episode in simulator.run(params, draws):
        start = episode.columns.slices["obs"].start
        where = fields.place(seeing.observation, "ball")
        reading = episode.trace[:, start + where.start : start + where.stop].copy()
        data = episode.trace[:, episode.columns.slices["sensordata"]]
        turns = data[:, seeing.sensor("torso.orientation")]
        yield reading, (data[:, seeing.sensor("torso.position")].copy(), turns.copy())


def expected(position, turn, point):
    """Pixel of a point, and its place ahead of the torso, from the torso's pose alone."""
    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, turn)
    rotation = rotation.reshape(3, 3)
    looking = rotation @ looks.view(0, PITCH, 0)
    eye = Eye(position + rotation @ CAMERA, looking, FIELD_OF_VIEW)
    pixel = pixel_of(point, Pinhole(WIDTH, HEIGHT, FIELD_OF_VIEW), eye)
    return np.append(pixel, ahead_of(point, position, rotation))


def test_the_truth_is_the_projection_of_the_ball_and_its_place_ahead_of_the_torso():
    ((found, (positions, turns)),) = episodes(body(), by="truth")
    assert (found[:, CONFIDENCE] == 1).all()
    assert np.ptp(found[:, U]) > 0.5
    for reading, position, turn in zip(found, positions, turns, strict=True):
        there = reading[[U, V, FORWARD, LEFT]]
        np.testing.assert_allclose(there, expected(position, turn, BALL), atol=1e-9)


def test_rays_find_the_ball_where_it_is():
    (true,) = felt(body(), by="truth")
    (found,) = felt(body(), by="rays")
    seen = found[:, CONFIDENCE] > 0
    assert seen.mean() > 0.95
    apart = np.abs(found - true)[seen]
    ray = WIDTH / 40
    assert np.median(apart[:, [U, V]], axis=0).max() < ray / 2
    assert np.median(apart[:, [FORWARD, LEFT]], axis=0).max() < 0.05
    assert found[seen, SPREAD] == pytest.approx(true[seen, SPREAD], rel=0.6)


@pytest.mark.parametrize("by", ["truth", "rays"])
def test_a_ball_that_is_hidden_or_out_of_view_is_not_detected(by):
    for hidden in (body(wall=True), body(yaw=math.pi)):
        (found,) = felt(hidden, by=by)
        assert (found[:, CONFIDENCE] == 0).all()
        assert (found[:, :CONFIDENCE] == 0).all()
        assert found[:, AGE] == pytest.approx(DT * np.arange(STEPS))


def test_a_geom_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(UnknownNameError, match=r"sensors\.ball\.target.*'ball'.*target"):
        sensor(body(), by="truth", target="ball")


def test_a_camera_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(UnknownNameError, match=r"'chest'.*head"):
        sensor(body(), by="rays", camera="chest")


def test_a_body_without_a_camera_is_refused():
    with pytest.raises(EvolocoError, match=r"\[cameras\.NAME\]"):
        sensor(biped.build(), by="truth", target="floor")
