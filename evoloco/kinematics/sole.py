"""The part of a foot that stands on level ground: a face, an edge or a point."""

from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array

STEEPEST = np.cos(np.pi / 4)
"""Least cosine of the angle between a sole's normal and the vertical, in the pose it is read in."""

EVEN = 2e-3
"""Points that are this little above the lowest one stand on level ground with it [m]."""

WIDE = 5e-3
"""Half the width of the narrowest face, and half the length of the shortest edge [m]."""

RIM = 16
"""Points on the rim of a cylinder."""


class Sole(NamedTuple):
    """What a foot stands on, in the foot's frame.

    Attributes:
        centre: Middle of the spheres that touch level ground, or of its corners [m] (3,).
        radius: Of the spheres [m]; 0 for corners.
        level: Directions that lie level then (n, 3): two for a face, one for an edge, none for a
            point.
    """

    centre: Array
    radius: float
    level: Array


def read_sole(model: mujoco.MjModel, data: mujoco.MjData, foot: int, geoms: list[int]) -> Sole:
    """Reads the sole of a foot.

    Of all directions along the axes of the foot and its geoms that are nearly upward, the one along
    which the widest part of the foot would touch level ground is the normal of the sole.

    Args:
        model: The model.
        data: In a pose in which the sole points downward, by less than 45°.
        foot: Id of the foot's body.
        geoms: Ids of its geoms that can touch the ground.
    """
    turn = data.xmat[foot].reshape(3, 3)
    points, radii = _points(model, data, foot, geoms)
    frames = [turn, *(data.geom_xmat[geom].reshape(3, 3) for geom in geoms)]
    axes = np.concatenate([turn.T @ frame for frame in frames], axis=1).T
    normals = np.concatenate([axes, -axes])
    upward = normals @ turn[2]
    normals = normals[upward > STEEPEST]

    found: list[tuple[tuple[float, float], Sole]] = []
    for normal in [turn[2], *normals[np.argsort(-upward[upward > STEEPEST], kind="stable")]]:
        height = points @ normal - radii
        lowest = height < height.min() + EVEN
        touching = points[lowest]
        spread, directions = _spread(touching, normal)
        width = (min(spread[1], WIDE), min(spread[0], WIDE))
        level = directions[[side >= WIDE for side in spread]]
        middle = (touching.min(axis=0) + touching.max(axis=0)) / 2
        found.append((width, Sole(middle, float(radii[lowest].mean()), level)))
    return max(found, key=lambda each: each[0])[1]


def _spread(points: Array, normal: Array) -> tuple[Array, Array]:
    """Half the extents of points across a direction [m] (2,), and their directions (2, 3)."""
    flat = points - points.mean(axis=0)
    flat = flat - np.outer(flat @ normal, normal)
    directions = np.linalg.svd(np.concatenate([flat, np.zeros((3, 3))]))[2][:2]
    along = flat @ directions.T
    return (along.max(axis=0) - along.min(axis=0)) / 2, directions


def _points(
    model: mujoco.MjModel, data: mujoco.MjData, foot: int, geoms: list[int]
) -> tuple[Array, Array]:
    """Centres of spheres whose convex hull is the foot, in its frame [m] (n, 3), and radii (n,)."""
    turn, place = data.xmat[foot].reshape(3, 3), data.xpos[foot]
    centres, radii = [], []
    for geom in geoms:
        local, radius = _of_geom(model, geom)
        world = data.geom_xpos[geom] + local @ data.geom_xmat[geom].reshape(3, 3).T
        centres.append((world - place) @ turn)
        radii.append(np.full(len(local), radius))
    return np.concatenate(centres), np.concatenate(radii)


def _of_geom(model: mujoco.MjModel, geom: int) -> tuple[Array, float]:
    """Centres of spheres whose convex hull is a geom, in its frame [m] (n, 3), and their radius."""
    kind, size = mujoco.mjtGeom(model.geom_type[geom]), model.geom_size[geom]
    signs = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), axis=-1).reshape(-1, 3)
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return np.zeros((1, 3)), float(size[0])
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return np.array([[0, 0, -size[1]], [0, 0, size[1]]]), float(size[0])
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        angle = 2 * np.pi * np.arange(RIM) / RIM
        rim = size[0] * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
        up = np.array([0.0, 0.0, size[1]])
        return np.concatenate([rim - up, rim + up]), 0.0
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        return np.array(model.mesh_vert[first : first + count], float), 0.0

    box = model.geom_aabb[geom]
    return box[:3] + signs * box[3:], 0.0


def geoms_fixed_to(
    model: mujoco.MjModel, body: int, geoms: list[int] | NDArray[np.intp]
) -> list[int]:
    """Those of some geoms that do not move on a body."""
    fixed = model.body_weldid[model.geom_bodyid] == model.body_weldid[body]
    return [int(geom) for geom in geoms if fixed[geom]]
