"""Iterative closest point: a pose refined until a body's surface lies on measured points."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from evoloco.fields import Array
from evoloco.perception.pose import Pose, step


class Surface:
    """A body's surface as points with normals, in the body's frame.

    Attributes:
        points: [m] (n, 3).
        normals: Unit vectors that point outward (n, 3).
    """

    def __init__(self, points: Array, normals: Array) -> None:
        self.points, self.normals = points, normals
        self._tree = KDTree(points)

    def closest(self, points: Array) -> tuple[Array, Array, Array]:
        """Closest points (k, 3), their normals (k, 3) and the distances to them [m] (k,)."""
        distances, index = self._tree.query(points)
        return self.points[index], self.normals[index], distances


@dataclass(frozen=True)
class Fit:
    """How a surface lies on measured points.

    Attributes:
        pose: Of the body.
        misfit: Mean distance of the measured points from the surface [m]; none counts for more
            than the reach.
        matched: Share of the measured points that lie near the surface.
    """

    pose: Pose
    misfit: float
    matched: float


def icp(
    pose: Pose,
    surface: Surface,
    measured: Array,
    reach: tuple[float, float],
    iterations: int = 20,
) -> Fit:
    """Point-to-plane iterative closest point.

    Each measured point p, taken to the body's frame, is matched with the closest surface point q
    and its normal n. The step (ω, t) minimises

        sum w ((p + ω × p + t - q) · n)²

    which is linear. Points further than the reach have no match; the reach shrinks from one
    iteration to the next, so that floor and neighbours drop out. The weight w falls to 0 there.

    Args:
        pose: Where to begin.
        surface: Of the body.
        measured: Points that a depth picture shows [m] (k, 3), in the frame of the pose.
        reach: Largest distance of a match at the beginning and at the end [m].
        iterations: How many.

    References:
        Chen and Medioni, 1992, Object modelling by registration of multiple range images,
        doi:10.1016/0262-8856(92)90066-C.
    """
    for current in np.geomspace(*reach, iterations):
        local = pose.inverse()(measured)
        q, n, distance = surface.closest(local)
        near = distance < current
        if near.sum() < 6:
            break

        weight = (1 - (distance[near] / current) ** 2) ** 2
        change = _step(local[near], q[near], n[near], weight)
        pose = pose @ step(change).inverse()

    return fit(pose, surface, measured, reach[1])


def fit(pose: Pose, surface: Surface, measured: Array, reach: float) -> Fit:
    """How well a pose explains measured points (k, 3); those beyond the reach [m] are no match."""
    _, _, distance = surface.closest(pose.inverse()(measured))
    misfit = np.minimum(distance, reach).mean()
    return Fit(pose, float(misfit), float((distance < reach).mean()))


def _step(p: Array, q: Array, n: Array, weight: Array) -> Array:
    """The step (ω, t) of the weighted normal equations (6,).

    The few points of a flat side leave directions free; the smallest step is taken there.
    """
    rows = np.concatenate([np.cross(p, n), n], 1) * np.sqrt(weight)[:, None]
    off = ((q - p) * n).sum(1) * np.sqrt(weight)
    return np.asarray(np.linalg.lstsq(rows, off, rcond=1e-6)[0])
