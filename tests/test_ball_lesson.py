"""What the ball's networks learn from, how their answers are decoded, and how they are judged."""

import numpy as np
import pytest
import torch

from evoloco.perception import looks
from evoloco.perception.ball import losses as ball_losses
from evoloco.perception.ball import pitch
from evoloco.perception.ball.decoding import SURE, in_heads, in_heat_map
from evoloco.perception.ball.lesson import NEAR, BallLesson
from evoloco.perception.ball.networks import Heads, HeatMap
from evoloco.perception.ball.pitch import HEIGHT, WIDTH
from evoloco.perception.ground_point import FARTHEST, ahead_of, at_height, pixel_of
from evoloco.perception.need import Eye
from evoloco.perception.patterns import dull, surface
from evoloco.perception.pinhole import Pinhole

CAMERA = Pinhole(WIDTH, HEIGHT, 55.0)


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, a few dozen pictures in all."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


def eye(height: float, yaw: float, down: float, roll: float) -> Eye:
    """A camera over the origin."""
    position = np.array([0.3, -0.2, height])
    return Eye(position, looks.view(yaw, down, roll), CAMERA.field_of_view)


def test_the_pixel_of_a_point_on_the_ground_leads_back_to_the_point() -> None:
    rng, found = np.random.default_rng(0), 0
    for _ in range(200):
        pose = eye(rng.uniform(0.3, 1.2), rng.uniform(-3, 3), rng.uniform(0.1, 0.7), 0.1)
        point = np.append(rng.uniform(-3, 3, 2), 0.08)
        pixel = pixel_of(point, CAMERA, pose)
        if pixel is not None:
            found += 1
            assert np.allclose(at_height(pixel, CAMERA, pose, 0.08), point, atol=1e-9)
    assert found > 10


def test_a_pixel_over_the_horizon_or_close_to_it_says_nothing() -> None:
    pose = eye(0.5, 0, 0, 0)
    horizon = (HEIGHT - 1) / 2
    assert at_height(np.array([40, horizon - 5]), CAMERA, pose, 0) is None
    assert at_height(np.array([40, horizon + 0.01]), CAMERA, pose, 0) is None
    near = at_height(np.array([40, horizon + 10]), CAMERA, pose, 0)
    assert near is not None
    assert np.hypot(*near[:2]) < FARTHEST


def test_forward_and_left_follow_the_heading_and_not_the_tilt() -> None:
    cosine, sine = np.cos(0.4), np.sin(0.4)
    heading = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    tilted = heading @ np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    at, seen = np.array([1.0, 1, 0.4]), np.array([0.5, 3, 0.1])
    assert np.allclose(ahead_of(seen, at, heading), (2, 0.5))
    assert np.allclose(ahead_of(seen, at, tilted), (2, 0.5))


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_truth_of_a_picture_fits_its_pixels_and_the_place_on_the_ground(split: str) -> None:
    examples = pitch.examples(12, split, 3)
    checked = 0
    for number in range(12):
        one = {name: array[number] for name, array in examples.items()}
        if np.isnan(one["centre"]).any():
            assert not one["mask"].any()
            continue
        assert one["mask"].sum() >= pitch.LEAST

        tall, roll, down, field = one["eye"]
        pose = eye(tall, 0, down, roll)
        seen = Pinhole(WIDTH, HEIGHT, np.degrees(field))
        found = at_height(one["centre"], seen, pose, float(one["radius"]))
        assert np.allclose(found[:2] - pose.position[:2], one["place"], atol=1e-6)

        rows, columns = np.nonzero(one["mask"])
        size = np.sqrt(len(rows) / np.pi)
        away = np.hypot(columns - one["centre"][0], rows - one["centre"][1])
        full = one["radius"] / np.linalg.norm((*one["place"], tall)) * seen.focal_length
        if size > 0.9 * full:  # hardly hidden
            checked += 1
            assert away.max() < 1.3 * full + 1
    assert checked > 2


def test_camera_poses_of_a_test_are_none_of_training() -> None:
    train, test = (pitch.examples(15, split, 0)["eye"][:, 0] for split in ("train", "test"))

    def within(heights: np.ndarray, half: str) -> np.ndarray:
        return np.any(
            [(low <= heights) & (heights <= high) for low, high in pitch.HEIGHTS[half]], 0
        )

    assert within(train, "train").all()
    assert not within(train, "test").any()
    assert within(test, "test").all()


def test_the_first_examples_do_not_depend_on_how_many_there_are() -> None:
    few, more = pitch.examples(2, "train", 5), pitch.examples(3, "train", 5)
    assert all(np.array_equal(few[name], more[name][:2], equal_nan=True) for name in few)


def test_splits_hold_what_they_say() -> None:
    empty, alike = pitch.examples(4, "empty", 0), pitch.examples(4, "look_alikes", 0)
    assert np.isnan(empty["centre"]).all()
    assert not empty["mask"].any()
    assert alike["alike"].all()


def disc(u: float, v: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (np.hypot(columns - u, rows - v) <= radius).astype(float)


def test_a_disc_in_a_heat_map_is_found_with_its_place_and_spread() -> None:
    found = in_heat_map(0.01 + 0.9 * disc(30, 20, 8))
    assert (found.u, found.v) == pytest.approx((30, 20))
    assert found.spread == pytest.approx(8 / 2, rel=0.05)  # of a disc of even brightness
    assert found.confidence == pytest.approx(0.91)
    assert np.array_equal(found.mask, disc(30, 20, 8) > 0)


def test_of_two_regions_the_one_with_the_larger_sum_is_the_ball() -> None:
    heat = 0.8 * disc(20, 20, 5) + 0.9 * disc(60, 40, 2)
    found = in_heat_map(heat)
    assert (found.u, found.v) == pytest.approx((20, 20))


def test_a_small_region_is_less_sure_than_a_large_one_as_the_fourth_root_of_its_pixels() -> None:
    small, large = disc(20, 20, 1), disc(20, 20, 9)
    assert in_heat_map(0.8 * large).confidence == pytest.approx(0.8)
    expected = 0.8 * (small.sum() / SURE) ** 0.25
    assert in_heat_map(0.8 * small).confidence == pytest.approx(expected)


def test_heads_tell_place_spread_and_doubt() -> None:
    def bump(size: int, at: float, width: float) -> np.ndarray:
        density = np.exp(-0.5 * ((np.arange(size) - at) / width) ** 2)
        return density / density.sum()

    sure = in_heads(bump(WIDTH, 33.3, 1.0), bump(HEIGHT, 12.6, 1.0))
    assert (sure.u, sure.v) == pytest.approx((33.3, 12.6), abs=0.02)
    assert sure.spread == pytest.approx(1.0, rel=0.05)
    assert sure.confidence > 0.99

    flat = in_heads(np.full(WIDTH, 1 / WIDTH), bump(HEIGHT, 12.6, 1.0))
    assert flat.confidence < 0.12
    assert flat.spread > 10


def tensors(examples: dict) -> dict:
    return {name: torch.from_numpy(array) for name, array in examples.items()}


@pytest.mark.parametrize("net", ["heat_map", "heads"])
def test_a_few_steps_on_one_batch_halve_its_loss(net: str) -> None:
    examples, lesson = tensors(pitch.examples(8, "train", 0)), BallLesson(net)
    torch.manual_seed(0)
    network = lesson.network()
    steps = torch.optim.AdamW(network.parameters(), 3e-3)
    losses = []
    for _ in range(20):
        loss = lesson.loss(network, examples, torch.Generator().manual_seed(0))
        steps.zero_grad()
        loss.backward()
        steps.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_pixels_of_the_ball_and_of_the_ground_pull_their_logits_apart() -> None:
    logits = torch.zeros(1, HEIGHT, WIDTH, requires_grad=True)
    mask = torch.from_numpy(disc(30, 20, 4))[None].float()
    ball_losses.of_pixels(logits, mask).backward()
    gradient = logits.grad
    assert gradient is not None
    assert (gradient[mask > 0] < 0).all()
    assert (gradient[mask == 0] > 0).all()


def test_a_head_without_a_ball_learns_to_say_nothing() -> None:
    nothing, flat = torch.tensor([torch.nan]), torch.zeros(1, WIDTH)
    peaked = flat.clone()
    peaked[0, 7] = 5
    assert ball_losses.of_head(flat, nothing) == pytest.approx(0, abs=1e-6)
    assert ball_losses.of_head(peaked, nothing) > 0.1
    assert ball_losses.of_head(peaked, torch.tensor([7.0])) < ball_losses.of_head(
        peaked, torch.tensor([20.0])
    )


def test_a_mirrored_picture_has_its_ball_on_the_other_side() -> None:
    examples = tensors(pitch.examples(6, "train", 1))
    seen = set()
    for seed in range(8):
        _, mask, centre = ball_losses.varied(examples, torch.Generator().manual_seed(seed))
        mirrored = not torch.equal(mask, examples["mask"].float())
        seen.add(mirrored)
        expected = examples["centre"].float().clone()
        if mirrored:
            expected[:, 0] = WIDTH - 1 - expected[:, 0]
            assert torch.equal(mask.flip(2), examples["mask"].float())
        assert torch.allclose(centre, expected, equal_nan=True)
    assert seen == {True, False}


def test_weights_are_small_enough_to_ship() -> None:
    for network in (HeatMap(), Heads()):
        size = sum(4 * array.numel() for array in network.state_dict().values())
        assert size < 2_000_000


def test_figures_count_near_reports_as_found_and_reports_without_a_ball_as_false() -> None:
    examples = {
        "picture": np.zeros((4, HEIGHT, WIDTH, 3), np.uint8),
        "mask": np.stack([disc(30, 20, 5), disc(30, 20, 5), disc(30, 20, 2), disc(0, 0, -1)]) > 0,
        "centre": np.array([[30, 20], [30, 20], [30, 20], [np.nan, np.nan]], float),
        "alike": np.array([False, False, False, True]),
    }
    answers = {
        "place": np.array([[30 + NEAR, 20], [30, 21 + NEAR], [30, 20], [5, 5]], float),
        "reported": np.array([True, True, False, True]),
        "confidence": np.ones(4),
        "mask": examples["mask"],
    }
    found = {(one.name, one.group): one.value for one in BallLesson().figures(examples, answers)}
    assert found["within 3 px", "40 px and more"] == 0.5
    assert found["within 3 px", "8-15 px"] == 0
    assert found["overlap (IoU)", "all"] == pytest.approx(2 / 3)
    assert found["false positives", "no ball, look-alikes"] == 1
    assert ("false positives", "no ball, no look-alikes") not in found


def test_the_colour_histogram_finds_a_thing_in_its_own_colours() -> None:
    picture = np.zeros((1, HEIGHT, WIDTH, 3), np.uint8)
    mask = disc(50, 30, 6)[None] > 0
    picture[mask] = 250, 120, 20
    train = {"picture": picture, "mask": mask, "centre": np.array([[50.0, 30.0]])}
    train = {name: np.concatenate([array, array]) for name, array in train.items()}
    train["centre"][1] = np.nan
    answers = BallLesson().baselines(train)["colour histogram"](train)
    assert np.allclose(answers["place"][0], (50, 30))


def test_balls_are_brighter_or_stronger_in_colour_than_what_surrounds_them() -> None:
    def strength(texture: np.ndarray) -> float:
        return float(np.percentile(texture.max(2), 90))

    rng = np.random.default_rng(0)
    balls = [strength(pitch.ball_texture(rng, False)) for _ in range(50)]
    others = [strength(surface(rng, False, dull)) for _ in range(50)]
    assert min(balls) > max(others)


def test_patterns_of_balls_differ_between_training_and_tests() -> None:
    kinds = {held_out: set() for held_out in (False, True)}
    for held_out in kinds:
        for seed in range(5):
            texture = pitch.ball_texture(np.random.default_rng(seed), held_out)
            assert texture.shape == (looks.SIDE, looks.SIDE, 3)
            kinds[held_out].add(texture.tobytes())
    assert not kinds[False] & kinds[True]
