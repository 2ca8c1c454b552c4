"""How far the floor is free in each direction, from pixel labels and the camera's pose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evoloco.fields import Array


@dataclass(frozen=True)
class View:
    """A pinhole camera that looks along its negative z axis, with y up in the picture.

    Attributes:
        position: In the world [m] (3,).
        axes: Right, up and backward of the camera in the world, as columns (3, 3).
        field_of_view: Vertical [deg].
    """

    position: Array
    axes: Array
    field_of_view: float

    @property
    def heading(self) -> float:
        """Direction on the ground in which the camera looks, from the world's x axis [rad]."""
        forward = -self.axes[:, 2]
        return float(np.arctan2(forward[1], forward[0]))

    def pixels(self, points: Array, width: int, height: int) -> tuple[Array, Array]:
        """Columns and rows where points appear [px] (...,); NaN behind the camera.

        Args:
            points: In the world [m] (..., 3).
            width: Of the picture [px].
            height: Of the picture [px].
        """
        right, up, backward = np.moveaxis((points - self.position) @ self.axes, -1, 0)
        depth = np.where(backward < 0, -backward, np.nan)
        focal = height / 2 / np.tan(np.radians(self.field_of_view) / 2)
        return width / 2 + focal * right / depth, height / 2 - focal * up / depth


def free_distances(
    is_floor: NDArray[np.bool_], view: View, directions: Array, distances: Array
) -> Array:
    """Distance on the ground up to which the floor is free, in each direction [m] (n,).

    Places on flat ground at the height 0 are looked up in the picture, from the camera outwards.
    The first of two places in a row that do not show floor ends the free distance: one wrong pixel
    does not. Places outside the picture count as free.

    Args:
        is_floor: Which pixels show floor (height, width).
        view: The camera's pose.
        directions: From the camera's heading, positive to the left [rad] (n,).
        distances: From the point below the camera, rising [m] (m,). The last is the answer where
            all is free.
    """
    bearing = view.heading + directions
    ahead = np.stack([np.cos(bearing), np.sin(bearing)], -1)
    on_ground = view.position[:2] + ahead[:, None] * distances[:, None]
    points = np.concatenate([on_ground, np.zeros((*on_ground.shape[:2], 1))], -1)

    height, width = is_floor.shape
    columns, rows = view.pixels(points, width, height)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    at = np.where(inside, rows, 0).astype(int), np.where(inside, columns, 0).astype(int)

    blocked = inside & ~is_floor[at]
    ends = blocked[:, :-1] & blocked[:, 1:]
    first = np.where(ends.any(1), ends.argmax(1), len(distances) - 1)
    return np.asarray(distances[first])
