"""How a grasp from above is chosen in a height map: at random, by a rule, or by a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evoloco.perception.grasp.attempt import Grasp, planar
from evoloco.perception.grasp.heights import THING, Heights
from evoloco.perception.patterns import Rng

if TYPE_CHECKING:
    import torch

BINS, PATCH = 18, 32
"""Angles, 10° apart, and side of a patch [px]; the same as those of the network."""

MOST = 128
"""Pixels that a network scores."""

BITE, LOWEST = 0.035, 0.006
"""How far below the surface the fingertips go, and their least height above the table [m]."""

STEPS = 4000
"""Steps of a byte of a patch in a metre: 0.25 mm each."""

Choice = tuple[int, int, int]
"""Row, column, and bin of the closing direction."""


def patch(heights: Heights, row: int, column: int) -> NDArray[np.uint8]:
    """The surroundings of a pixel, flat beyond the map (PATCH, PATCH)."""
    padded = np.pad(heights.heights, PATCH // 2)[row : row + PATCH, column : column + PATCH]
    return np.asarray((STEPS * padded).clip(0, 255).astype(np.uint8))


def at_random(heights: Heights, rng: Rng) -> Choice:
    """Any pixel of an object, and any angle."""
    row, column = rng.choice(heights.pixels)
    return int(row), int(column), int(rng.integers(BINS))


def by_rule(heights: Heights) -> Choice:
    """Middle of the largest blob, across its short axis."""
    labels, count = ndimage.label(heights.heights > THING)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    rows, columns = np.nonzero(labels == 1 + sizes.argmax())
    offsets = np.stack([columns - columns.mean(), rows.mean() - rows])
    short = np.linalg.eigh(offsets @ offsets.T)[1][:, 0]
    angle = np.arctan2(short[1], short[0]) % np.pi
    return round(rows.mean()), round(columns.mean()), round(angle / np.pi * BINS) % BINS


def by_network(network: torch.nn.Module, heights: Heights, rng: Rng) -> tuple[Choice, float]:
    """The best of some pixels and all angles, and its chance to hold."""
    from evoloco.perception.grasp.angle_network import chances

    pixels = heights.pixels
    pixels = pixels[rng.permutation(len(pixels))[:MOST]]
    scores = chances(network, np.stack([patch(heights, *pixel) for pixel in pixels]))
    best, angle = np.unravel_index(scores.argmax(), scores.shape)
    row, column = pixels[best]
    return (int(row), int(column), int(angle)), float(scores[best, angle])


def grasp(heights: Heights, choice: Choice) -> Grasp:
    """Where a gripper goes for a choice, in the map's frame."""
    row, column, angle = choice
    x, y = heights.places[row, column]
    low = max(LOWEST, float(heights.heights[row, column]) - BITE)
    return planar(float(x), float(y), angle * np.pi / BINS, low)
