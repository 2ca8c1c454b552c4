"""A gripper puts a cube into a basket: the planner, the network that imitates it, the sensor."""

from collections.abc import Iterator

import mujoco
import numpy as np
import pytest
import torch

from evoloco.errors import UnknownNameError
from evoloco.fields import Array
from evoloco.morphologies import hopper
from evoloco.perception.need import Seen
from evoloco.perception.visuomotor.lesson import (
    VisuomotorControl,
    empty_network,
    policy,
)
from evoloco.perception.visuomotor.world import (
    APART,
    CLOSE,
    DOWN,
    HEIGHT,
    KEEP,
    SPEED,
    STEPS,
    WIDTH,
    Command,
    Kitchen,
    Planner,
)
from evoloco.perception.weights import fill
from evoloco.sensors import visuomotor


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, some dozen pictures each."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


@pytest.fixture
def kitchen() -> Iterator[Kitchen]:
    with Kitchen() as made:
        yield made


def episode(kitchen: Kitchen, seed: int, cube: Array | None = None) -> tuple[bool, bool]:
    """Whether a planner ends with the cube in the basket, and whether it grasped it."""
    task, planner = kitchen.task(np.random.default_rng(seed), held_out=False), Planner()
    for _ in range(STEPS):
        command = planner.decide(task, cube)
        assert np.abs(command.velocity).max() <= SPEED + 1e-12
        task.step(command)
    return task.done, task.grasped


def test_the_planner_puts_the_cube_into_the_basket_and_grasps_nothing_elsewhere(
    kitchen: Kitchen,
) -> None:
    assert np.mean([episode(kitchen, seed) for seed in range(8)]) > 0.8
    aside = np.array([0.3, 0.3, 0.02])
    assert not np.any([episode(kitchen, seed, aside) for seed in range(3)])


def test_cube_and_basket_lie_apart_and_an_episode_begins_unfinished(kitchen: Kitchen) -> None:
    for seed in range(5):
        task = kitchen.task(np.random.default_rng(seed), held_out=True)
        assert np.abs(task.cube[:2] - task.basket).max() > APART - 0.01
        assert not task.done
        assert not task.grasped


def test_without_randomization_training_looks_alike_and_tests_do_not() -> None:
    def first(split: str, randomized: bool) -> Array:
        pictures = VisuomotorControl(randomized).examples(3, split, 0)["pictures"][:, 0]
        corners: Array = pictures[:, :4, :4].astype(float)  # of the table alone
        return corners

    plain, test = first("train", False), first("test", False)
    assert np.ptp(plain, axis=0).max() < 3
    assert np.ptp(test.mean((1, 2)), axis=0).max() > 20


def test_beside_the_cube_the_planner_goes_up_before_it_goes_over(kitchen: Kitchen) -> None:
    task = kitchen.task(np.random.default_rng(4), held_out=False)
    beside = task.cube[:2] + np.array([0.0, 0.08])
    for _ in range(20):
        away = np.append(beside, DOWN) - task.joints[:3]
        task.step(Command(np.clip(away / 0.15, -SPEED, SPEED), KEEP))
    assert task.joints[2] < 0.02

    command = Planner().decide(task)
    assert command.velocity[1] < 0 < command.velocity[2]


def test_the_cube_is_red_where_the_camera_sees_it(kitchen: Kitchen) -> None:
    middle, redder = np.array([WIDTH - 1, HEIGHT - 1]) / 2, []
    for seed in range(6):
        task = kitchen.task(np.random.default_rng(seed), held_out=True)
        task.scene.data.qpos[2] = 0.5  # the hand is out of the way
        mujoco.mj_forward(task.scene.model, task.scene.data)
        u, v = np.rint((kitchen.pixels(task, task.cube[None])[0] + 1) * middle).astype(int)
        red, green, blue = kitchen.picture(task, np.random.default_rng(seed))[v, u].astype(float)
        redder.append(red / max(green, blue))
    assert min(redder) > 1
    assert np.mean(redder) > 2


def test_equal_seeds_give_equal_episodes() -> None:
    first, again = (VisuomotorControl().examples(2, "train", 7) for _ in range(2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name])


def test_the_way_to_the_cube_is_learned_even_where_the_hand_goes_another() -> None:
    shown = VisuomotorControl().examples(8, "train", 7)
    cube, hand = shown["places"][:, :-1, :2], shown["joints"][:, :-1, :2]
    way, moved = cube - hand, np.diff(shown["joints"][:, :, :2], axis=1)
    open_yet = np.cumsum(shown["fingers"] == CLOSE, axis=1)[:, :-1] == 0
    far = open_yet & (np.linalg.norm(way, axis=2) > 0.03)

    def along(what: Array) -> Array:
        return np.asarray((what * way).sum(2)[far])

    assert (along(shown["velocity"][:, :-1, :2]) > 0).all()
    assert (along(moved) < 0).any()


def test_a_network_without_memory_decides_by_the_present_alone() -> None:
    pictures = torch.randint(0, 255, (1, 4, HEIGHT, WIDTH, 3), dtype=torch.uint8)
    joints = torch.rand(1, 4, 5)
    for remembers in (True, False):
        torch.manual_seed(0)
        network = empty_network(remembers).train(False)
        with torch.inference_mode():
            along = network(pictures, joints, network.nothing(1))[0][0, -1]
            alone = network(pictures[:, -1:], joints[:, -1:], network.nothing(1))[0][0, -1]
        assert torch.allclose(along, alone, atol=1e-6) != remembers


def test_a_sequence_at_once_and_step_by_step_are_the_same() -> None:
    torch.manual_seed(0)
    network = empty_network().train(False)
    pictures = torch.randint(0, 255, (1, 5, HEIGHT, WIDTH, 3), dtype=torch.uint8)
    joints, memory = torch.rand(1, 5, 5), network.nothing(1)
    with torch.inference_mode():
        whole = network(pictures, joints, memory)[0][0]
        for step in range(5):
            now = slice(step, step + 1)
            velocity, _, _, memory = network(pictures[:, now], joints[:, now], memory)
            torch.testing.assert_close(velocity[0, 0], whole[step])


def test_the_sensor_decides_along_an_episode_as_the_policy_does(kitchen: Kitchen) -> None:
    task = kitchen.task(np.random.default_rng(3), held_out=True)
    decide = policy(fill(empty_network(), "visuomotor"))
    reader = visuomotor.VisuomotorReader()
    told = np.zeros(len(reader.channels))
    for step in range(4):
        picture = kitchen.picture(task, np.random.default_rng(step))
        answer = reader.read(Seen(task.scene.model, task.scene.data, picture=picture), told)
        command = decide(task, picture)
        assert answer is not None
        told = answer
        np.testing.assert_allclose(told[:3], command.velocity, atol=1e-6)
        assert told[3:6].argmax() == command.fingers
        assert told[3:6].sum() == pytest.approx(1, abs=1e-6)
        task.step(command)


def test_the_bundled_network_tells_where_the_cube_is_in_looks_that_it_never_saw() -> None:
    lesson, network = VisuomotorControl(), fill(empty_network(), "visuomotor")
    test = lesson.examples(8, "test", 12345)
    with torch.inference_mode():
        cube, gripper = lesson.figures(test, lesson.answers(network, test))
    guessed = lesson.baselines(test)["planner at the mean place"](test)
    assert cube.value < 0.6 * lesson.figures(test, guessed)[0].value
    assert gripper.value < cube.value  # its joints are read


def test_a_body_without_the_joints_is_told_so() -> None:
    model = hopper.build().model
    seen = Seen(model, mujoco.MjData(model), picture=np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    with pytest.raises(UnknownNameError, match=r"sensors.visuomotor"):
        visuomotor.VisuomotorReader().read(
            seen, np.zeros(len(visuomotor.VisuomotorReader.channels))
        )


def test_the_sensor_names_its_channels_with_their_units() -> None:
    made = visuomotor.sensor(hopper.build())
    assert len(made.unit.split(", ")) == len(made.channels)
