"""Grasps from above that are chosen in height maps, and what is learned of tries."""

import mujoco
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from evoloco.errors import EvolocoError
from evoloco.morphologies import hopper
from evoloco.perception.grasp import angle_network as module
from evoloco.perception.grasp import choice as grasp_choice
from evoloco.perception.grasp import scene as grasp_scene
from evoloco.perception.grasp.angle_lesson import TRIES, GraspAngleLesson
from evoloco.perception.grasp.attempt import attempt, planar
from evoloco.perception.grasp.heights import (
    DIRECTIONS,
    FIELD_OF_VIEW,
    LIFTED,
    REACH,
    SIDE,
    Heights,
    above,
)
from evoloco.perception.grasp.scene import EYE, Scene
from evoloco.perception.need import Eye, Seen
from evoloco.perception.rays import cast
from evoloco.sensors import grasp_angle
from evoloco.sensors.grasp_angle import GraspAngle

DEGREES = 180 / module.BINS


def box(yaw: float, half: tuple[float, float, float], place: tuple[float, float]) -> Scene:
    """A box on the table that is turned by a yaw [deg]."""
    spec = grasp_scene.table()
    turn = np.radians(yaw) / 2
    body = spec.worldbody.add_body(
        name="object0", pos=[*place, half[2]], quat=[np.cos(turn), 0, 0, np.sin(turn)]
    )
    body.add_freejoint()
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=half, density=500, group=1)
    return Scene(spec)


def ridge(yaw: float) -> NDArray[np.float32]:
    """A patch with a smooth ridge along a direction [deg], higher at its front end."""
    half = (module.PATCH - 1) / 2
    rows, columns = np.mgrid[: module.PATCH, : module.PATCH]
    x, y = columns - half, half - rows
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    along, across = c * x + s * y, c * y - s * x
    return (np.exp(-((across / 4) ** 2) - (along / 7) ** 2) * (1 + along / 30)).astype(np.float32)


# Height maps


def test_a_map_shows_a_box_where_it_is_and_as_high_as_it_is() -> None:
    heights = above(box(0, (0.03, 0.02, 0.025), (0.05, -0.04)), np.random.default_rng(0))
    rows, columns = heights.pixels.T
    assert heights.places[rows, columns].mean(axis=0) == pytest.approx([0.05, -0.04], abs=0.003)
    assert np.median(heights.heights[rows, columns]) == pytest.approx(0.05, abs=0.002)
    assert abs(np.median(heights.heights)) < 0.001  # the table


# Choices


@pytest.mark.parametrize("yaw", [0, 40, 70, 130])
def test_the_rule_closes_across_the_short_axis_in_the_middle_and_lifts_a_bar(yaw: float) -> None:
    scene = box(yaw, (0.07, 0.015, 0.025), (0.03, 0.02))
    heights = above(scene, np.random.default_rng(1))
    choice = grasp_choice.by_rule(heights)
    apart = (choice[2] * DEGREES - (yaw + 90)) % 180
    assert min(apart, 180 - apart) <= DEGREES
    chosen = grasp_choice.grasp(heights, choice)
    assert chosen.point[:2] == pytest.approx([0.03, 0.02], abs=0.008)
    assert attempt(scene, chosen)


def test_random_choices_are_pixels_of_objects_at_all_angles() -> None:
    heights = above(box(0, (0.03, 0.02, 0.025), (0, 0)), np.random.default_rng(0))
    rng = np.random.default_rng(0)
    chosen = np.array([grasp_choice.at_random(heights, rng) for _ in range(300)])
    assert set(map(tuple, chosen[:, :2])) <= set(map(tuple, heights.pixels))
    assert set(chosen[:, 2]) == set(range(module.BINS))


def test_a_patch_is_centred_on_its_pixel_and_flat_beyond_the_map() -> None:
    heights = Heights(np.zeros((SIDE, SIDE, 2)), np.zeros((SIDE, SIDE)))
    heights.heights[3, 60] = 0.05
    cut = grasp_choice.patch(heights, 3, 60)
    assert cut.shape == (module.PATCH, module.PATCH) == (grasp_choice.PATCH, grasp_choice.PATCH)
    assert np.argwhere(cut).tolist() == [[module.PATCH // 2, module.PATCH // 2]]
    assert cut.max() == 200


# Networks


@pytest.mark.parametrize("turns", [1, 9, 20, 35])
def test_a_patch_that_is_turned_by_bins_shows_the_scene_turned_by_their_angle(turns: int) -> None:
    turned = module.turned(torch.from_numpy(ridge(20))[None], torch.tensor([turns]))[0].numpy()
    assert turned == pytest.approx(ridge(20 + turns * DEGREES), abs=0.03)  # interpolation


def test_tries_are_varied_together_with_their_angles() -> None:
    # The closing direction is along the ridge in every try; so it is in every varied one.
    angles = torch.arange(module.BINS)
    patches = torch.from_numpy(np.stack([ridge(angle * DEGREES) for angle in angles.tolist()]))
    generator = torch.Generator().manual_seed(0)
    shown, turned = module.varied(patches, angles, generator)
    for patch, angle in zip(shown.numpy(), turned.tolist(), strict=True):
        errors = [np.abs(patch - ridge(yaw * DEGREES)).mean() for yaw in range(2 * module.BINS)]
        assert int(np.argmin(errors)) % module.BINS == angle


def test_only_the_angle_that_was_tried_is_taught() -> None:
    network = module.AngleNet().eval()
    patches = torch.rand(3, module.PATCH, module.PATCH)
    logits = network(patches)
    logits.retain_grad()
    network.forward = lambda _: logits
    module.try_loss(network, patches, torch.tensor([4, 7, 0]), torch.tensor([1, 0, 1])).backward()
    assert logits.grad is not None
    assert logits.grad.nonzero().tolist() == [[0, 4], [1, 7], [2, 0]]


# The lesson


def test_parts_of_the_tries_follow_each_other_and_equal_draws_give_equal_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("evoloco.perception.grasp.angle_lesson.FIRST_STEPS", 3)
    lesson = GraspAngleLesson()
    one, same = (lesson.examples(3, "train", seed=2) for _ in range(2))
    for name, array in one.items():
        assert array.tobytes() == same[name].tobytes()
    assert np.asarray(one["part"]).tolist() == [0, 1, 2]
    assert one["held"].shape == (3, TRIES)


def test_an_answer_is_right_if_its_grasp_lifts_something_in_the_scene_that_is_drawn_again() -> None:
    lesson = GraspAngleLesson()
    examples = lesson.examples(4, "test", seed=3)
    chosen = lesson.baselines(examples)["short axis"](examples)
    right = lesson.right(examples, chosen)
    assert right.any()
    beside = {"choice": np.tile([0, 0, 0], (4, 1))}  # a corner of the map, where nothing lies
    assert not lesson.right(examples, beside).any()
    assert (lesson.right(examples, chosen) == right).all()


# The sensor


def shown(scene: Scene, rotation: NDArray[np.float64]) -> Seen:
    """What a camera above the table shows that is turned somehow."""
    camera = scene.model.camera(EYE).id
    scene.model.cam_pos[camera] = [0, 0, LIFTED]
    mujoco.mju_mat2Quat(scene.model.cam_quat[camera], rotation.ravel())
    mujoco.mj_camlight(scene.model, scene.data)
    groups = np.array([1, 1, 1, 0, 0, 0], np.uint8)  # the gripper is out of the way
    distances, geoms, _ = cast(scene.model, scene.data, camera, DIRECTIONS, REACH, groups)
    eye = Eye(np.array([0, 0, LIFTED]), rotation, FIELD_OF_VIEW)
    distances, geoms = (rays.reshape(SIDE, SIDE) for rays in (distances, geoms))
    return Seen(scene.model, scene.data, eye, distances=distances, geoms=geoms)


@pytest.mark.parametrize("heading", [0.0, 90.0])
def test_the_sensor_tells_a_grasp_that_lifts_however_the_camera_is_turned(heading: float) -> None:
    scene = box(30, (0.06, 0.015, 0.025), (0.05, 0.02))
    c, s = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    answer = GraspAngle("hand").read(shown(scene, turned), np.zeros(6))
    assert answer is not None
    x, y, z = answer[:3] + scene.data.body("hand").xpos
    assert 0 < answer[4] <= 1
    apart = (np.degrees(answer[3]) - 120) % 180
    assert min(apart, 180 - apart) < 25
    assert attempt(scene, planar(x, y, answer[3], z))


def test_the_sensor_sees_nothing_on_an_empty_table() -> None:
    empty = shown(Scene(grasp_scene.table()), np.eye(3))
    assert GraspAngle("hand").read(empty, np.zeros(6)) is None


def test_a_camera_that_does_not_look_down_is_told() -> None:
    tilted = np.array([[1, 0, 0], [0, 0.9, -0.436], [0, 0.436, 0.9]])
    with pytest.raises(EvolocoError, match=r"straight down, 0\.9 m above"):
        GraspAngle("hand").read(shown(Scene(grasp_scene.table()), tilted), np.zeros(6))


def test_making_the_sensor_reads_no_weights() -> None:
    made = grasp_angle.sensor(hopper.build(), weights="there is none")
    assert made.channels == GraspAngle.channels
    assert len(made.unit.split(",")) == len(made.channels)
