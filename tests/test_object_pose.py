"""The pose of the known object: from heat maps and depth, and what is learned."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from evoloco.fields import Array
from evoloco.perception.object_pose.estimate import best_fit, corners, estimate
from evoloco.perception.object_pose.lesson import LAYOUT, ObjectLesson
from evoloco.perception.object_pose.network import (
    CELL,
    COLUMNS,
    ROWS,
    Direct,
    HeatMaps,
    direct_loss,
    direct_pose,
    heat_map_loss,
    matrices,
    projected,
    seen_maps,
    true_maps,
)
from evoloco.perception.object_pose.pose_error import add, diameter
from evoloco.perception.object_pose.scene import (
    CAMERA,
    HEIGHT,
    KEYPOINTS,
    WIDTH,
    View,
    Views,
    object_points,
    object_surface,
)
from evoloco.perception.pose import Pose, flat, step, unflat

POINTS = object_points()
DIAMETER = diameter(POINTS)


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, a few pictures each."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


@pytest.fixture(scope="module")
def views() -> list[View]:
    """Views with clutter in front of some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MUJOCO_GL", raising=False)
        with Views() as drawn:
            return list(drawn.several(6, "train", 0))


@pytest.fixture(scope="module")
def examples(views: list[View]) -> dict[str, Array]:
    """The same views, as the lesson has them."""
    return {
        "picture": np.stack([view.picture for view in views]),
        "distances": np.stack([view.distances for view in views]),
        "mask": np.stack([view.mask for view in views]),
        "pose": np.stack([flat(view.pose) for view in views]),
    }


def drawn(view: View) -> tuple[Array, Array]:
    """The heat maps and the outline that a perfect network would give."""
    pixels = CAMERA.pixels(view.pose(KEYPOINTS))
    maps = true_maps(torch.as_tensor(pixels)[None])[0][0].reshape(-1, ROWS, COLUMNS)
    outline = view.mask.reshape(ROWS, CELL, COLUMNS, CELL).mean((1, 3))
    return maps.double().numpy(), outline


def error(found: object, view: View) -> float:
    """ADD over the diameter."""
    return add(found, view.pose, POINTS) / DIAMETER


def test_corners_are_where_true_heat_maps_have_them(views: list[View]) -> None:
    for view in views:
        pixels = CAMERA.pixels(view.pose(KEYPOINTS))
        margin = 2 * CELL
        inside = ((pixels > margin) & (pixels < np.array([WIDTH, HEIGHT]) - margin)).all(1)
        found = corners(drawn(view)[0], CAMERA)
        off = np.abs(found.pixels - pixels)[inside]
        assert off.max() < 0.1 * CELL  # a normal density on a grid has its mean nearly there
        assert found.certainty[inside].min() > 0.9


def test_true_heat_maps_and_depth_give_the_true_pose(views: list[View]) -> None:
    surface = object_surface()
    for view in views:
        found = estimate(*drawn(view), view.distances, surface, CAMERA)
        assert found.coarse is not None
        assert found.pose is not None
        assert error(found.coarse, view) < 0.1
        assert error(found.pose, view) < 0.02
        assert found.confidence > 0.5


def test_depth_corrects_corners_that_are_three_pixels_off(views: list[View]) -> None:
    surface, rng = object_surface(), np.random.default_rng(0)
    coarse, fine = [], []
    for view in views:
        maps, outline = drawn(view)
        moved = [np.roll(one, rng.choice([-1, 0, 1], 2), (0, 1)) for one in maps]
        found = estimate(np.stack(moved), outline, view.distances, surface, CAMERA)
        assert found.coarse is not None
        assert found.pose is not None
        coarse.append(error(found.coarse, view))
        fine.append(error(found.pose, view))
    assert np.median(fine) < 0.02 < np.median(coarse)


def test_of_many_starts_the_one_near_the_truth_wins(views: list[View]) -> None:
    rng, surface, view = np.random.default_rng(1), object_surface(), views[0]
    near = view.pose @ step(np.array([0.2, -0.2, 0.2, 0.01, 0.01, 0.01]))
    others = Rotation.random(5, rng=rng).as_matrix()
    starts = [Pose(turn, view.pose.translation) for turn in others]
    measured = view.distances[view.mask, None] * CAMERA.rays()[view.mask]

    found = best_fit([*starts, near], surface, measured)
    assert error(found.pose, view) < 0.02
    assert error(found.pose, view) < error(near, view)


def test_flat_heat_maps_give_no_pose(views: list[View]) -> None:
    flat_maps = np.full((len(KEYPOINTS), ROWS, COLUMNS), 1 / (ROWS * COLUMNS))
    found = estimate(
        flat_maps, np.zeros((ROWS, COLUMNS)), views[0].distances, object_surface(), CAMERA
    )
    assert found.pose is None
    assert found.confidence == 0


def test_without_a_ray_on_the_object_the_pose_of_the_corners_has_no_confidence(
    views: list[View],
) -> None:
    maps, outline = drawn(views[0])
    found = estimate(maps, 0 * outline, views[0].distances, object_surface(), CAMERA)
    assert found.pose is found.coarse
    assert found.confidence == 0


def test_rows_of_poses_are_matrices_and_pixels_as_geometry_has_them(
    views: list[View], examples: dict[str, Array]
) -> None:
    rotation, translation = matrices(torch.as_tensor(examples["pose"]))
    pixels = projected(rotation, translation)
    for i, view in enumerate(views):
        assert rotation[i].numpy() == pytest.approx(view.pose.rotation, abs=1e-6)
        expected = CAMERA.pixels(view.pose(KEYPOINTS))
        assert pixels[i].numpy() == pytest.approx(expected, abs=1e-3)
        assert flat(unflat(examples["pose"][i])) == pytest.approx(examples["pose"][i])


class Says(torch.nn.Module):
    """A network that always says the same."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, pictures: torch.Tensor) -> object:
        return self.answer


def test_no_heat_maps_have_a_smaller_loss_than_the_true_ones(examples: dict[str, Array]) -> None:
    pixels = projected(*matrices(torch.as_tensor(examples["pose"])))
    mask = torch.as_tensor(examples["mask"])
    truth = true_maps(pixels)[0].reshape(*pixels.shape[:2], ROWS, COLUMNS)
    outline = torch.nn.functional.avg_pool2d(mask.float()[:, None], CELL)
    perfect = torch.cat([truth.clamp(1e-12).log(), torch.logit(outline, 1e-6)], 1)

    def loss(maps: torch.Tensor) -> float:
        return float(heat_map_loss(Says(maps), torch.zeros(1), pixels, mask))

    noise = torch.randn(perfect.shape, generator=torch.Generator().manual_seed(0))
    best = loss(perfect)
    assert best < loss(perfect + 0.1 * noise)
    assert best < loss(perfect.roll(1, 3))


def test_the_direct_loss_is_the_add_of_the_corners(examples: dict[str, Array]) -> None:
    rotation, translation = matrices(torch.as_tensor(examples["pose"]))
    shift = torch.tensor([0.03, 0.0, 0.04])
    answer = rotation, translation + shift
    loss = direct_loss(Says(answer), torch.zeros(1), rotation, translation)
    assert float(loss) == pytest.approx(0.05, abs=1e-6)


def test_both_networks_are_small_and_answer_in_their_shapes(examples: dict[str, Array]) -> None:
    torch.manual_seed(0)
    heat_maps, direct = HeatMaps().eval(), Direct().eval()
    for network in (heat_maps, direct):
        assert sum(one.numel() for one in network.parameters()) <= 200_000

    maps, outline = seen_maps(heat_maps, examples["picture"][0])
    assert maps.shape == (len(KEYPOINTS), ROWS, COLUMNS)
    assert maps.sum((1, 2)) == pytest.approx(1)
    assert ((outline > 0) & (outline < 1)).all()

    rotation = direct_pose(direct, examples["picture"][0]).rotation
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-6)
    assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("method", LAYOUT)
def test_a_few_steps_lower_the_loss_of_a_lesson(method: str, examples: dict[str, Array]) -> None:
    torch.manual_seed(0)
    lesson, generator = ObjectLesson(method), torch.Generator().manual_seed(0)
    network = lesson.network().train()
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    batch = {name: torch.from_numpy(array) for name, array in examples.items()}
    losses = []
    for _ in range(20):
        loss = lesson.loss(network, batch, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.9 * losses[0]


def test_true_poses_are_right_and_the_mean_pose_is_not(examples: dict[str, Array]) -> None:
    lesson = ObjectLesson()
    true = dict.fromkeys(("pose", "single", "coarse"), examples["pose"])
    assert lesson.right(examples, true).all()

    baselines = lesson.baselines(examples)
    assert not lesson.right(examples, baselines["mean pose"](examples)).any()
    random = baselines["ICP from random starts"](examples)
    assert random["pose"].shape == examples["pose"].shape
    assert lesson.right(examples, random).mean() < 0.5


def test_no_pose_counts_as_a_wrong_one(examples: dict[str, Array]) -> None:
    lesson = ObjectLesson()
    poses = examples["pose"].copy()
    poses[0] = np.nan
    answers = dict.fromkeys(("pose", "single", "coarse"), poses)
    share = lesson.figures(examples, answers)[0]
    assert share.value == pytest.approx(5 / 6)
    assert lesson.picture(
        {name: array[0] for name, array in examples.items()}, {"pose": poses[0]}
    ).shape == (3 * HEIGHT, 3 * WIDTH, 3)
