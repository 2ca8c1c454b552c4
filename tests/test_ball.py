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
from evoloco.perception.ball import errors as ball_errors
from evoloco.perception.ball.pitch import HEIGHT, WIDTH
from evoloco.perception.ground_point import ahead_of, pixel_of
from evoloco.perception.need import Eye
from evoloco.perception.pinhole import Pinhole
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


def test_the_network_finds_the_ball_in_pictures_of_the_episode(monkeypatch):
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    sure = {"threshold": 0.01, "interval": 5 * DT}  # nothing else is there to be taken for it
    (found,) = felt(body(), by="picture", **sure)
    (true,) = felt(body(), by="truth")
    found, true = found[::5], true[::5]
    assert (found[:, CONFIDENCE] > 0).all()
    apart = np.abs(found - true)
    assert np.median(apart[:, [U, V]], axis=0).max() < 2
    assert np.median(apart[:, [FORWARD, LEFT]], axis=0).max() < 0.15


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


ERRORS = {
    "edges": np.array([0.9, 9.0]),
    "missed": np.array([1.0, 0.3]),
    "wrong": np.array([0.0, 0.0]),
    "angle_bias": np.array([0.0, 0.05]),
    "angle_spread": np.array([0.0, 0.02]),
    "range_bias": np.array([0.0, 0.1]),
    "range_spread": np.array([0.0, 0.05]),
    "false": 0.0,
    "false_from": 1.0,
    "false_to": 2.0,
}


@pytest.fixture
def errors(monkeypatch):
    """Errors of a network that nobody has, which are far from those of any other."""
    told = dict(ERRORS)
    monkeypatch.setattr(ball_errors, "shipped", lambda net: told)
    return told


def test_errors_disturb_the_truth_as_much_as_they_were_measured(errors):
    count = 30
    disturbed = felt(body(), count, by="errors")
    true = felt(body(), count, by="truth")
    found, exact = (np.concatenate(several) for several in (disturbed, true))
    seen = found[:, CONFIDENCE] > 0
    samples = count * STEPS
    assert seen.mean() == pytest.approx(0.7, abs=4 * math.sqrt(0.7 * 0.3 / samples))

    def polar(readings):
        return np.arctan2(readings[:, LEFT], readings[:, FORWARD]), np.hypot(
            readings[:, FORWARD], readings[:, LEFT]
        )

    (angle, distance), (true_angle, true_distance) = polar(found[seen]), polar(exact[seen])
    # The errors are about the camera, 0.1 m ahead of the torso: a little smaller from the torso.
    assert np.mean(angle - true_angle) == pytest.approx(0.05, abs=0.008)
    assert np.std(angle - true_angle) == pytest.approx(0.02, abs=0.004)
    assert np.mean(np.log(distance / true_distance)) == pytest.approx(0.1, abs=0.015)
    assert np.std(np.log(distance / true_distance)) == pytest.approx(0.05, abs=0.01)


def test_errors_are_those_of_the_balls_distance(errors):
    (found,) = felt(body(np.array([0.75, 0, 0.08])), by="errors")
    assert (found[:, CONFIDENCE] == 0).all()


def test_a_ball_is_seen_by_error_where_none_is(errors):
    errors["false"] = 0.25
    several = felt(body(yaw=math.pi), 20, by="errors")
    found = np.concatenate(several)
    seen = found[:, CONFIDENCE] > 0
    assert seen.mean() == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / len(found)))
    assert (found[seen, FORWARD] < 0).all()  # the camera looks backward
    away = np.hypot(found[seen, FORWARD] - -0.1, found[seen, LEFT])
    assert away.min() > 0.7
    assert away.max() < 2.3


def test_errors_are_drawn_again_for_the_same_scenario_whatever_the_threads(errors):
    first, again = (felt(body(), 4, threads, by="errors") for threads in (1, 2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[0], first[1])


def test_a_geom_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(UnknownNameError, match=r"sensors\.ball\.target.*'ball'.*target"):
        sensor(body(), by="truth", target="ball")


def test_a_camera_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(UnknownNameError, match=r"'chest'.*head"):
        sensor(body(), by="rays", camera="chest")


def test_a_body_without_a_camera_is_refused():
    with pytest.raises(EvolocoError, match=r"\[cameras\.NAME\]"):
        sensor(biped.build(), by="truth", target="floor")
