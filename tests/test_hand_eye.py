"""A hand that is led to objects by what a network expects of its motions."""

from collections.abc import Callable, Iterator

import mujoco
import numpy as np
import pytest
import torch

from evoloco.errors import UnknownNameError
from evoloco.fields import Array
from evoloco.morphologies import hopper
from evoloco.perception import looks
from evoloco.perception.colour_blob import HEIGHT, blob_grasp, on_table
from evoloco.perception.grasp.scene import Scene
from evoloco.perception.hand_eye import cross_entropy, servo
from evoloco.perception.hand_eye.lesson import (
    HandEyeCoordination,
    _varied,
    empty_network,
    played,
    separation,
)
from evoloco.perception.hand_eye.world import FARTHEST, NOMINAL, SIDE, Mount, World, project, push
from evoloco.perception.need import Seen
from evoloco.perception.weights import fill
from evoloco.sensors import hand_eye

JUMP = 0.04


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, some dozen pictures each."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


class Knows(torch.nn.Module):
    """Says what a perfect network would: the chance falls with the distance from an object.

    Args:
        scene: Where the object is, at any time.
    """

    cells = torch.zeros(1, 2)

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self._scene = scene

    def pixels(self, pictures: Array) -> torch.Tensor:
        return torch.zeros(len(pictures), 3, 1, 1)

    def hand(self, picture: torch.Tensor, hand: torch.Tensor) -> torch.Tensor:
        return torch.zeros(1, 1)

    def shift(self, logits: torch.Tensor) -> torch.Tensor:
        return torch.zeros(1, 2)

    def chance(
        self, picture: torch.Tensor, hand: torch.Tensor, goal: torch.Tensor, shift: torch.Tensor
    ) -> torch.Tensor:
        body = self._scene.data.body("object0")
        short = np.arctan2(body.xmat[3], body.xmat[0])
        away = goal[:, :2] - torch.tensor(body.xpos[:2], dtype=torch.float32)
        turned = (goal[:, 2] - short).sin()
        chance: torch.Tensor = 2 - (away / 0.01).square().sum(1) - (turned / 0.2).square()
        return chance


BARS = (35, 38)
"""Seeds of scenes whose only object is a bar."""


def bar(world: World, number: int = 0) -> Scene:
    """A scene whose only object is a bar; its short side is along its x axis."""
    scene = world.scene(np.random.default_rng(BARS[number]), False, NOMINAL)
    width, length, _ = scene.model.geom("object0_0").size
    assert scene.objects == 1
    assert length > 2 * width
    return scene


# The search


def test_cross_entropy_finds_the_top_of_a_quadratic_in_four_dimensions() -> None:
    top = np.array([0.3, -0.2, 0.4, 0.1])

    def found(seed: int) -> Array:
        best, score = cross_entropy.maximize(
            lambda points: -((points - top) ** 2).sum(1),
            *(np.zeros(4), np.full(4, 0.5), np.full(4, -1.0), np.ones(4)),
            rng=np.random.default_rng(seed),
            rounds=15,
        )
        assert score == pytest.approx(-((best - top) ** 2).sum())
        return np.asarray(best)

    # Few elites make it narrow too early now and then.
    near = [np.abs(found(seed) - top).max() < 1e-2 for seed in range(20)]
    assert np.mean(near) > 0.8


def test_cross_entropy_stays_within_bounds_and_keeps_the_best_that_it_saw() -> None:
    seen = []

    def score(points: Array) -> Array:
        seen.append(points)
        return points.sum(1)

    best, most = cross_entropy.maximize(
        score, np.zeros(2), np.ones(2), np.full(2, -0.4), np.full(2, 0.5), np.random.default_rng(1)
    )
    drawn = np.concatenate(seen)
    assert len(drawn) == cross_entropy.SAMPLES * cross_entropy.ROUNDS
    assert (drawn.min(), drawn.max()) == (-0.4, 0.5)
    assert most == best.sum() == drawn.sum(1).max()


# Geometry


def test_pixels_of_points_on_the_table_lead_back_to_the_points() -> None:
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (20, 2))
    raised = np.column_stack([points, np.full(20, HEIGHT)])
    u, v, _ = project(raised, NOMINAL.position, NOMINAL.rotation)
    np.testing.assert_allclose(on_table(u, v), points, atol=1e-12)
    assert (u.min() > 0) & (u.max() < SIDE - 1) & (v.min() > 0) & (v.max() < SIDE - 1)


def test_what_lies_at_a_place_is_seen_where_the_place_is_projected(world: World) -> None:
    mount = Mount(NOMINAL.position + np.array([0.01, -0.02, 0.0]), 0.02, NOMINAL.pitch - 0.01, 0.03)
    scene = bar(world)
    looks.aim(scene.model, "eye", mount.position, mount.yaw, mount.pitch, mount.roll)
    with_bar = world.picture(scene, np.random.default_rng(5)).astype(int)
    place = scene.places[0].copy()
    scene.data.qpos[-7:-4] = (5, 5, 0)
    mujoco.mj_forward(scene.model, scene.data)
    without = world.picture(scene, np.random.default_rng(5)).astype(int)

    rows, columns = np.nonzero(abs(with_bar - without).max(2) > 12)
    u, v, _ = project(place, mount.position, mount.rotation)
    assert columns.mean() == pytest.approx(u, abs=2)  # the sides of the bar that are hidden
    assert rows.mean() == pytest.approx(v, abs=2)


def test_a_mirrored_attempt_is_seen_in_the_mirrored_picture() -> None:
    hands = np.random.default_rng(0).uniform(-0.1, 0.1, (64, 3, 4)).astype(np.float32)
    u, v, _ = project(hands[..., :3].astype(float), NOMINAL.position, NOMINAL.rotation)
    batch = {
        "picture": torch.zeros(64, 3, SIDE, SIDE, 3, dtype=torch.uint8),
        "hand": torch.tensor(hands),
        "shown": torch.tensor(np.stack([u, v], -1).astype(np.float32)),
        "goal": torch.zeros(64, 3),
        "held": torch.zeros(64, dtype=torch.bool),
    }
    _, hand, _, shown = _varied(batch, torch.Generator().manual_seed(0))
    pixel, _ = empty_network().nominal(hand[:, :3])
    np.testing.assert_allclose(pixel, shown, atol=1e-3)
    kept = (hand[:, None, 1] == batch["hand"][..., 1]).any(1)
    assert 0 < kept.sum() < 64


# The servo


def shove(scene: Scene, way: float) -> None:
    """Moves the bar across its long side, towards the middle of the table."""
    across = scene.data.body("object0").xmat.reshape(3, 3)[:2, 0]
    scene.data.qpos[-7:-5] -= way * np.sign(across @ scene.places[0, :2]) * across
    mujoco.mj_forward(scene.model, scene.data)


def test_a_hand_that_looks_again_follows_an_object_and_one_that_does_not_misses_it(
    world: World,
) -> None:
    def lifted(attempt: Callable[..., bool], way: float) -> int:
        count = 0
        for number in range(len(BARS)):
            scene = bar(world, number)

            def look(scene: Scene = scene) -> Array:
                return world.picture(scene, np.random.default_rng(0))

            def meanwhile(scene: Scene = scene) -> None:
                shove(scene, way)

            rng = np.random.default_rng(number)
            count += attempt(Knows(scene), scene, look, rng, meanwhile)
        return count

    assert lifted(servo.open_loop, way=0.0) == 2
    assert lifted(servo.open_loop, way=0.06) == 0
    assert lifted(servo.closed_loop, way=0.06) == 2


def test_objects_that_jump_stay_in_reach_and_keep_their_places_to_each_other(
    world: World,
) -> None:
    scene = world.scene(np.random.default_rng(1), True, NOMINAL)
    before = scene.places.copy()
    push(scene, JUMP, np.random.default_rng(0))
    ways = scene.places - before
    np.testing.assert_allclose(ways, np.broadcast_to(ways[0], ways.shape), atol=1e-12)
    assert np.linalg.norm(ways[0]) == pytest.approx(JUMP)
    assert np.abs(scene.places[:, :2]).max() < FARTHEST


def test_angles_half_a_turn_apart_are_the_same_grasp() -> None:
    for angle in (-4.0, -1.0, 0.3, 1.5, 7.0):
        upright = servo.upright(angle)
        assert -np.pi / 2 <= upright < np.pi / 2
        assert np.sin(2 * upright) == pytest.approx(np.sin(2 * angle))


# The lesson


def test_equal_seeds_draw_equal_attempts_and_episodes_are_of_things_that_no_attempt_has() -> None:
    lesson = HandEyeCoordination()
    first, again = (lesson.examples(4, "train", 3) for _ in range(2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])

    moving = lesson.examples(2, "object_moves", 3)
    kinds: list[set[int]] = []

    def act(scene: Scene, look: Callable[[], Array], *_: object) -> bool:
        kinds.append({int(kind) for kind in scene.model.geom_type})
        look()
        return len(scene.places) > 5

    assert not played(moving, act).any()
    assert (moving["jump"] == JUMP).all()
    with World() as world:
        trained = world.scene(np.random.default_rng(0), False, NOMINAL).model.geom_type
    round_ones = {mujoco.mjtGeom.mjGEOM_ELLIPSOID, mujoco.mjtGeom.mjGEOM_CAPSULE}
    assert not round_ones & {*trained.tolist()}
    assert len(kinds) == 2


def test_separation_is_one_of_perfect_scores_and_a_half_of_equal_ones() -> None:
    held = np.array([True, False, True, False])
    assert separation(np.array([2.0, 1.0, 3.0, 0.0]), held) == 1
    assert separation(np.array([0.0, 1.0, 0.0, 3.0]), held) == 0
    assert separation(np.ones(4), held) == 0.5


def test_the_rule_closes_across_a_bar(world: World) -> None:
    scene = bar(world)
    x, y, angle = blob_grasp(world.picture(scene, np.random.default_rng(0)))
    place, turned = scene.places[0], scene.data.body("object0").xmat.reshape(3, 3)[:2, 0]
    assert np.hypot(x - place[0], y - place[1]) < 0.02
    assert abs(turned @ (np.cos(angle), np.sin(angle))) > 0.95


# The sensor


def test_the_bundled_network_tells_grasps_that_hold_from_others_of_things_it_never_saw() -> None:
    lesson, network = HandEyeCoordination(), fill(empty_network(), "hand_eye")
    test = lesson.examples(40, "test", 12345)
    with torch.inference_mode():
        answers = lesson.answers(network, test)
    assert lesson.figures(test, answers)[0].value > 0.65  # 0.8 on many


def test_the_sensor_decides_as_the_servo_does(world: World) -> None:
    scene = bar(world, 1)
    scene.data.qpos[:3] = 0.05, -0.04, 0.1
    mujoco.mj_kinematics(scene.model, scene.data)
    picture = world.picture(scene, np.random.default_rng(0))
    reader = hand_eye.HandEyeReader()
    told = reader.read(Seen(scene.model, scene.data, picture=picture), np.zeros(6))
    wanted = servo.decide(
        fill(empty_network(), "hand_eye"),
        picture,
        np.array([0.05, -0.04, 0.1, 0.0]),
        np.random.default_rng(0),
    )
    assert told is not None
    np.testing.assert_allclose(told[:5], [*wanted.goal, wanted.here, wanted.chance], atol=1e-5)


def test_a_body_without_a_hand_is_told_so() -> None:
    model = hopper.build().model
    seen = Seen(model, mujoco.MjData(model), picture=np.zeros((SIDE, SIDE, 3), np.uint8))
    with pytest.raises(UnknownNameError, match=r"sensors.hand_eye: .*'hand'"):
        hand_eye.HandEyeReader().read(seen, np.zeros(6))


def test_the_sensor_names_its_channels_with_their_units() -> None:
    made = hand_eye.sensor(hopper.build())
    assert len(made.unit.split(", ")) == len(made.channels)
    assert made.channels[-2:] == ("confidence", "age")
