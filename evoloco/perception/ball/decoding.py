"""Where a network's answer says that the ball is, and how sure that is.

Places are in pixels from the middle of the upper left one: u to the right, v downward.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evoloco.fields import Array

EDGE = 0.5
"""Pixels from this part of the largest activation on belong to the ball."""

SURE = 100
"""Pixels from which the size of a region raises no doubt."""

NEAR = 4.0
"""Distance from a head's maximum within which its probability speaks for the ball [px]."""


@dataclass(frozen=True)
class Found:
    """One ball in a picture.

    Attributes:
        u: To the right [px].
        v: Downward [px].
        spread: Standard deviation of where the network sees the ball, along one axis [px].
        confidence: From 0 to 1.
        mask: Pixels of the ball (height, width); empty where they are not known.
    """

    u: float
    v: float
    spread: float
    confidence: float
    mask: NDArray[np.bool_]


def outlined(heat: Array) -> NDArray[np.bool_]:
    """Pixels of the ball (height, width).

    They are the connected region of strong activations with the largest sum.

    Args:
        heat: Activations from 0 to 1 (height, width).
    """
    regions, number = ndimage.label(heat >= EDGE * heat.max())
    sums = ndimage.sum_labels(heat, regions, np.arange(1, number + 1))
    return np.asarray(regions == 1 + np.argmax(sums))


def in_heat_map(heat: Array) -> Found:
    """The ball in a heat map: the weighted middle of `outlined`.

    It is as sure as the mean of its activations; and less so if it is small, as the fourth root of
    its pixels, since most of what is taken for a ball by mistake is small.

    Args:
        heat: Activations from 0 to 1 (height, width).
    """
    mask = outlined(heat)
    rows, columns = np.nonzero(mask)
    weights = heat[mask] / heat[mask].sum()

    u, v = weights @ columns, weights @ rows
    variance = weights @ ((columns - u) ** 2 + (rows - v) ** 2) / 2
    confidence = heat[mask].mean() * min(1, len(rows) / SURE) ** 0.25
    return Found(float(u), float(v), float(np.sqrt(variance)), float(confidence), mask)


def in_heads(along_x: Array, along_y: Array) -> Found:
    """The ball of two heads, as sure as the less sure one of them.

    Args:
        along_x: Probabilities of the columns (width,).
        along_y: Probabilities of the rows (height,).
    """
    (u, spread_u, sure_u), (v, spread_v, sure_v) = _in_head(along_x), _in_head(along_y)
    spread = np.sqrt((spread_u**2 + spread_v**2) / 2)
    return Found(u, v, float(spread), min(sure_u, sure_v), np.zeros(0, bool))


def _in_head(probabilities: Array) -> tuple[float, float, float]:
    """Place [px], standard deviation [px], and probability near the maximum."""
    places = np.arange(len(probabilities))
    near = np.abs(places - places[np.argmax(probabilities)]) <= NEAR
    sure = float(probabilities[near].sum())

    place = float(probabilities[near] @ places[near]) / sure
    return place, float(np.sqrt(probabilities @ (places - place) ** 2)), sure
