"""Hand poses that are proposed in a cloud, and what is learned of them."""

import mujoco
import numpy as np
import pytest
import torch

from evoloco.fields import Array
from evoloco.morphologies import hopper
from evoloco.perception.grasp import cloud as grasp_cloud
from evoloco.perception.grasp import scene as grasp_scene
from evoloco.perception.grasp.candidates import CLEARANCE, STEEPEST, Hands, candidates
from evoloco.perception.grasp.closing import CHANNELS, FULL, antipodal, pictures
from evoloco.perception.grasp.cloud import Cloud
from evoloco.perception.grasp.gripper import HALF_OPEN, HALF_WIDTH, LENGTH, THICK
from evoloco.perception.grasp.network import half_turned
from evoloco.perception.grasp.poses_lesson import GraspPosesLesson, auc
from evoloco.perception.grasp.scene import EYE, TRAIN, Scene, random_scene
from evoloco.perception.need import Eye, Seen
from evoloco.perception.pose import unflat
from evoloco.perception.rays import cast
from evoloco.sensors import grasp_poses
from evoloco.sensors.grasp_poses import GraspPoses

DOWNWARD = np.eye(3)[None]
"""A hand that comes from above and closes along the x axis (1, 3, 3)."""


def cube(half: float, turned: float = 0.0) -> Cloud:
    """Four sides of a cube in the middle of the table, each a grid of points, turned [rad]."""
    steps = np.linspace(-half, half, 15)
    u, v = (part.ravel() for part in np.meshgrid(steps, steps + half))
    points, normals = [], []
    for side in np.arange(4) * np.pi / 2 + turned:
        normal = np.array([np.cos(side), np.sin(side), 0])
        along = np.array([-normal[1], normal[0], 0])
        points.append(half * normal + u[:, None] * along + v[:, None] * np.eye(3)[2])
        normals.append(np.tile(normal, (len(u), 1)))
    return Cloud(np.concatenate(points), np.concatenate(normals))


def hand(*point: float) -> Hands:
    return Hands(np.array([point]), DOWNWARD)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return random_scene(np.random.default_rng(0), TRAIN, 3, 0.05)


@pytest.fixture(scope="module")
def cloud(scene: Scene) -> Cloud:
    return grasp_cloud.seen(scene, np.random.default_rng(1))


@pytest.fixture(scope="module")
def hands(cloud: Cloud) -> Hands:
    return candidates(cloud, np.random.default_rng(2))


# Clouds


def test_what_is_measured_lies_on_the_surface_but_for_the_noise(scene: Scene, cloud: Cloud) -> None:
    surface = grasp_cloud.whole(scene).points
    nearest = [np.linalg.norm(surface - point, axis=1).min() for point in cloud.points[::10]]
    # Points of the surface are 4 mm apart, and a rare point is the table's with a large error.
    assert np.percentile(nearest, 95) < 0.005


def test_normals_of_a_measured_plane_are_those_of_the_plane() -> None:
    rng = np.random.default_rng(0)
    flat = np.column_stack([rng.uniform(-0.05, 0.05, (2000, 2)), np.full(2000, 0.03)])
    found = grasp_cloud.measured(flat, np.array([0, 0, 0.5]))
    assert found.normals == pytest.approx(np.tile([0, 0, 1.0], (len(found.points), 1)), abs=1e-6)


def test_points_on_the_table_are_left_out() -> None:
    flat = np.random.default_rng(0).uniform(-0.1, 0.1, (500, 3)) * [1, 1, 0.01]
    assert len(grasp_cloud.measured(flat, np.array([0, 0, 0.5])).points) == 0


# Hands


def test_fingers_of_a_proposed_hand_touch_nothing_that_is_seen(cloud: Cloud, hands: Hands) -> None:
    assert len(hands) > 50
    for point, rotation in zip(hands.points, hands.rotations, strict=True):
        x, y, z = rotation.T @ (cloud.points - point).T
        # A hand may have been drawn back from the table along its own axis, which frees more.
        finger = (abs(x) > HALF_OPEN) & (abs(x) < HALF_OPEN + THICK) & (abs(y) < HALF_WIDTH)
        assert not (finger & (z > 0) & (z < LENGTH)).any()
        assert ((abs(x) < HALF_OPEN) & (abs(y) < HALF_WIDTH)).any()


def test_proposed_hands_are_rotations_that_come_from_above_and_stay_over_the_table(
    hands: Hands,
) -> None:
    for point, rotation in zip(hands.points, hands.rotations, strict=True):
        assert rotation.T @ rotation == pytest.approx(np.eye(3), abs=1e-9)
        assert np.linalg.det(rotation) == pytest.approx(1)
        assert rotation[2, 2] >= STEEPEST
        corners = [
            point + rotation @ (x, y, 0)
            for x in (-HALF_OPEN - THICK, HALF_OPEN + THICK)
            for y in (-HALF_WIDTH, HALF_WIDTH)
        ]
        assert min(corner[2] for corner in corners) >= CLEARANCE - 1e-9


# Friction cones


def test_parallel_faces_of_a_cube_are_antipodal_and_faces_at_45_degrees_are_not() -> None:
    assert antipodal(cube(0.02), hand(0, 0, 0.005)).tolist() == [True]
    assert antipodal(cube(0.02, np.pi / 4), hand(0, 0, 0.005)).tolist() == [False]


@pytest.mark.parametrize(("degrees", "held"), [(15, True), (25, False)])
def test_the_friction_cone_is_20_degrees_wide_to_either_side(degrees: float, held: bool) -> None:
    flat = cube(0.02)
    tilt = np.radians(degrees)
    lifted = np.cos(tilt) * flat.normals + np.sin(tilt) * np.eye(3)[2]
    assert antipodal(Cloud(flat.points, lifted), hand(0, 0, 0.005)).tolist() == [held]


def test_one_face_alone_holds_nothing() -> None:
    whole = cube(0.02)
    left = whole.points[:, 0] < -0.019
    assert not antipodal(Cloud(whole.points[left], whole.normals[left]), hand(0, 0, 0.005)).any()


# Pictures


def test_a_face_is_pictured_with_its_normal_and_its_height() -> None:
    face = Cloud(np.array([[0.0, 0.0, 0.015]]), np.array([[0.0, 0.6, 0.8]]))
    (drawn,) = pictures(face, hand(0, 0, 0))
    assert drawn.shape[0] == CHANNELS
    assert np.count_nonzero((drawn != 0).any(axis=0)) == 2  # two views meet in one cell
    front = drawn[:4, 10, 10]
    assert front.tolist() == [0, round(0.6 * FULL), round(0.8 * FULL), round(0.25 * FULL)]


def test_half_a_turn_of_the_hand_turns_its_pictures(cloud: Cloud, hands: Hands) -> None:
    other = Hands(hands.points, hands.rotations * [-1, -1, 1])
    turned = half_turned(torch.from_numpy(pictures(cloud, hands))).numpy().astype(int)
    differs = np.abs(turned - pictures(cloud, other).astype(int))
    assert np.mean(differs > 1) < 2e-3  # points on the border of two cells, and rounding


def test_half_a_turn_of_the_hand_changes_no_label(scene: Scene, hands: Hands) -> None:
    surface = grasp_cloud.whole(scene)
    other = Hands(hands.points, hands.rotations * [-1, -1, 1])
    labels = antipodal(surface, hands)
    assert 0 < labels.sum() < len(labels)
    assert (labels == antipodal(surface, other)).all()


# The lesson


def test_the_area_under_the_curve_is_the_chance_that_a_true_one_scores_higher() -> None:
    true = np.array([1, 0, 1, 0])
    assert auc(np.array([4, 3, 2, 1]), true) == 0.75
    assert auc(np.zeros(4), true) == 0.5
    assert np.isnan(auc(np.arange(4), np.ones(4)))


def test_equal_draws_give_equal_examples_and_what_lifts_is_a_success() -> None:
    lesson = GraspPosesLesson()
    one, same = (lesson.examples(2, "clutter", seed=5) for _ in range(2))
    for name, array in one.items():
        assert array.tobytes() == same[name].tobytes()
    assert (one["objects"] >= 3).all()

    lifts = np.asarray(one["lifts"])
    assert lifts.any()
    assert lesson.right(one, {"score": lifts}).tolist() == lifts.any(axis=1).tolist()
    assert lesson.right(one, {"score": ~lifts}).tolist() == lifts.all(axis=1).tolist()


# The sensor


def shown(scene: Scene, place: Array) -> Seen:
    """What a camera at a place that looks at the middle of the table shows."""
    away = place / np.linalg.norm(place)
    right = np.cross([0, 0, 1.0], away)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(away, right), away], axis=1)
    camera = scene.model.camera(EYE).id
    scene.model.cam_pos[camera] = place
    mujoco.mju_mat2Quat(scene.model.cam_quat[camera], rotation.ravel())
    mujoco.mj_camlight(scene.model, scene.data)

    size = grasp_cloud.SIDE
    directions = grasp_cloud.DIRECTIONS
    distances, geoms, _ = cast(scene.model, scene.data, camera, directions, grasp_cloud.REACH)
    return Seen(
        scene.model,
        scene.data,
        Eye(place, rotation, grasp_cloud.FIELD_OF_VIEW),
        distances=distances.reshape(size, size),
        geoms=geoms.reshape(size, size),
    )


def test_the_sensor_tells_a_pose_at_the_object_in_the_frame_of_the_robot() -> None:
    spec = grasp_scene.table()
    body = spec.worldbody.add_body(name="object0", pos=[0.03, -0.02, 0.03])
    body.add_freejoint()
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.02, 0.02, 0.03], group=1)
    scene = Scene(spec)

    reader = GraspPoses("hand")
    answer = reader.read(shown(scene, np.array([-0.3, 0.1, 0.5])), np.zeros(9))
    assert answer is not None
    assert len(answer) == len(reader.channels)
    assert 0 < answer[-2] <= 1
    parked = scene.data.body("hand").xpos
    point = unflat(answer[:7]).translation + parked
    assert np.linalg.norm(point[:2] - [0.03, -0.02]) < 0.04  # between the fingers
    assert 0 < point[2] < 0.06


def test_the_sensor_sees_nothing_on_an_empty_table_whatever_the_gripper_does() -> None:
    scene = Scene(grasp_scene.table())
    scene.data.qpos[2] = 0.05
    mujoco.mj_forward(scene.model, scene.data)
    assert GraspPoses("hand").read(shown(scene, np.array([-0.3, 0.1, 0.5])), np.zeros(9)) is None


def test_making_the_sensor_reads_no_weights() -> None:
    made = grasp_poses.sensor(hopper.build(), weights="there is none")
    assert made.channels == GraspPoses.channels
    assert len(made.unit.split(",")) == len(made.channels)
