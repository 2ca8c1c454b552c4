"""Height maps of what lies on a table, by the rays of a camera that looks straight down."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evoloco.fields import Array
from evoloco.perception.cast import picture
from evoloco.perception.grasp.scene import EYE, OBJECTS, TABLE, Scene
from evoloco.perception.patterns import Rng
from evoloco.perception.rays import cast

SIDE = 64
"""Pixels of a map's side."""

LIFTED = 0.9
"""Height of the camera above the table [m]."""

SPAN = 0.3
"""Side of the part of the table that it sees [m]."""

FIELD_OF_VIEW = float(2 * np.degrees(np.arctan(SPAN / 2 / LIFTED)))
"""Of the camera [deg]."""

REACH = 2.0
"""Of its rays [m]."""

NOISE, LOST = 0.003, 0.02
"""Standard deviation of a measured distance [m], and share of the rays that come back too early or
late, by up to `STRAY` [m]."""

STRAY = 0.05

THING = 0.01
"""Height from which on a pixel shows an object [m]."""

SMOOTH = 3
"""Side of the square of pixels whose median is taken [px]."""

DIRECTIONS = picture(SIDE, SIDE, FIELD_OF_VIEW)
"""Of the rays in the camera's frame (SIDE², 3)."""

GROUPS = np.array([group in (OBJECTS, TABLE) for group in range(6)], np.uint8)


@dataclass(frozen=True)
class Heights:
    """A height map, in the frame of the table's point below the camera.

    Attributes:
        places: x, to the right in the map, and y, upward in it, of each pixel [m] (SIDE, SIDE, 2).
        heights: Above the table [m] (SIDE, SIDE), without single wrong ones.
    """

    places: Array
    heights: Array

    @property
    def pixels(self) -> NDArray[np.intp]:
        """Rows and columns that show an object (n, 2)."""
        return np.argwhere(self.heights > THING)


def above(scene: Scene, rng: Rng) -> Heights:
    """What the camera measures of a scene, with noise. The gripper is transparent."""
    camera = scene.model.camera(EYE).id
    scene.model.cam_pos[camera], scene.model.cam_quat[camera] = (0, 0, LIFTED), (1, 0, 0, 0)
    mujoco.mj_camlight(scene.model, scene.data)
    distances, _, _ = cast(scene.model, scene.data, camera, DIRECTIONS, REACH, GROUPS)

    distances = distances + rng.normal(0, NOISE, distances.shape)
    stray = rng.random(distances.shape) < LOST
    distances += stray * rng.uniform(-STRAY, STRAY, distances.shape)
    return measured(distances)


def measured(distances: Array) -> Heights:
    """The map of measured distances [m] (SIDE²,)."""
    offsets = (distances[:, None] * DIRECTIONS).reshape(SIDE, SIDE, 3)
    heights = ndimage.median_filter(LIFTED + offsets[..., 2], SMOOTH)
    return Heights(offsets[..., :2], heights)
