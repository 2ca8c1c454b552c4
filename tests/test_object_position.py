"""A cone on a table is found in pictures with looks that no picture of the training had."""

import mujoco
import numpy as np
import pytest
import torch

from evoloco.fields import Array
from evoloco.morphologies import hopper
from evoloco.perception import looks
from evoloco.perception.mounted import Mounted
from evoloco.perception.need import Seen
from evoloco.perception.object_position import tabletop
from evoloco.perception.object_position.lesson import FALSE_SIGHTINGS, ConeOnTable
from evoloco.perception.object_position.network import CELL, SpotNet
from evoloco.perception.object_position.tabletop import CAMERA, EMPTY, View
from evoloco.sensors import object_position


@pytest.fixture(autouse=True)
def drawing_is_on(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests draw, some dozen pictures each."""
    monkeypatch.delenv("MUJOCO_GL", raising=False)


def views(split: str, count: int = 40, randomized: bool = True) -> list[View]:
    with tabletop.Tabletop(randomized) as table:
        return [table.one(looks.draws(7, split, one), split) for one in range(count)]


def nominal(view: View) -> Array:
    """Where a camera without any deviation would see the cone's foot [m] (2,)."""
    return np.array(CAMERA.place(*view.pixel))


def test_a_camera_sees_on_its_axis_what_is_its_height_over_the_tangent_away() -> None:
    camera = Mounted(81, 61, 50.0, 0.7, np.radians(30))
    forward, left = camera.place(np.float64(40), np.float64(30))
    assert forward == pytest.approx(0.7 / np.tan(np.radians(30)))
    assert left == pytest.approx(0)
    steeper = np.radians(30 + 25)  # the lower edge is half the field of view below the axis
    assert camera.place(np.float64(40), np.float64(60.5))[0] == pytest.approx(0.7 / np.tan(steeper))


def test_places_are_the_same_in_numpy_and_in_pytorch() -> None:
    u, v = np.random.default_rng(0).uniform(0, 60, (2, 20))
    told = CAMERA.place(torch.tensor(u), torch.tensor(v))
    np.testing.assert_allclose([one.numpy() for one in told], CAMERA.place(u, v))


def test_the_place_and_the_pixel_of_a_cone_agree_up_to_what_the_camera_deviates() -> None:
    apart = [np.linalg.norm(nominal(view) - view.place) for view in views("train")]
    assert np.median(apart) < 0.02
    assert max(apart) < 0.06


def test_pictures_without_a_cone_are_as_frequent_as_they_should_be() -> None:
    without = np.mean([view.visible == 0 for view in views("train", 200, randomized=False)])
    assert abs(without - EMPTY) < 3 * np.sqrt(EMPTY * (1 - EMPTY) / 200)


def test_without_randomization_all_training_pictures_look_alike_and_tests_still_do_not() -> None:
    def spread(split: str, randomized: bool) -> float:
        pictures = np.array([view.picture for view in views(split, 20, randomized)])
        return float(pictures.mean(axis=(1, 2)).std(axis=0).mean())

    fixed, random = spread("train", False), spread("train", True)
    assert fixed < 0.3 * random
    assert spread("test", False) > 0.5 * random


def test_what_the_network_aims_at_is_its_own_answer() -> None:
    network = SpotNet(CAMERA)
    pixels, there = torch.tensor([[30.0, 40.0], [61.0, 22.0]]), torch.tensor([1.0, 0.0])
    aim = network.aim(pixels, there)
    assert torch.allclose(aim.sum(dim=1), torch.ones(2))
    assert aim[1, -1] == 1
    assert torch.allclose(aim[0, :-1] @ network.cells, pixels[0], atol=0.1 * CELL)


def test_a_mirrored_picture_has_its_cone_on_the_other_side() -> None:
    lesson = ConeOnTable(randomized=False)
    batch = {
        "picture": torch.arange(16 * 60 * 80 * 3).reshape(16, 60, 80, 3),
        "place": torch.tensor([[0.5, 0.1]]).repeat(16, 1),
        "pixel": torch.tensor([[20.0, 30.0]]).repeat(16, 1),
    }
    picture, place, pixel = lesson._varied(batch, torch.Generator().manual_seed(0))
    turned = place[:, 1] < 0
    assert 0 < turned.sum() < 16
    assert torch.equal(picture[turned], batch["picture"][turned].flip(2))
    assert torch.equal(picture[~turned], batch["picture"][~turned])
    assert (pixel[turned, 0] == 79 - 20).all()
    assert (place[:, 0] == 0.5).all()


def test_the_sensor_answers_as_its_lesson_does_and_finds_most_cones_it_never_saw() -> None:
    lesson, drawn = ConeOnTable(), views("test", 60)
    reader = object_position.ObjectPosition()
    model = tabletop.scene()
    told = [reader.read(Seen(model, mujoco.MjData(model), picture=one.picture), 0) for one in drawn]

    examples = {
        "picture": np.array([one.picture for one in drawn]),
        "place": np.array([one.place for one in drawn]),
        "visible": np.array([one.visible for one in drawn]),
    }
    answers = lesson.answers(reader._network, examples)
    for row, one in enumerate(told):
        assert (one is not None) == answers["found"][row]
        if one is not None:
            expected = [*answers["place"][row], answers["confidence"][row]]
            np.testing.assert_array_equal(one[:3], expected)

    there = examples["visible"] > 0
    error = np.linalg.norm(answers["place"] - examples["place"], axis=1)[there]
    mean = lesson.baselines(examples)["mean place"](examples)["place"]
    alone = np.linalg.norm(mean - examples["place"], axis=1)[there]
    assert error.mean() < 0.5 * alone.mean()
    assert answers["found"][there].mean() > 0.7
    assert answers["found"][~there].mean() < 0.2


def test_the_threshold_is_what_few_empty_validation_pictures_exceed() -> None:
    lesson, drawn = ConeOnTable(), views("valid", 30)
    assert not any(view.visible for view in drawn)
    network = object_position.ObjectPosition()._network
    examples = {"picture": np.array([view.picture for view in drawn])}
    lesson.settle(network, {"valid": examples})
    found = lesson.answers(network, examples)["found"]
    assert found.sum() == np.ceil(FALSE_SIGHTINGS * 30)


def test_the_sensor_names_its_channels_with_their_units_and_reads_no_file_until_it_is_asked() -> (
    None
):
    made = object_position.sensor(hopper.build(), weights="nowhere.safetensors")
    assert made.channels == ("forward", "left", "confidence", "age")
    assert len(made.unit.split(",")) == len(made.channels)


def test_errors_count_only_where_there_is_a_cone() -> None:
    lesson = ConeOnTable()
    examples = {
        "picture": np.zeros((3, 4, 4, 3), np.uint8),
        "place": np.array([[0.5, 0.0], [0.6, 0.1], [0.7, 0.0]]),
        "visible": np.array([100, 30, 0]),
    }
    answers = {
        "place": np.array([[0.51, 0.0], [0.6, 0.0], [0.0, 0.0]]),
        "found": np.array([True, True, False]),
    }
    assert lesson.right(examples, answers).tolist() == [True, False, True]
    found = {(one.name, one.group): one for one in lesson.figures(examples, answers)}
    assert found["mean error", "all"].value == pytest.approx((1 + 10) / 2)
    assert found["mean error", "below 60 px"].value == pytest.approx(10)
    assert found["within 2.5 cm", "all"].value == 0.5
    assert found["cone seen where there is none", "no cone"].value == 0
