import numpy as np
import pytest

from evoloco.perception.need import Eye
from evoloco.perception.scene.free_distance import free_distances
from evoloco.perception.scene.objects import FORMS, SHAPES
from evoloco.perception.scene.world import (
    DIRECTIONS,
    FLOOR,
    LEAST_SEEN,
    MOST,
    NOTHING_AHEAD,
    REACH,
    SPLITS,
    sights,
)

SEED, COUNT = 3, 8


@pytest.fixture(autouse=True)
def with_pictures(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)


@pytest.fixture(scope="module")
def many() -> dict[str, np.ndarray]:
    """Pictures of 0 to 4 objects."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MUJOCO_GL", raising=False)
        return sights(24, "many", SEED)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_object_stands_on_its_lowest_point(shape: str) -> None:
    form = FORMS[shape](0.1, np.random.default_rng(0))
    main = form.parts[0]
    lowest = {"sphere": main.size[0], "cylinder": main.size[1], "capsule": sum(main.size[:2])}
    assert form.height == pytest.approx(lowest.get(shape, main.size[2]))
    assert form.width <= form.height or shape in ("box", "sphere")


def test_the_same_seed_draws_the_same_pictures_whatever_their_number() -> None:
    first, longer = sights(2, "train", SEED), sights(3, "train", SEED)
    for name, array in first.items():
        assert array.tobytes() == longer[name][:2].tobytes()
    assert first["picture"].tobytes() != sights(2, "train", SEED + 1)["picture"].tobytes()


def test_boxes_hold_the_pixels_of_their_objects(many: dict[str, np.ndarray]) -> None:
    for labels, corners, classes in zip(
        many["labels"], many["corners"].astype(int), many["classes"], strict=True
    ):
        covered = np.zeros_like(labels, bool)
        for (left, top, right, bottom), shape in zip(corners, classes, strict=True):
            if shape >= 0:
                inside = labels[top:bottom, left:right] == shape + 2
                assert inside.sum() >= LEAST_SEEN
                assert inside.any(1)[[0, -1]].all()
                assert inside.any(0)[[0, -1]].all()
                covered[top:bottom, left:right] = True
        assert not (labels[~covered] >= 2).any()


def test_what_is_ahead_is_the_object_of_which_most_is_seen(many: dict[str, np.ndarray]) -> None:
    counts = (many["classes"] >= 0).sum(1)
    assert set(counts) == set(range(MOST + 1))
    assert ((many["ahead"] == NOTHING_AHEAD) == (counts == 0)).all()
    for labels, ahead in zip(many["labels"], many["ahead"], strict=True):
        if ahead != NOTHING_AHEAD:
            assert (labels == ahead + 2).sum() >= (labels >= 2).sum() / MOST


def test_free_distances_from_true_labels_agree_with_rays(many: dict[str, np.ndarray]) -> None:
    distances = 1 / np.linspace(1 / 0.15, 1 / REACH, 120)
    found = np.array(
        [
            free_distances(labels == FLOOR, Eye(*pose), DIRECTIONS, distances)
            for labels, *pose in zip(
                *(many[name] for name in ("labels", "position", "rotation", "field_of_view")),
                strict=True,
            )
        ]
    )
    errors = np.abs(found - many["free"])
    assert np.median(errors) < 0.06  # a row of pixels is 3 cm deep at 1 m, and 15 cm at 2 m
    assert errors.mean() < 0.1
    assert np.abs(found[:, ::-1] - many["free"]).mean() > 0.3


def test_objects_are_in_the_middle_or_to_one_side_as_the_split_says() -> None:
    middle = {}
    for split in ("test", "off_centre"):
        corners = sights(COUNT, split, SEED)["corners"][:, 0]
        middle[split] = np.abs((corners[:, 0] + corners[:, 2]) / 2 - 40)
    assert middle["test"].max() < middle["off_centre"].min()


def test_the_background_differs_at_the_objects_only(many: dict[str, np.ndarray]) -> None:
    differs = (many["picture"] != many["background"]).any(-1)
    assert not differs[many["labels"] < 2].any()
    assert differs[many["labels"] >= 2].mean() > 0.9


def test_only_the_split_of_training_has_textures_and_lights_of_training() -> None:
    assert [name for name, split in SPLITS.items() if not split.held_out] == ["train"]
