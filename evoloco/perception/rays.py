"""Rays from a camera in Python; `evoloco.perception.cast` has those of compiled sensors."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception.cast import NO_BODY, NOTHING


def cast(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    camera: int,
    directions: Array,
    reach: float,
    groups: NDArray[np.uint8] | None = None,
) -> tuple[Array, NDArray[np.int32], NDArray[np.bool_]]:
    """Distances [m], ids of geoms, and whether the geom is hit from its inside, of each ray (n,).

    A ray that hits nothing has the distance `reach` and the geom `NOTHING`. The body that carries
    the camera is transparent, unless it is the world.

    Args:
        model: The model.
        data: With the poses of its geoms and cameras.
        camera: Id of the camera.
        directions: Unit vectors in the camera's frame (n, 3).
        reach: Longest distance [m].
        groups: 1 for each group of geoms that rays hit (6,); all groups where None.
    """
    count = len(directions)
    rays = np.ascontiguousarray(directions @ data.cam_xmat[camera].reshape(3, 3).T)
    distances, geoms, normals = np.empty(count), np.empty(count, np.int32), np.empty((count, 3))
    body = int(model.cam_bodyid[camera]) or NO_BODY
    mujoco.mj_multiRay(
        *(model, data, data.cam_xpos[camera], rays.ravel(), groups, 1, body),
        *(geoms, distances, normals.ravel(), count, reach),
    )

    far = (distances < 0) | (distances > reach)
    distances[far], geoms[far] = reach, NOTHING
    inside = ~far & (np.einsum("ij,ij->i", rays, normals) > 0)
    return distances, geoms, inside
