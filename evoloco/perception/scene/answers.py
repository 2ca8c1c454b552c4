"""What is made of the network's answers to one picture: classes, boxes, labels, free distances."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from evoloco.perception.scene.boxes import Boxes, area, strongest
from evoloco.perception.scene.free_distance import free_distances
from evoloco.perception.scene.network import Look, SceneNet, corners_of
from evoloco.perception.scene.objects import SHAPES
from evoloco.perception.scene.world import DIRECTIONS, FLOOR, OBJECT, REACH, WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evoloco.fields import Array
    from evoloco.perception.need import Eye

LEAST_SCORE = 0.05
"""Of boxes that are considered."""

MOST_OVERLAP = 0.5
"""Intersection over union up to which two boxes may both stay."""

LEAST_AHEAD = 0.1
"""Score from which on an object counts as being ahead."""

MOST_BOXES = 10
"""Boxes of a picture that are kept, the strongest ones."""

NEAREST = 0.15
"""Smallest free distance [m]."""

DISTANCES = 1 / np.linspace(1 / NEAREST, 1 / REACH, 120)
"""Distances that are tried [m]: about one row of pixels apart, for a camera 40 cm high."""


@dataclass(frozen=True)
class Scene:
    """What is made of one picture.

    Attributes:
        ahead: Probability of each shape being ahead, and of nothing (shapes + 1,).
        score: How sure it is that an object is ahead, in 0..1.
        boxes: Found, strongest first; their classes are the most probable shapes.
        labels: Of pixels (height, width); those of an object have the class of its box.
        free: Distance up to which the floor is free, in each direction [m] (5,).
    """

    ahead: Array
    score: float
    boxes: Boxes
    labels: NDArray[np.uint8]
    free: Array


def understand(network: SceneNet, picture: NDArray[np.uint8], eye: Eye) -> Scene:
    """Looks at one picture (height, width, 3) from a camera with this pose."""
    with torch.inference_mode():
        pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None] / 255
        said = network(pixels)
        places = _corrected(network, pixels, said.labels, _places(said.cells))
        shapes = _shapes(network, pixels, said.labels, places)
        labels = said.labels[0].argmax(0).to(torch.uint8).numpy()

    boxes = Boxes(places.corners, shapes.argmax(1), places.scores * shapes.max(1, initial=0))
    ahead, score = _ahead(places, shapes)
    return Scene(
        ahead=ahead,
        score=score,
        boxes=boxes,
        labels=_with_shapes(labels, boxes),
        free=free_distances(labels == FLOOR, eye, DIRECTIONS, DISTANCES),
    )


def _places(cells: torch.Tensor) -> Boxes:
    """Boxes of one picture from the answers of all cells (1, 5, rows, columns), without classes."""
    corners, scores = corners_of(cells).reshape(-1, 4), cells[0, 4].sigmoid().flatten()
    found = Boxes(
        corners.double().numpy(), np.zeros(len(scores), np.int64), scores.double().numpy()
    )
    kept = strongest(found.take(found.scores >= LEAST_SCORE), MOST_OVERLAP)
    return kept.take(np.arange(min(len(kept), MOST_BOXES)))


def _corrected(
    network: SceneNet, pixels: torch.Tensor, labels: torch.Tensor, places: Boxes
) -> Boxes:
    """Boxes as a closer look corrects them; of those that then coincide, the strongest."""
    corners = _look(network, pixels, labels, places).corners.double().numpy()
    return strongest(replace(places, corners=corners), MOST_OVERLAP)


def _shapes(network: SceneNet, pixels: torch.Tensor, labels: torch.Tensor, places: Boxes) -> Array:
    """Probabilities of the shapes in boxes (n, shapes), seen in the picture and mirrored.

    The two looks err in different ways; their mean is right more often than either.
    """
    left, top, right, bottom = places.corners.T
    mirrored = replace(places, corners=np.stack([WIDTH - right, top, WIDTH - left, bottom], 1))
    looks = (
        _look(network, pixels, labels, places),
        _look(network, pixels.flip(3), labels.flip(3), mirrored),
    )
    shapes = [look.shapes.softmax(1).double().numpy() for look in looks]
    return np.asarray(np.mean(shapes, axis=0))


def _look(network: SceneNet, pixels: torch.Tensor, labels: torch.Tensor, places: Boxes) -> Look:
    """A closer look at the boxes of one picture."""
    corners = torch.from_numpy(places.corners).float()
    if not len(corners):
        return Look(torch.zeros(0, len(SHAPES)), corners)
    return network.look_closer(pixels, labels, torch.zeros(len(corners), dtype=torch.long), corners)


def _ahead(places: Boxes, shapes: Array) -> tuple[Array, float]:
    """Probabilities of what is ahead (shapes + 1,), and the score of that box.

    It is the box with the largest area times score, of those whose score suffices.
    """
    sure = np.flatnonzero(places.scores >= LEAST_AHEAD)
    if not len(sure):
        return np.eye(len(SHAPES) + 1)[-1], float(places.scores.max(initial=0))
    weights = area(places.corners[sure]) * places.scores[sure]
    best = sure[weights.argmax()]
    return np.append(shapes[best], 0.0), float(places.scores[best])


def _with_shapes(labels: NDArray[np.uint8], boxes: Boxes) -> NDArray[np.uint8]:
    """Labels whose pixels of objects bear the class of the strongest box that holds them.

    Those outside all boxes bear the class of the strongest box, or the first one.
    """
    rows, columns = np.mgrid[: labels.shape[0], : labels.shape[1]] + 0.5
    shape = np.full(labels.shape, boxes.classes[0] if len(boxes) else 0)
    for (left, top, right, bottom), one in zip(
        boxes.corners[::-1], boxes.classes[::-1], strict=True
    ):
        shape[(columns > left) & (columns < right) & (rows > top) & (rows < bottom)] = one
    return np.where(labels == OBJECT, OBJECT + shape, labels).astype(np.uint8)
