"""How far the floor is free in each direction, from pixel labels and the camera's pose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evoloco.perception.pinhole import Pinhole, in_camera

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evoloco.fields import Array
    from evoloco.perception.need import Eye


def heading(eye: Eye) -> float:
    """Direction on the ground in which a camera looks, from the world's x axis [rad]."""
    forward = -eye.rotation[:, 2]
    return float(np.arctan2(forward[1], forward[0]))


def free_distances(
    is_floor: NDArray[np.bool_], eye: Eye, directions: Array, distances: Array
) -> Array:
    """Distance on the ground up to which the floor is free, in each direction [m] (n,).

    Places on flat ground at the height 0 are looked up in the picture, from the camera outwards.
    The first of two places in a row that do not show floor ends the free distance: one wrong pixel
    does not. Places outside the picture count as free.

    Args:
        is_floor: Which pixels show floor (height, width).
        eye: The camera's pose.
        directions: From the camera's heading, positive to the left [rad] (n,).
        distances: From the point below the camera, rising [m] (m,). The last is the answer where
            all is free.
    """
    bearing = heading(eye) + directions
    ahead = np.stack([np.cos(bearing), np.sin(bearing)], -1)
    on_ground = eye.position[:2] + ahead[:, None] * distances[:, None]
    points = np.concatenate([on_ground, np.zeros((*on_ground.shape[:2], 1))], -1)
    columns, rows, inside = _pixels(points, eye, *is_floor.shape)

    blocked = inside & ~is_floor[rows, columns]
    ends = blocked[:, :-1] & blocked[:, 1:]
    first = np.where(ends.any(1), ends.argmax(1), len(distances) - 1)
    return np.asarray(distances[first])


def _pixels(
    points: Array, eye: Eye, height: int, width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Columns and rows of the pixels that show points (..., 3), and whether the picture has them.

    Both are 0 where it has not.
    """
    seen = in_camera(points, eye.position, eye.rotation)
    in_front = seen[..., 2] > 0
    seen = np.where(in_front[..., None], seen, (0, 0, 1))

    at = Pinhole(width, height, eye.field_of_view).pixels(seen).round().astype(np.int64)
    inside = in_front & (at >= 0).all(-1) & (at < (width, height)).all(-1)
    at = np.where(inside[..., None], at, 0)
    return at[..., 0], at[..., 1], inside
