"""Perspective-n-point: the pose of a body from where a picture shows some of its points."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from evoloco.fields import Array
from evoloco.perception.pose import Pose, kabsch, step

LARGEST_SAMPLE = 9
"""Triples are drawn from this many of the most certain points: 84 triples."""

REAL = 1e-6
"""A root counts as real up to this imaginary part over its size."""


@dataclass(frozen=True)
class Solution:
    """What perspective-n-point found.

    Attributes:
        pose: Of the body in the camera's frame.
        inliers: Which points it explains (n,).
    """

    pose: Pose
    inliers: NDArray[np.bool_]


def solve(points: Array, seen: Array, weight: Array, tolerance: float) -> Solution | None:
    """The pose that explains the most points, refined on those that it explains.

    The first of the `hypotheses`, after Levenberg and Marquardt's method has minimised its
    reprojection error.

    Args:
        points: Of the body, in its frame [m] (n, 3).
        seen: Where the camera sees them, as x / z and y / z (n, 2).
        weight: How certain each of them is (n,); points with 0 are left out.
        tolerance: Largest distance of an inlier, in the units of `seen`.

    Returns:
        None where no pose explains four points.
    """
    found = hypotheses(points, seen, weight, tolerance, 1, np.pi)
    if found is None:
        return None

    best = found[0]
    inliers = (reprojection(best, points, seen) < tolerance) & (weight > 0)
    if inliers.sum() < 4:
        return None

    pose = refine(best, points[inliers], seen[inliers], weight[inliers])
    return Solution(pose, (reprojection(pose, points, seen) < tolerance) & (weight > 0))


def hypotheses(
    points: Array, seen: Array, weight: Array, tolerance: float, count: int, apart: float
) -> Pose | None:
    """Poses that explain some of the points, the one that explains the most first.

    Every triple of the most certain points gives up to four poses (P3P). There are few enough to
    try them all, so nothing is random. A pose gains the weight of each of its inliers, less the
    closer that is to the tolerance.

    Args:
        points: Of the body, in its frame [m] (n, 3).
        seen: Where the camera sees them, as x / z and y / z (n, 2).
        weight: How certain each of them is (n,); points with 0 are left out.
        tolerance: Largest distance of an inlier, in the units of `seen`.
        count: Most of the poses.
        apart: Least angle between any two of them [rad].

    Returns:
        A stack of poses; None where fewer than four points are certain.
    """
    certain = [int(i) for i in np.argsort(-weight)[:LARGEST_SAMPLE] if weight[i] > 0]
    if len(certain) < 4:
        return None

    triples = np.array(list(combinations(certain, 3)), np.intp)
    rays = np.concatenate([seen, np.ones((len(seen), 1))], 1)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    found = p3p(points[triples], rays[triples])

    off = reprojection(found, points, seen) / tolerance
    gain = (weight * np.where(off < 1, 1 - off**2, 0)).sum(1)
    order = np.argsort(-gain, kind="stable")
    chosen = order[_distinct(found.rotation[order], count, apart)]
    return found[chosen] if len(chosen) else None


def _distinct(rotations: Array, count: int, apart: float) -> list[int]:
    """The first of some rotations (k, 3, 3), the next that is apart from it [rad], and so on."""
    chosen: list[int] = []
    left = np.ones(len(rotations), bool)
    while left.any() and len(chosen) < count:
        chosen.append(int(left.argmax()))
        cosines = (np.einsum("ij,kij->k", rotations[chosen[-1]], rotations) - 1) / 2
        left &= cosines < np.cos(apart)
    return chosen


def reprojection(pose: Pose, points: Array, seen: Array) -> Array:
    """Distance of each projected point from where it is seen (..., n); infinite behind the camera.

    Args:
        pose: Of the body, or a stack of poses.
        points: Of the body [m] (n, 3).
        seen: As x / z and y / z (n, 2).
    """
    placed = pose(points)
    ahead = placed[..., 2] > 0
    depth = np.where(ahead, placed[..., 2], 1.0)
    off = np.linalg.norm(placed[..., :2] / depth[..., None] - seen, axis=-1)
    return np.where(ahead, off, np.inf)


def refine(pose: Pose, points: Array, seen: Array, weight: Array) -> Pose:
    """The pose of the least weighted squared reprojection error near `pose`.

    Args:
        pose: Where to begin.
        points: Of the body [m] (n, 3), n >= 3.
        seen: As x / z and y / z (n, 2).
        weight: Of each point's error (n,).
    """

    def errors(vector: Array) -> Array:
        placed = moved(pose, vector)(points)
        return np.asarray((weight[:, None] * (placed[:, :2] / placed[:, 2:] - seen)).ravel())

    found = least_squares(errors, np.zeros(6), method="lm", x_scale=[1.0] * 3 + [0.1] * 3)
    return moved(pose, found.x)


def moved(pose: Pose, vector: Array) -> Pose:
    """A pose turned about the body's origin by a rotation vector [rad], and shifted [m] (6,)."""
    turn = step(vector)
    return Pose(turn.rotation @ pose.rotation, pose.translation + turn.translation)


def p3p(points: Array, rays: Array) -> Pose:
    """All poses that put three points exactly on three rays from the camera.

    Grunert's equations: with distances s1, s2 = u s1, s3 = v s1 of the points, the cosine rule in
    the three triangles leaves a quartic in v. Names and order are those of Haralick's review.

    Args:
        points: Triples of points of the body [m] (k, 3, 3).
        rays: Unit vectors from the camera to them (k, 3, 3).

    Returns:
        A stack of all real solutions, in no order, for all triples together.

    References:
        Haralick, Lee, Ottenberg and Nölle, 1994, Review and analysis of solutions of the three
        point perspective pose estimation problem, doi:10.1007/BF02028352, equations 5 to 9.
    """
    a2, b2, c2 = (_squared(points[:, i] - points[:, j]) for i, j in ((1, 2), (0, 2), (0, 1)))
    cos_a, cos_b, cos_c = ((rays[:, i] * rays[:, j]).sum(1) for i, j in ((1, 2), (0, 2), (0, 1)))

    quartic = _grunert(a2 / b2, c2 / b2, cos_a, cos_b, cos_c)
    regular = np.abs(quartic[:, 0]) > REAL * np.abs(quartic).max(1)
    v = np.full((len(points), 4), np.nan)
    v[regular] = _real_roots(quartic[regular])

    k = ((a2 - c2) / b2)[:, None]
    below = 2 * (cos_c[:, None] - v * cos_a[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        u = ((k - 1) * v**2 - 2 * k * cos_b[:, None] * v + 1 + k) / below
        s1 = np.sqrt(b2[:, None] / (1 + v**2 - 2 * v * cos_b[:, None]))
        distances = np.stack([s1, u * s1, v * s1], -1)

    real = np.isfinite(distances).all(-1) & (distances > 0).all(-1)
    triple = np.nonzero(real)[0]
    return kabsch(points[triple], distances[real][..., None] * rays[triple])


def _grunert(a: Array, c: Array, cos_a: Array, cos_b: Array, cos_c: Array) -> Array:
    """Coefficients of the quartic in v, highest first (k, 5); a and c are a² / b² and c² / b²."""
    k = a - c
    A4 = (k - 1) ** 2 - 4 * c * cos_a**2
    A3 = 4 * (k * (1 - k) * cos_b - (1 - a - c) * cos_a * cos_c + 2 * c * cos_a**2 * cos_b)
    A2 = 2 * (
        k**2
        - 1
        + 2 * k**2 * cos_b**2
        + 2 * (1 - c) * cos_a**2
        - 4 * (a + c) * cos_a * cos_b * cos_c
        + 2 * (1 - a) * cos_c**2
    )
    A1 = 4 * (-k * (1 + k) * cos_b + 2 * a * cos_c**2 * cos_b - (1 - a - c) * cos_a * cos_c)
    A0 = (1 + k) ** 2 - 4 * a * cos_c**2
    return np.stack([A4, A3, A2, A1, A0], 1)


def _real_roots(quartic: Array) -> Array:
    """Real roots of quartics (k, 5), NaN where a root is not real (k, 4)."""
    companion = np.zeros((len(quartic), 4, 4))
    companion[:, 0] = -quartic[:, 1:] / quartic[:, :1]
    companion[:, [1, 2, 3], [0, 1, 2]] = 1
    roots = np.linalg.eigvals(companion)
    return np.where(np.abs(roots.imag) <= REAL * np.abs(roots), roots.real, np.nan)


def _squared(vectors: Array) -> Array:
    return np.asarray((vectors**2).sum(-1))
