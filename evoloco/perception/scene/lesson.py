"""How the scene sensor is learned, and judged beside simple answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from evoloco.perception.figure import Figure
from evoloco.perception.lesson import Arrays, Lesson, Settings
from evoloco.perception.need import Eye
from evoloco.perception.scene import network as scene_network
from evoloco.perception.scene.answers import MOST_BOXES, understand
from evoloco.perception.scene.boxes import Boxes, average_precision_of, mean_average_precision
from evoloco.perception.scene.objects import SHAPES
from evoloco.perception.scene.pixel_labels import confusion, intersection_over_union, most_frequent
from evoloco.perception.scene.world import (
    FLOOR,
    HEIGHT,
    LABELS,
    NOTHING_AHEAD,
    OBJECT,
    SPLITS,
    WIDTH,
    sights,
)

if TYPE_CHECKING:
    from evoloco.fields import Array

WEIGHTS = 1.0, 1.0, 2.0
"""Of a pixel of floor, wall and object in the loss."""

SIZES = {"under 250 px": (0, 250), "250 to 500 px": (250, 500), "500 px and more": (500, np.inf)}
"""Groups of pictures by how many pixels the object ahead has."""

NO_OBJECT = "no object"

DIFFERENCE, LEAST_COMPONENT = 30, 20
"""Brightness [of 255] by which a pixel differs from the background, and pixels of a component."""


@dataclass(frozen=True)
class SceneLesson(Lesson):
    """Pictures of rooms, a network that looks at them, and its figures.

    Attributes:
        bfloat16: Whether it learns with 16 bits. Processors that can do so are nearly twice as
            fast, others slower.
    """

    bfloat16: bool = False
    splits = tuple(SPLITS)
    settings = Settings(examples=7000, test_examples=400, steps=6000, batch=12, learning_rate=3e-3)
    layout: ClassVar = {"picture": (WIDTH, HEIGHT), "shapes": SHAPES}

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Draws pictures of a split."""
        return sights(count, split, seed)

    def network(self) -> scene_network.SceneNet:
        """A network with random weights, in the layout of memory that is fastest on a CPU."""
        network = scene_network.SceneNet(len(SHAPES), len(WEIGHTS))
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """The sum of the losses of boxes, pixel labels and closer looks."""
        assert isinstance(network, scene_network.SceneNet)
        drawn = scene_network.augmented(batch, generator)
        drawn["labels"] = drawn["labels"].clamp(max=OBJECT)
        return scene_network.loss(network, drawn, torch.tensor(WEIGHTS), generator, self.bfloat16)

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """What the network says about pictures, one by one."""
        assert isinstance(network, scene_network.SceneNet)
        scenes = [
            understand(network, picture, Eye(position, rotation, float(field)))
            for picture, position, rotation, field in zip(
                *(examples[name] for name in ("picture", "position", "rotation", "field_of_view")),
                strict=True,
            )
        ]
        return {
            "ahead": np.stack([scene.ahead for scene in scenes]),
            "labels": np.stack([scene.labels for scene in scenes]),
            "free": np.stack([scene.free for scene in scenes]),
            **_padded([scene.boxes for scene in scenes]),
        }

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:
        """The most frequent of all answers; and what differs from the same room without objects."""
        ahead = np.bincount(train["ahead"], minlength=NOTHING_AHEAD + 1)
        majority = int(ahead[:NOTHING_AHEAD].argmax())
        labels = most_frequent(train["labels"], len(LABELS))
        free = train["free"].mean(0)

        def same(examples: Arrays) -> dict[str, NDArray[Any]]:
            count = len(examples["picture"])
            return {
                "ahead": np.tile(np.eye(NOTHING_AHEAD + 1)[majority], (count, 1)),
                "labels": np.tile(labels, (count, 1, 1)),
                "free": np.tile(free, (count, 1)),
                **_padded([_no_boxes()] * count),
            }

        def differences(examples: Arrays) -> dict[str, NDArray[Any]]:
            pairs = zip(examples["picture"], examples["background"], strict=True)
            return {**same(examples), **_padded([_components(*pair, majority) for pair in pairs])}

        return {"always the same": same, "difference to background": differences}

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Classes, boxes, pixel labels and free distances."""
        return [
            *self._figures_of_classes(examples, answers),
            *_figures_of_boxes(examples, answers),
            *_figures_of_labels(examples, answers),
            *_figures_of_distances(examples, answers),
        ]

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether the class of what is ahead is right (n,)."""
        return np.asarray(answers["ahead"].argmax(1) == examples["ahead"])

    def difficulty(self, examples: Arrays) -> Sequence[str]:
        """How many pixels the object ahead has."""
        sizes = _pixels_ahead(examples)
        return [
            next(
                (name for name, (low, high) in SIZES.items() if low <= size < high and size),
                NO_OBJECT,
            )
            for size in sizes
        ]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """The picture with found boxes in red and true ones in green, beside its found labels."""
        scale = 3
        picture = np.kron(example["picture"], np.ones((scale, scale, 1), np.uint8))
        labels = np.kron(COLOURS[answer["labels"]], np.ones((scale, scale, 1), np.uint8))
        for corners in example["corners"][example["classes"] >= 0]:
            _outline(picture, corners * scale, (0, 220, 0))
        for corners in answer["corners"][answer["scores"] > SHOWN]:
            _outline(picture, corners * scale, (255, 40, 40))
        return np.concatenate([picture, labels], 1)

    def _figures_of_classes(self, examples: Arrays, answers: Arrays) -> list[Figure]:
        right, groups = self.right(examples, answers), np.array(self.difficulty(examples))
        some = groups != NO_OBJECT
        chosen = {"all": some, **{name: groups == name for name in (*SIZES, NO_OBJECT)}}
        return [
            Figure("class ahead is right", name, _mean(right[which]), "1", int(which.sum()))
            for name, which in chosen.items()
        ]


SHOWN = 0.3
"""Score of boxes that are drawn."""

COLOURS = np.array(
    [
        *([70, 110, 70], [110, 110, 160], [230, 60, 60], [240, 220, 60]),
        *([60, 220, 230], [220, 70, 220], [250, 150, 50], [250, 250, 250]),
    ],
    np.uint8,
)
"""Of labels, red, green and blue (labels, 3)."""


def _figures_of_boxes(examples: Arrays, answers: Arrays) -> list[Figure]:
    count = int((examples["classes"] >= 0).sum())
    found = [
        Boxes(corners[scores > 0], classes[scores > 0], scores[scores > 0])
        for corners, classes, scores in zip(
            answers["corners"], answers["classes"], answers["scores"], strict=True
        )
    ]
    true = [
        Boxes(corners[classes >= 0], classes[classes >= 0], np.ones((classes >= 0).sum()))
        for corners, classes in zip(examples["corners"], examples["classes"], strict=True)
    ]
    return [
        Figure(
            "mean average precision of boxes",
            "all",
            mean_average_precision(found, true, len(SHAPES)),
            "1",
            count,
        ),
        Figure(
            "average precision of boxes of any class",
            "all",
            average_precision_of(found, true),
            "1",
            count,
        ),
    ]


def _figures_of_labels(examples: Arrays, answers: Arrays) -> list[Figure]:
    counts = confusion(examples["labels"], answers["labels"], len(LABELS))
    merged = np.minimum(np.arange(len(LABELS)), OBJECT)
    three = np.zeros((3, 3), np.int64)
    np.add.at(three, (merged[:, None], merged[None]), counts)

    shares, number = intersection_over_union(counts), len(examples["labels"])
    return [
        Figure(
            "mean intersection over union of 8 labels",
            "all",
            float(np.nanmean(shares)),
            "1",
            number,
        ),
        Figure(
            "mean intersection over union of floor, wall, object",
            "all",
            float(np.nanmean(intersection_over_union(three))),
            "1",
            number,
        ),
        Figure("intersection over union of floor", "all", float(shares[FLOOR]), "1", number),
    ]


def _figures_of_distances(examples: Arrays, answers: Arrays) -> list[Figure]:
    errors = np.abs(answers["free"] - examples["free"])
    return [
        Figure(
            "error of the free distance, mean", "all", float(errors.mean()), "m", len(errors), True
        ),
        Figure(
            "error of the free distance, median",
            "all",
            float(np.median(errors)),
            "m",
            len(errors),
            True,
        ),
    ]


def _mean(right: NDArray[Any]) -> float:
    return float(right.mean()) if len(right) else float("nan")


def _pixels_ahead(examples: Arrays) -> Array:
    """Pixels of the label of what is ahead (n,); 0 where there is nothing."""
    label = (examples["ahead"] + OBJECT)[:, None, None]
    return np.asarray((examples["labels"] == label).sum((1, 2)))


def _no_boxes() -> Boxes:
    return Boxes(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0))


def _padded(boxes: Sequence[Boxes]) -> dict[str, NDArray[Any]]:
    """The strongest boxes of pictures as arrays; where there are fewer, scores are 0."""
    corners, scores = np.zeros((len(boxes), MOST_BOXES, 4)), np.zeros((len(boxes), MOST_BOXES))
    classes = np.zeros((len(boxes), MOST_BOXES), np.int64)
    for row, found in enumerate(boxes):
        kept = found.take(np.argsort(-found.scores, kind="stable")[:MOST_BOXES])
        corners[row, : len(kept)] = kept.corners
        classes[row, : len(kept)] = kept.classes
        scores[row, : len(kept)] = kept.scores
    return {"corners": corners, "classes": classes, "scores": scores}


def _components(picture: NDArray[np.uint8], background: NDArray[np.uint8], shape: int) -> Boxes:
    """Boxes around connected pixels that differ from the background, all of one class."""
    differs = np.abs(picture.astype(int) - background).max(-1) > DIFFERENCE
    components, _ = ndimage.label(differs)
    sizes = np.bincount(components.ravel())[1:]
    corners = np.array(
        [
            (across.start, down.start, across.stop, down.stop)
            for down, across in ndimage.find_objects(components)
        ],
        float,
    ).reshape(-1, 4)

    found = Boxes(corners, np.full(len(corners), shape), sizes / differs.size)
    return found.take(sizes >= LEAST_COMPONENT)


def _outline(picture: NDArray[Any], corners: Array, colour: tuple[int, int, int]) -> None:
    """Draws the edges of a box into a picture."""
    height, width = picture.shape[:2]
    left, top, right, bottom = np.clip(
        corners.round().astype(int) - (0, 0, 1, 1), 0, (width - 1, height - 1) * 2
    )
    picture[[top, bottom], left : right + 1] = colour
    picture[top : bottom + 1, [left, right]] = colour
