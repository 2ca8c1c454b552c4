"""The pinhole camera: pixels and the points that they show."""

from dataclasses import dataclass

import numpy as np

from evoloco.fields import Array

FROM_MUJOCO = np.diag([1.0, -1.0, -1.0])
"""From MuJoCo's axes of a camera (right, up, back) to those used here (right, down, ahead)."""


def in_camera(points: Array, position: Array, rotation: Array) -> Array:
    """Points of the world (..., 3) in the frame of a camera (..., 3).

    Args:
        points: In the world [m].
        position: Of the camera [m] (3,).
        rotation: Its axes in the world as columns, as MuJoCo has them (3, 3).
    """
    return np.asarray((points - position) @ rotation @ FROM_MUJOCO)


@dataclass(frozen=True)
class Pinhole:
    """A camera without distortion; its frame's axes point right, down and ahead.

    Pixel (u, v) has its middle at u, v. The first is in the left upper corner.

    Attributes:
        width: Of the picture [px].
        height: Of the picture [px].
        field_of_view: Vertical [deg].
    """

    width: int
    height: int
    field_of_view: float

    @property
    def focal_length(self) -> float:
        """Distance at which one pixel is one unit wide [px]."""
        return self.height / 2 / float(np.tan(np.radians(self.field_of_view) / 2))

    @property
    def centre(self) -> Array:
        """Pixel on the optical axis [px] (2,)."""
        return np.array([self.width - 1, self.height - 1]) / 2

    def pixels(self, points: Array) -> Array:
        """Where points (..., 3) in front of the camera are seen [px] (..., 2)."""
        return self.focal_length * points[..., :2] / points[..., 2:] + self.centre

    def plane(self, pixels: Array) -> Array:
        """Pixels (..., 2) on the plane one metre ahead: x / z and y / z (..., 2)."""
        return (pixels - self.centre) / self.focal_length

    def rays(self) -> Array:
        """Unit vectors through all pixels (height, width, 3)."""
        v, u = np.mgrid[: self.height, : self.width]
        plane = self.plane(np.stack([u, v], -1))
        ahead = np.concatenate([plane, np.ones((self.height, self.width, 1))], -1)
        return np.asarray(ahead / np.linalg.norm(ahead, axis=-1, keepdims=True))
