"""Hand poses that may grasp something in a point cloud.

Ten Pas, Gualtieri, Saenko and Platt, 2017, Grasp pose detection in point clouds,
doi:10.1177/0278364917735594. Hands are tried in the local frame of points of the surface, turned
about the axis of least curvature, moved sideways, and pushed as deep as they go.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception.grasp.cloud import Cloud
from evoloco.perception.grasp.gripper import HALF_OPEN, HALF_WIDTH, LENGTH, THICK
from evoloco.perception.patterns import Rng
from evoloco.sim.native import jit

SAMPLES = 30
"""Points in whose frames hands are tried."""

NEAR = 0.012
"""Radius of the neighbours whose normals give a point's frame [m]."""

TURNS = np.arange(-4, 4) * np.pi / 8
"""Angles of the hand about the axis of least curvature [rad]."""

PLACES, SPACING = 11, 0.008
"""Number of places of the hand along its closing direction, and their distance [m]."""

FIRST_BITE, DEEPER, DEEPEST = 0.01, 0.005, 0.05
"""How deep the fingertips are below the point at first, by which steps, and at most [m]."""

PALM = LENGTH - 0.002
"""Height of the palm above the fingertips, with some clearance [m]."""

STEEPEST = 0.3
"""Least vertical part of the axis that points from the fingertips to the palm."""

CLEARANCE = 0.002
"""Least height of the fingers above the table [m]."""


@dataclass(frozen=True)
class Hands:
    """Poses of an open hand, at a grasp.

    Attributes:
        points: Middles between the fingertips [m] (k, 3).
        rotations: Columns are the closing direction, across it, and to the palm (k, 3, 3).
    """

    points: Array
    rotations: Array

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, chosen: NDArray[Any]) -> "Hands":
        return Hands(self.points[chosen], self.rotations[chosen])


def candidates(cloud: Cloud, rng: Rng, samples: int = SAMPLES, table: float = 0.0) -> Hands:
    """Hands that come from above, touch nothing that is seen, and have something between them.

    Args:
        cloud: Of what lies on the table.
        rng: Draws points of the surface.
        samples: Number of points.
        table: Height of its top [m].
    """
    points, rotations = [], []
    chosen = rng.choice(len(cloud.points), min(samples, len(cloud.points)), replace=False)
    for point in cloud.points[chosen]:
        for rotation in _turned(*_frame(cloud, point)):
            if rotation[2, 2] < STEEPEST:
                continue
            found, aside, depth = _sweep(cloud.points, point, rotation)
            if found:
                tip = point + aside * rotation[:, 0] - depth * rotation[:, 2]
                points.append(_above(tip, rotation, table))
                rotations.append(rotation)
    return Hands(np.reshape(points, (-1, 3)), np.reshape(rotations, (-1, 3, 3)))


def _frame(cloud: Cloud, point: Array) -> tuple[Array, Array]:
    """Axis of least curvature and normal of the surface about a point (3,) each.

    They are eigenvectors of the sum of n n^T over the normals n nearby: of the least eigenvalue,
    and of the largest one.
    """
    near = cloud.normals[((cloud.points - point) ** 2).sum(axis=1) < NEAR**2]
    _, vectors = np.linalg.eigh(near.T @ near)
    axis, normal = vectors[:, 0], vectors[:, 2]
    return axis, normal if normal @ near.sum(axis=0) >= 0 else -normal


def _turned(axis: Array, normal: Array) -> Array:
    """Rotations of the hand about the axis (8, 3, 3); without a turn it comes along the normal."""
    across = np.cross(axis, normal)
    palm = np.cos(TURNS)[:, None] * normal + np.sin(TURNS)[:, None] * across
    closing = np.cos(TURNS)[:, None] * across - np.sin(TURNS)[:, None] * normal
    return np.stack([closing, np.cross(palm, closing), palm], axis=2)


def _above(tip: Array, rotation: Array, table: float) -> Array:
    """The tip, drawn back along the hand until the fingers are above the table [m] (3,)."""
    reach = np.abs(rotation[2, 0]) * (HALF_OPEN + THICK) + np.abs(rotation[2, 1]) * HALF_WIDTH
    missing = table + CLEARANCE - (tip[2] - reach)
    return np.asarray(tip + max(missing, 0) / rotation[2, 2] * rotation[:, 2])


@jit
def _sweep(points, centre, rotation):  # type: ignore[no-untyped-def]
    """Whether the hand fits, how far aside, and how deep below a point [m].

    The middle of the places is taken at which the fingers touch no point and one is between them.
    """
    count = 0
    xs, zs = np.empty(len(points)), np.empty(len(points))
    for row in range(len(points)):
        x = y = z = 0.0
        for axis in range(3):
            offset = points[row, axis] - centre[axis]
            x += offset * rotation[axis, 0]
            y += offset * rotation[axis, 1]
            z += offset * rotation[axis, 2]
        if abs(y) <= HALF_WIDTH:
            xs[count], zs[count] = x, z
            count += 1

    first, fitting = -1, 0
    for place in range(PLACES):
        aside = (place - PLACES // 2) * SPACING
        free, filled = True, False
        for row in range(count):
            if zs[row] < -FIRST_BITE:
                continue
            x = abs(xs[row] - aside)
            if HALF_OPEN < x < HALF_OPEN + THICK:
                free = False
                break
            filled |= x <= HALF_OPEN
        if free and filled:
            first = place if first < 0 else first
            fitting += 1
    if first < 0:
        return False, 0.0, 0.0

    aside = (first + fitting // 2 - PLACES // 2) * SPACING
    depth = FIRST_BITE
    while depth + DEEPER <= DEEPEST:
        deeper = depth + DEEPER
        for row in range(count):
            x = abs(xs[row] - aside)
            finger = zs[row] > -deeper and HALF_OPEN < x < HALF_OPEN + THICK
            if finger or (zs[row] > PALM - deeper and x < HALF_OPEN + THICK):
                return True, aside, depth
        depth = deeper
    return True, aside, depth
