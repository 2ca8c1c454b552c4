"""Grasps by a rule: across the largest blob that has not the colour of the table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evoloco.fields import Array
from evoloco.perception.hand_eye.world import FIELD_OF_VIEW, NOMINAL, SIDE

HEIGHT = 0.02
"""Height over the table at which blobs are taken to be [m]."""

LEAST, LARGEST = 8, SIDE**2 // 8
"""Pixels of the smallest and largest blob; what is larger is a pattern of the table."""


def unlike_the_table(picture: NDArray[np.uint8]) -> Array:
    """How far each pixel's colour is from the median of the picture (height, width)."""
    colours = picture.astype(float)
    return np.asarray(np.linalg.norm(colours - np.median(colours, axis=(0, 1)), axis=2))


def blob_grasp(picture: NDArray[np.uint8]) -> Array:
    """Middle of the largest blob [m] and the direction of its short side [rad]: (3,).

    The middle of the table where there is no blob.
    """
    away = unlike_the_table(picture)
    labels, count = ndimage.label(away > away.mean() + away.std())
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    sizes[sizes > LARGEST] = 0
    if not count or sizes.max() < LEAST:
        return np.zeros(3)

    rows, columns = np.nonzero(labels == 1 + sizes.argmax())
    places = on_table(columns, rows)
    middle = places.mean(0)
    _, _, axes = np.linalg.svd(places - middle, full_matrices=False)
    return np.array([*middle, np.arctan2(axes[1, 1], axes[1, 0])])


def on_table(u: NDArray[Any], v: NDArray[Any]) -> Array:
    """Where pixels show the plane at `HEIGHT`, through a camera at its nominal pose [m] (n, 2)."""
    focal = SIDE / 2 / np.tan(np.radians(FIELD_OF_VIEW) / 2)
    middle = (SIDE - 1) / 2
    rays = np.stack([(u - middle) / focal, (middle - v) / focal, -np.ones(len(u))], 1)
    ahead = rays @ NOMINAL.rotation.T
    far = (HEIGHT - NOMINAL.position[2]) / ahead[:, 2:]
    return np.asarray((NOMINAL.position + far * ahead)[:, :2])
