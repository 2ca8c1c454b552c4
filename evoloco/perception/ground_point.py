"""Where something on level ground is, from the pixel that shows it."""

import numpy as np

from evoloco.fields import Array
from evoloco.perception.need import Eye
from evoloco.perception.pinhole import FROM_MUJOCO, Pinhole, in_camera

FARTHEST = 10.0
"""Distance over the ground from which on a pixel says nothing [m]: it is close to the horizon."""


def at_height(pixel: Array, camera: Pinhole, eye: Eye, height: float) -> Array | None:
    """Where the ray of a pixel is at a height [m] (3,); None if that is not ahead, or too far.

    Args:
        pixel: To the right and downward [px] (2,).
        camera: That took the picture.
        eye: Its pose.
        height: In the world [m]: that of the ground, and above it that of what is seen.
    """
    ray = eye.rotation @ FROM_MUJOCO @ np.append(camera.plane(np.asarray(pixel)), 1.0)
    drop = height - eye.position[2]
    if drop * ray[2] <= 0:
        return None
    point = eye.position + drop / ray[2] * ray
    return point if np.hypot(*(point - eye.position)[:2]) <= FARTHEST else None


def pixel_of(point: Array, camera: Pinhole, eye: Eye) -> Array | None:
    """The pixel that shows a point in the world (2,); None if none does.

    Args:
        point: In the world [m] (3,).
        camera: That takes the picture.
        eye: Its pose.
    """
    seen = in_camera(point, eye.position, eye.rotation)
    if seen[2] <= 0:
        return None
    pixel = camera.pixels(seen)
    within = (pixel >= 0).all() and (pixel <= (camera.width - 1, camera.height - 1)).all()
    return pixel if within else None


def ahead_of(point: Array, position: Array, rotation: Array) -> Array:
    """How far a point is forward and to the left of a body, over the ground [m] (2,).

    The body's tilt does not matter: forward is its x axis, seen from above.

    Args:
        point: In the world [m] (3,).
        position: Of the body [m] (3,).
        rotation: From the body's frame to the world's (3, 3).
    """
    forward = rotation[:2, 0] / max(float(np.hypot(*rotation[:2, 0])), np.finfo(float).tiny)
    away = np.asarray(point)[:2] - position[:2]
    return np.array([forward @ away, forward[0] * away[1] - forward[1] * away[0]])
