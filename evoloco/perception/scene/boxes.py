"""Boxes in pictures: overlap, suppression of doubles, and how good a set of found boxes is.

A box is (left, top, right, bottom) [px]; its right and bottom edges are not part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evoloco.fields import Array


@dataclass(frozen=True)
class Boxes:
    """The boxes of one picture.

    Attributes:
        corners: Left, top, right, bottom [px] (n, 4).
        classes: Class of each (n,).
        scores: How sure each is, in 0..1 (n,); ones for true boxes.
    """

    corners: Array
    classes: NDArray[np.int64]
    scores: Array

    def __len__(self) -> int:
        """Number of boxes."""
        return len(self.corners)

    def take(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> Boxes:
        """The boxes at these places, in their order."""
        return Boxes(self.corners[places], self.classes[places], self.scores[places])


def area(corners: Array) -> Array:
    """Areas of boxes [px²] (n,); 0 where an edge lies beyond its opposite."""
    return np.asarray(np.clip(corners[..., 2:] - corners[..., :2], 0, None).prod(-1))


def overlap(first: Array, second: Array) -> Array:
    """Intersection over union of every pair of boxes (n, m).

    Args:
        first: Boxes (n, 4).
        second: Boxes (m, 4).
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])

    common = area(np.concatenate([low, high], -1))
    union = area(first)[:, None] + area(second)[None] - common
    return np.asarray(common / np.maximum(union, np.finfo(np.float64).tiny))


def strongest(boxes: Boxes, most_overlap: float) -> Boxes:
    """Non-maximum suppression: drops boxes that overlap a stronger one of any class.

    Args:
        boxes: Found in one picture.
        most_overlap: Intersection over union up to which two boxes may both stay.

    Returns:
        The boxes that stay, strongest first.
    """
    ordered = boxes.take(np.argsort(-boxes.scores, kind="stable"))
    overlaps = overlap(ordered.corners, ordered.corners)

    kept: list[int] = []
    for box in range(len(ordered)):
        if (overlaps[box, kept] <= most_overlap).all():
            kept.append(box)
    return ordered.take(np.asarray(kept, np.int64))


def hits(found: Boxes, true: Boxes, least_overlap: float) -> NDArray[np.bool_]:
    """Which of the found boxes of a picture are right (n,), whatever their classes.

    Strongest first, each takes the true box that it overlaps most. It is right if they overlap
    enough and no stronger one has taken that box (Everingham and others, 2010, The Pascal visual
    object classes challenge, section 4.4, doi:10.1007/s11263-009-0275-4).

    Args:
        found: In the picture.
        true: Of the picture.
        least_overlap: Intersection over union of a right box.
    """
    right = np.zeros(len(found), bool)
    if not len(true):
        return right

    overlaps = overlap(found.corners, true.corners)
    taken: set[int] = set()
    for box in np.argsort(-found.scores, kind="stable"):
        best = int(overlaps[box].argmax())
        right[box] = overlaps[box, best] >= least_overlap and best not in taken
        if right[box]:
            taken.add(best)
    return right


def average_precision(right: NDArray[np.bool_], scores: Array, count: int) -> float:
    """Area under precision over recall, interpolated at all points.

    Precision at a recall is the best one at that recall or beyond.

    Args:
        right: Which of the found boxes of all pictures are right (n,).
        scores: How sure each is (n,).
        count: Number of true boxes.

    Returns:
        In 0..1; NaN if there is no true box.
    """
    if count == 0:
        return float("nan")
    ordered = right[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)

    best_beyond = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_beyond[ordered].sum() / count)


def mean_average_precision(
    found: Sequence[Boxes], true: Sequence[Boxes], classes: int, least_overlap: float = 0.5
) -> float:
    """Mean of the classes' average precisions; classes without a true box do not count.

    Args:
        found: Of each picture.
        true: Of each picture.
        classes: Number of classes.
        least_overlap: Intersection over union of a right box.
    """
    precisions = [
        average_precision_of(
            [boxes.take(boxes.classes == one) for boxes in found],
            [boxes.take(boxes.classes == one) for boxes in true],
            least_overlap,
        )
        for one in range(classes)
    ]
    return float(np.nanmean(precisions))


def average_precision_of(
    found: Sequence[Boxes], true: Sequence[Boxes], least_overlap: float = 0.5
) -> float:
    """Average precision of boxes in many pictures, whatever their classes.

    Args:
        found: Of each picture.
        true: Of each picture.
        least_overlap: Intersection over union of a right box.
    """
    right = [hits(*pair, least_overlap) for pair in zip(found, true, strict=True)]
    scores = [boxes.scores for boxes in found]
    return average_precision(np.concatenate(right), np.concatenate(scores), sum(map(len, true)))
