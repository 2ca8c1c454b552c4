"""From heat maps and depth to a pose: corners, perspective-n-point, iterative closest point."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evoloco.fields import Array
from evoloco.perception.object_pose import pnp
from evoloco.perception.object_pose.icp import Fit, Surface, icp
from evoloco.perception.object_pose.scene import KEYPOINTS
from evoloco.perception.pinhole import Pinhole
from evoloco.perception.pose import Pose

WINDOW = 2
"""Cells around the peak of a map, on each side, that a corner's place is the mean of."""

UNCERTAIN = 0.15
"""A corner counts from this part of its map within the window on."""

TOLERANCE = 3.0
"""Largest distance of a corner from where the pose puts it [px]."""

OUTLINE = 0.5
"""Probability from which on a pixel belongs to the object."""

MATCH = 0.05, 0.01
"""Largest distance of a match, in the first and in the last iteration [m]."""

ITERATIONS = 8
"""Of iterative closest point, for each start and again for the best one."""

TRIED = 100
"""Measured points that a start is tried on, about."""

HYPOTHESES, APART = 30, 0.35
"""Most poses that are tried, and the least angle between them [rad]."""

GOOD = 0.0035
"""Misfit below which no other pose is tried [m]: measured points have noise."""

FEWEST = 20
"""Measured points on the object that iterative closest point needs."""


@dataclass(frozen=True)
class Corners:
    """Where a picture shows the object's corners.

    Attributes:
        pixels: Of each corner [px] (n, 2).
        certainty: Part of its heat map around the peak (n,).
    """

    pixels: Array
    certainty: Array


@dataclass(frozen=True)
class Estimate:
    """What a picture and a depth picture say of the object's pose in the camera's frame.

    Attributes:
        corners: Where the picture shows them.
        coarse: From the corners alone; None where too few of them agree.
        pose: The one that lies best on depth, of several that the corners allow; the coarse one
            where too few rays hit the object.
        confidence: From 0 to 1: how many corners agree and how certain they are, times the share
            of the measured points that lie on the object's surface.
    """

    corners: Corners
    coarse: Pose | None
    pose: Pose | None
    confidence: float


def estimate(
    maps: Array, outline: Array, distances: Array, surface: Surface, camera: Pinhole
) -> Estimate:
    """The object's pose from heat maps and depth.

    Args:
        maps: Probabilities of where each corner is (n, rows, columns), each of sum 1.
        outline: Probability that a cell shows the object (rows, columns).
        distances: Along one ray per pixel [m] (height, width).
        surface: Of the object.
        camera: Of the picture and of the rays.
    """
    seen = corners(maps, camera)
    found = from_corners(seen, camera)
    if found is None:
        return Estimate(seen, None, None, 0.0)

    measured = on_object(outline, distances, camera)
    if len(measured) < FEWEST:
        return Estimate(seen, found.pose, found.pose, 0.0)

    best = best_fit([found.pose, *alternatives(seen, camera)], surface, measured)
    agreement = float((seen.certainty * found.inliers).mean())
    return Estimate(seen, found.pose, best.pose, agreement * best.matched)


def on_object(outline: Array, distances: Array, camera: Pinhole) -> Array:
    """Measured points within the outline, in the camera's frame [m] (k, 3)."""
    cell = camera.height // outline.shape[0]
    within = np.kron(outline > OUTLINE, np.ones((cell, cell), bool))
    return np.asarray(distances[within, None] * camera.rays()[within])


def best_fit(starts: Sequence[Pose], surface: Surface, measured: Array) -> Fit:
    """The start from which the object's surface comes to lie best on measured points.

    The starts are tried on a few of the points, in their order and until one lies `GOOD`; the best
    one is then tried on all points.

    Args:
        starts: Poses in the camera's frame.
        surface: Of the object.
        measured: Points that show the object [m] (k, 3).
    """
    few = measured[:: max(len(measured) // TRIED, 1)]
    best = icp(starts[0], surface, few, MATCH, ITERATIONS)
    for start in starts[1:]:
        if best.misfit < GOOD:
            break
        tried = icp(start, surface, few, MATCH, ITERATIONS)
        best = min(best, tried, key=lambda found: found.misfit)
    return icp(best.pose, surface, measured, (2 * MATCH[1], MATCH[1]), ITERATIONS)


def corners(maps: Array, camera: Pinhole) -> Corners:
    """Corners from probabilities over cells (n, rows, columns), each map of sum 1."""
    count, rows, columns = maps.shape
    peak = maps.reshape(count, -1).argmax(1)
    down, across = np.divmod(peak, columns)

    rows_near = np.abs(np.arange(rows) - down[:, None]) <= WINDOW
    columns_near = np.abs(np.arange(columns) - across[:, None]) <= WINDOW
    near = maps * rows_near[:, :, None] * columns_near[:, None, :]

    certainty = near.sum((1, 2))
    u = near.sum(1) @ np.arange(columns) / certainty
    v = near.sum(2) @ np.arange(rows) / certainty
    cell = camera.height / rows
    return Corners(cell * np.stack([u, v], 1) + (cell - 1) / 2, certainty)


def from_corners(seen: Corners, camera: Pinhole) -> pnp.Solution | None:
    """The object's pose in the camera's frame; None where too few corners agree."""
    return pnp.solve(KEYPOINTS, *_agreeing(seen, camera))


def alternatives(seen: Corners, camera: Pinhole) -> list[Pose]:
    """Other poses that some of the corners allow, the likeliest first."""
    found = pnp.hypotheses(KEYPOINTS, *_agreeing(seen, camera), HYPOTHESES, APART)
    return [] if found is None else [found[i] for i in range(len(found.rotation))]


def _agreeing(seen: Corners, camera: Pinhole) -> tuple[Array, Array, float]:
    """What perspective-n-point takes: places, weights and the tolerance."""
    weight = np.where(seen.certainty > UNCERTAIN, seen.certainty, 0)
    return camera.plane(seen.pixels), weight, TOLERANCE / camera.focal_length
