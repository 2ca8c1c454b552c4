"""A profile of the terrain from rays, beside the function that gives the ground's height."""

import mujoco
import numpy as np
import pytest
from instants import Asked, instant

from evoloco import fields
from evoloco.bundled import runs
from evoloco.errors import SpecError, UnknownNameError
from evoloco.experiment import Experiment
from evoloco.ground import height
from evoloco.individual import Individual
from evoloco.morphologies import biped
from evoloco.perception.cast import NOTHING
from evoloco.perception.hit import hit, listed, places, visible
from evoloco.sensors import terrain_profile
from evoloco.sim.prepared import Body
from evoloco.spec import read

TERRAINS = {
    "level": (),
    "slope": ("name=slope", "angle=0.2"),
    "descent": ("name=slope", "angle=-0.2"),
    "stairs": ("name=stairs", "rise=0.03", "depth=0.2"),
    "stairs down": ("name=stairs", "rise=-0.03", "depth=0.2"),
    "rough": ("roughness=0.03",),
}

SCENE = """
<mujoco>
  <asset>
    <hfield name="hills" nrow="13" ncol="17" size="2 1.5 0.6 0.1"/>
    <mesh name="wedge" vertex="0 0 0  0.5 0 0  0 0.5 0  0 0 0.7  0.4 0.4 0.3"/>
  </asset>
  <worldbody>
    <geom type="plane" size="9 9 1" pos="0 0 -0.5"/>
    <geom type="hfield" hfield="hills" pos="0.3 -0.2 0.1" euler="5 -8 20"/>
    <geom type="box" size="0.2 0.3 0.1" pos="1.5 1 1" euler="30 10 0"/>
    <geom type="capsule" size="0.1 0.3" pos="-1.5 1 1" euler="0 60 0"/>
    <geom type="ellipsoid" size="0.2 0.3 0.1" pos="-1.5 -1 1"/>
    <geom type="mesh" mesh="wedge" pos="0.5 0.5 1"/>
  </worldbody>
</mujoco>
"""


def world(*terrain):
    """A run's body with the sensor, and its model in the world of a scenario."""
    asked = [f"scenario.terrain.{setting}" for setting in (*terrain, "level=0.0") if terrain]
    experiment = Experiment(
        read(runs()["biped_fast"], ["sensors.terrain_profile.points=8", *asked])
    )
    (scenario,) = experiment.training_scenarios(1, 0)
    body = Body(experiment.morphology, 0.5, 0.0)
    return body.morphology, body.placed(scenario).model


def placed(model, data, morphology, random):
    """The frame of a torso that stands somewhere on the terrain, turned and a bit tilted."""
    mujoco.mj_resetDataKeyframe(model, data, 0)
    standing = data.qpos[2]
    turn = np.empty(4)
    mujoco.mju_euler2Quat(turn, random.uniform(-1, 1, 3) * (0.2, 0.2, 0.5), "XYZ")
    data.qpos[:2] = random.uniform(0.5, 3.0), random.uniform(-0.5, 0.5)
    data.qpos[2] = standing + height(model, morphology.floor, *data.qpos[:2, None])[0]
    data.qpos[3:7] = turn
    data.qpos[7:] += random.uniform(-0.6, 0.6, model.nq - 7)
    mujoco.mj_kinematics(model, data)
    return data.body(morphology.torso_frame)


def true_heights(model, morphology, place, forward, ahead):
    """What the function of the ground's height says (points,)."""
    heading = forward[:2] / np.hypot(*forward[:2])
    ground = height(model, morphology.floor, *(place[:2, None] + heading[:, None] * [0.0, *ahead]))
    return ground[1:] - ground[0]


def errors(name, count=100):
    """Errors [m] (places, points) and confidences (places,) on a terrain."""
    morphology, model = world(*TERRAINS[name])
    asked, data = Asked(morphology.sensors[-1]), mujoco.MjData(model)
    random, wrong, confidence = np.random.default_rng(0), [], []
    for _ in range(count):
        torso = placed(model, data, morphology, random)
        found = asked(instant(model, data, torso.xpos, torso.xmat))
        forward = torso.xmat.reshape(3, 3)[:, 0]
        true = true_heights(model, morphology, torso.xpos, forward, asked.params.ahead)
        wrong.append(found[:-2] - true)
        confidence.append(found[-2])
    return np.array(wrong), np.array(confidence)


def test_on_level_ground_every_height_is_zero_wherever_the_legs_are():
    wrong, confidence = errors("level")
    np.testing.assert_allclose(wrong, 0, atol=1e-12)
    assert (confidence == 1).all()


@pytest.mark.parametrize("name", [name for name in TERRAINS if name != "level"])
def test_it_equals_the_height_of_the_ground(name):
    """Between two hits the line differs from the ground, the more the farther ahead."""
    wrong, confidence = errors(name)
    assert np.sqrt((wrong[:, :4] ** 2).mean()) < 0.002
    assert np.sqrt((wrong**2).mean()) < 0.006
    assert (confidence == 1).all()


def test_points_are_sparser_with_distance():
    body = biped.build()
    ahead = terrain_profile.sensor(body, points=5, nearest=0.1, farthest=1.6).source.params["ahead"]
    np.testing.assert_allclose(ahead, [0.1, 0.2, 0.4, 0.8, 1.6])


def test_it_looks_from_a_camera_where_the_camera_faces():
    def mount(spec):
        eye = spec.body(morphology.torso_frame).add_camera()
        eye.name, eye.pos, eye.quat = "eye", (0.1, 0.05, 0.1), turn

    turn = np.empty(4)
    mujoco.mju_euler2Quat(turn, np.radians([60.0, 0.0, -120.0]), "zyx")
    morphology, model = world(*TERRAINS["rough"])
    seeing = morphology.changed(mount)
    sensor = terrain_profile.sensor(seeing, camera="eye")

    # The camera's pose in the model of a rough world, which has none.
    data = mujoco.MjData(model)
    torso = placed(model, data, morphology, np.random.default_rng(3))
    matrix, own = np.empty(9), torso.xmat.reshape(3, 3)
    mujoco.mju_quat2Mat(matrix, turn)
    place, rotation = torso.xpos + own @ (0.1, 0.05, 0.1), own @ matrix.reshape(3, 3)
    found = Asked(sensor)(instant(model, data, place, rotation))
    true = true_heights(model, morphology, place, -rotation[:, 2], sensor.source.params["ahead"])
    np.testing.assert_allclose(found[:-2], true, atol=0.01)
    assert np.ptp(true) > 0.02


def test_rays_hit_where_those_of_mujoco_hit():
    model = mujoco.MjModel.from_xml_string(SCENE)
    random = np.random.default_rng(0)
    model.hfield_data[:] = random.uniform(0, 1, model.hfield_data.size)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)

    geoms, seen_geoms, reach = listed(visible(model, 0)), set(), 6.0
    for _ in range(20):
        eye = random.uniform((-1.5, -1, 1.6), (1.5, 1, 2.0))
        directions = random.normal(size=(60, 3)) - (0, 0, 1.0)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        seen = instant(model, data, eye, np.eye(3))
        distances, found = hit(seen, places(model), geoms, directions, reach)

        expected, ids = np.empty(60), np.empty(60, np.int32)
        flat = directions.ravel()
        mujoco.mj_multiRay(model, data, eye, flat, None, 1, -1, ids, expected, None, 60, reach)
        far = (expected < 0) | (expected > reach)
        np.testing.assert_array_equal(found, np.where(far, NOTHING, ids))
        np.testing.assert_allclose(distances, np.where(far, reach, expected), atol=1e-9)
        seen_geoms |= set(found.tolist())
    assert seen_geoms == {NOTHING, *range(model.ngeom)}


# Lost rays


def profile(*settings):
    """What is felt of the sensor in an episode on rough ground (T, channels)."""
    asked = ("scenario.terrain.roughness=0.03", "scenario.terrain.level=0.0", *settings)
    experiment = Experiment(read(runs()["biped_fast"], asked))
    episode = Individual(experiment, 0, 0, np.full(len(experiment.space), 0.5)).simulate(2.0)
    start = episode.columns.slices["obs"].start
    where = fields.place(episode.morphology.observation, "terrain_profile")
    return episode.trace[:, start + where.start : start + where.stop].copy()


def test_a_lost_ray_keeps_the_height_and_lowers_the_confidence():
    felt = profile("sensors.terrain_profile.dropout=0.3", "sensors.terrain_profile.points=40")
    confidence = felt[:, -2]
    assert confidence[0] == 1
    assert confidence[1:].mean() == pytest.approx(0.7**2, abs=0.05)
    changed = (np.diff(felt[:, :40], axis=0) != 0).sum(axis=1)
    assert (changed <= np.rint(40 * confidence[1:])).all()
    assert changed.sum() > 0.3 * changed.size * 40 * 0.7**2


# Faults


def test_distances_must_rise():
    with pytest.raises(SpecError, match=r"nearest = 2 m must be less than farthest = 1 m"):
        terrain_profile.sensor(biped.build(), nearest=2.0)


def test_a_camera_must_be_there():
    with pytest.raises(UnknownNameError, match=r"terrain_profile\.camera: Unknown camera 'eye'"):
        terrain_profile.sensor(biped.build(), camera="eye")
