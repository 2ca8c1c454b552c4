import numpy as np
import pytest

from evoloco.perception.scene.answers import MOST_BOXES
from evoloco.perception.scene.boxes import overlap
from evoloco.perception.scene.lesson import SceneLesson

LESSON = SceneLesson()


@pytest.fixture(autouse=True)
def with_pictures(without_video: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)


@pytest.fixture(scope="module")
def examples() -> dict[str, np.ndarray]:
    """Pictures of 0 to 4 objects."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MUJOCO_GL", raising=False)
        return dict(LESSON.examples(16, "many", 0))


def truth(examples: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Answers without a mistake."""
    count, most = examples["classes"].shape
    corners, classes = np.zeros((count, MOST_BOXES, 4)), np.zeros((count, MOST_BOXES), np.int64)
    scores = np.zeros((count, MOST_BOXES))
    corners[:, :most], classes[:, :most] = examples["corners"], examples["classes"]
    scores[:, :most] = examples["classes"] >= 0
    return {
        "ahead": np.eye(7)[examples["ahead"]],
        "labels": examples["labels"],
        "free": examples["free"],
        "corners": corners,
        "classes": classes,
        "scores": scores,
    }


def figures(examples: dict[str, np.ndarray], answers: dict[str, np.ndarray]) -> dict[str, float]:
    """Figures over all examples, by name."""
    found = LESSON.figures(examples, answers)
    return {one.name: one.value for one in found if one.group == "all"}


def test_answers_without_a_mistake_have_the_best_figures(examples: dict[str, np.ndarray]) -> None:
    for name, value in figures(examples, truth(examples)).items():
        assert value == (0 if name.startswith("error") else 1), name


def test_every_figure_falls_with_mistakes_of_its_own_head(examples: dict[str, np.ndarray]) -> None:
    answers, best = truth(examples), figures(examples, truth(examples))
    wrong = {
        "ahead": np.roll(answers["ahead"], 1, 1),
        "labels": (answers["labels"] + 1) % 8,
        "free": answers["free"] + 0.5,
        "corners": answers["corners"] + 30,
        "classes": (answers["classes"] + 1) % 6,
    }
    worse = {
        head: {
            name
            for name, value in figures(examples, {**answers, head: array}).items()
            if value != best[name]
        }
        for head, array in wrong.items()
    }
    assert worse["ahead"] == {"class ahead is right"}
    assert all("intersection over union" in name for name in worse["labels"])
    assert all("free distance" in name for name in worse["free"])
    assert worse["classes"] < worse["corners"]
    assert set().union(*worse.values()) == set(best)


def test_the_difference_to_the_background_finds_boxes_but_no_classes(
    examples: dict[str, np.ndarray],
) -> None:
    baselines = LESSON.baselines(examples)
    found = baselines["difference to background"](examples)
    alone = (examples["classes"] >= 0).sum(1) == 1
    overlaps = [
        overlap(true[:1], corners[:1])[0, 0]
        for true, corners in zip(examples["corners"][alone], found["corners"][alone], strict=True)
    ]
    assert np.median(overlaps) > 0.9
    assert len(np.unique(found["classes"][found["scores"] > 0])) == 1
    assert not baselines["always the same"](examples)["scores"].any()


def test_a_network_answers_pictures_one_by_one(examples: dict[str, np.ndarray]) -> None:
    network = LESSON.network().eval()
    together = LESSON.answers(network, examples)
    alone = LESSON.answers(network, {name: array[5:6] for name, array in examples.items()})
    for name, answer in together.items():
        assert answer[5:6].tobytes() == alone[name].tobytes()


def test_a_report_shows_the_picture_beside_its_labels(examples: dict[str, np.ndarray]) -> None:
    example = {name: array[0] for name, array in examples.items()}
    answer = {name: array[0] for name, array in truth(examples).items()}
    shown = LESSON.picture(example, answer)
    assert shown.shape == (3 * 64, 2 * 3 * 80, 3)
    assert shown.dtype == np.uint8
