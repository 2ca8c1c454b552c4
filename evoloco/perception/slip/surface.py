"""The surface of a body of a MuJoCo model, as points with normals."""

import mujoco
import numpy as np

from evoloco.perception.object_pose.icp import Surface
from evoloco.perception.pose import Pose

OUTSIDE = 1e3
"""Rays that hit nothing end this many radii away."""


def scanned(model: mujoco.MjModel, body: str, spacing: float) -> Surface:
    """The outer surface of a body's geoms, of any shape, in the body's frame.

    Parallel rays along both directions of the three axes and of the four diagonals of a cube find
    it. Hollows that none of the 14 directions reaches are left out.

    Args:
        model: With the body, which stands alone: other geoms would be scanned too.
        body: Its name.
        spacing: Between neighbouring rays [m].
    """
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    own = model.geom_bodyid == model.body(body).id
    frame = Pose(data.body(body).xmat.reshape(3, 3).copy(), data.body(body).xpos.copy())

    middle = data.geom_xpos[own].mean(0)
    reach = np.linalg.norm(data.geom_xpos[own] - middle, axis=1) + model.geom_rbound[own]
    found = [
        _hits(model, data, middle, direction, float(reach.max()), spacing)
        for direction in _directions()
    ]

    points, normals = (np.concatenate(part) for part in zip(*found, strict=True))
    return Surface(frame.inverse()(points), normals @ frame.rotation)


def _directions() -> np.ndarray:
    """Unit vectors along the axes and the diagonals of a cube (14, 3)."""
    diagonals = np.array([(1, y, z) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3)
    lines = np.concatenate([np.eye(3), diagonals])
    return np.concatenate([lines, -lines])


def _hits(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    middle: np.ndarray,
    direction: np.ndarray,
    radius: float,
    spacing: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Points and normals (k, 3) that parallel rays of one direction hit."""
    right = np.cross(direction, np.eye(3)[np.abs(direction).argmin()])
    right /= np.linalg.norm(right)
    steps = np.arange(-radius, radius, spacing)
    across, along = (part.ravel()[:, None] for part in np.meshgrid(steps, steps))
    starts = middle - 2 * radius * direction + across * right + along * np.cross(direction, right)

    points, normals = [], []
    geom, normal = np.zeros(1, np.int32), np.zeros(3)
    for start in starts:
        distance = mujoco.mj_ray(model, data, start, direction, None, 1, -1, geom, normal)
        if distance >= 0:
            points.append(start + distance * direction)
            normals.append(normal.copy())
    return np.reshape(points, (-1, 3)), np.reshape(normals, (-1, 3))
