"""Rays in compiled code: how far the next geom is in many directions, and which one it is.

MuJoCo casts them at all geoms of the model, fast among many geoms and slow along a height field
(see `evoloco.perception.hit`).
"""

import numpy as np
from numba import types

from evoloco.fields import Array
from evoloco.sim.native import jit, pointer

_address, _count, _yes = types.voidptr, types.int32, types.uint8

# model, data, origin, directions, groups, static, body left out, geoms, distances, normals, rays,
# reach
_multi_ray = types.ExternalFunction(
    "mj_multiRay",
    types.void(*4 * [_address], _address, _yes, _count, *3 * [_address], _count, types.float64),
)

NOTHING = -1
"""Geom of a ray that hits nothing."""

NO_BODY = -1
"""Body that is left out where none is."""


def picture(width: int, height: int, field_of_view: float) -> Array:
    """Directions of rays through the middles of a picture's pixels, in the camera's frame (n, 3).

    The camera looks along its negative z axis; x is to the right and y upward. The uppermost row
    comes first, its leftmost pixel first. Directions have the length 1.

    Args:
        width: Rays side by side.
        height: Rays one above the other.
        field_of_view: Vertical angle of the picture [deg].
    """
    focal = height / 2 / np.tan(np.radians(field_of_view) / 2)
    right = (np.arange(width) + 0.5 - width / 2) / focal
    upward = (height / 2 - np.arange(height) - 0.5) / focal
    x, y = np.meshgrid(right, upward)

    directions = np.stack([x, y, -np.ones_like(x)], -1).reshape(-1, 3)
    return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True))


@jit
def turned(rotation, directions):  # type: ignore[no-untyped-def]
    """Directions of a frame in the world (n, 3).

    Args:
        rotation: Of the frame (3, 3).
        directions: In the frame (n, 3).
    """
    found = np.empty(directions.shape)
    for ray in range(directions.shape[0]):
        for axis in range(3):
            total = 0.0
            for own in range(3):
                total += rotation[axis, own] * directions[ray, own]
            found[ray, axis] = total
    return found


@jit
def cast(seen, directions, reach, body):  # type: ignore[no-untyped-def]
    """Casts rays from where the sensor is.

    Args:
        seen: What the sensor is shown.
        directions: In the world, of the length 1 (n, 3).
        reach: Longest distance [m].
        body: Id of a body that they do not see, such as the one that carries the camera; `NO_BODY`
            or the world for none.

    Returns:
        Distances [m] (n,) and ids of geoms (n,); `reach` and `NOTHING` where a ray hits nothing.
    """
    count = directions.shape[0]
    distances, geoms = np.empty(count), np.empty(count, np.int32)
    _multi_ray(
        pointer(seen.model),
        pointer(seen.data),
        pointer(seen.position.ctypes.data),
        pointer(directions.ctypes.data),
        pointer(0),
        np.uint8(1),
        np.int32(body if body > 0 else NO_BODY),
        pointer(geoms.ctypes.data),
        pointer(distances.ctypes.data),
        pointer(0),
        np.int32(count),
        reach,
    )
    for ray in range(count):
        if distances[ray] < 0 or distances[ray] > reach:
            distances[ray], geoms[ray] = reach, NOTHING
    return distances, geoms
