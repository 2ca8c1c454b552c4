"""Pixel labels: how many pixels of each label are found, and mistaken for which."""

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array


def confusion(true: NDArray[np.uint8], found: NDArray[np.uint8], labels: int) -> NDArray[np.int64]:
    """Pixels by their true label (rows) and the found one (columns) (labels, labels).

    Args:
        true: Labels of pictures, of any shape.
        found: Labels of the same pictures, of the same shape.
        labels: Number of labels.
    """
    pairs = true.astype(np.int64) * labels + found
    return np.bincount(pairs.ravel(), minlength=labels**2).reshape(labels, labels)


def intersection_over_union(counts: NDArray[np.int64]) -> Array:
    """Intersection over union of each label (labels,); NaN of a label that no pixel bears.

    TP / (TP + FP + FN), over the pixels of all pictures together.

    Args:
        counts: From `confusion`.
    """
    common = np.diag(counts)
    union = counts.sum(0) + counts.sum(1) - common
    with np.errstate(invalid="ignore"):
        return np.asarray(common / union)


def most_frequent(labels: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """The label that each pixel bears most often (height, width).

    Args:
        labels: Of pictures (n, height, width).
        count: Number of labels.
    """
    votes = np.stack([(labels == one).sum(0) for one in range(count)])
    return np.asarray(votes.argmax(0), np.uint8)
