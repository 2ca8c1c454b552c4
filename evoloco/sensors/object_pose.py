"""The pose of a known object, from a picture and rays of one camera.

A network draws a heat map for each of twelve corners of the object. Perspective-n-point makes
poses of them; point-to-plane iterative closest point refines them on what the rays measure, and
the one that fits best is the answer.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception import weights as files
from evoloco.perception.learned import Learned
from evoloco.perception.need import Picture, Rays, Seen
from evoloco.perception.object_pose.estimate import estimate
from evoloco.perception.object_pose.icp import Surface
from evoloco.perception.object_pose.lesson import LAYOUT, Method, ObjectLesson
from evoloco.perception.object_pose.scene import (
    CAMERA,
    FIELD_OF_VIEW,
    HEIGHT,
    REACH,
    WIDTH,
    object_surface,
)
from evoloco.perception.pinhole import FROM_MUJOCO
from evoloco.perception.pose import Pose, flat
from evoloco.sensor import AGE, CONFIDENCE, Sensor

if TYPE_CHECKING:
    import torch

NAME = "object_pose"

MARGIN = 0.5
"""By how much the camera's field of view may differ from the one that was learned with [deg]."""


class ObjectPose:
    """Reads the object's pose in the torso's frame.

    Args:
        torso: Name of the body whose frame that is.
        weights: File of weights; the bundled one where empty.
    """

    needs = Picture(WIDTH, HEIGHT), Rays(WIDTH, HEIGHT, FIELD_OF_VIEW, REACH)
    channels = (*("x", "y", "z"), *("qw", "qx", "qy", "qz"), CONFIDENCE, AGE)

    def __init__(self, torso: str, weights: str = "") -> None:
        self._torso, self._weights = torso, weights

    def read(self, seen: Seen, previous: Array) -> Array | None:  # noqa: ARG002 - the contract's
        """The pose (9,); None where too few corners agree, or too few rays hit the object.

        Raises:
            EvolocoError: The camera has another field of view than was learned with.
        """
        from evoloco.perception.object_pose.network import seen_maps

        eye = self._eye(seen)
        maps, outline = seen_maps(self._network, seen.picture)
        found = estimate(maps, outline, seen.distances, self._surface, CAMERA)
        if found.pose is None:
            return None

        torso = seen.data.body(self._torso)
        frame = Pose(torso.xmat.reshape(3, 3), torso.xpos)
        return np.array([*flat(frame.inverse() @ eye @ found.pose), found.confidence, 0.0])

    def _eye(self, seen: Seen) -> Pose:
        """The camera's pose in the world."""
        if seen.eye is None or abs(seen.eye.field_of_view - FIELD_OF_VIEW) > MARGIN:
            came = "no camera" if seen.eye is None else f"{seen.eye.field_of_view:g}°"
            raise EvolocoError(
                f"The camera of '{NAME}' needs a vertical field of view of {FIELD_OF_VIEW:g}°, "
                f"with which it was learned, not {came}."
            )
        return Pose(seen.eye.rotation @ FROM_MUJOCO, seen.eye.position)

    @cached_property
    def _network(self) -> "torch.nn.Module":
        from evoloco.perception.object_pose.network import HeatMaps

        return files.fill(HeatMaps(), NAME, self._weights, LAYOUT["heat_maps"])

    @cached_property
    def _surface(self) -> Surface:
        return object_surface()


def sensor(
    morphology: Morphology, camera: str = "", weights: str = "", engine: Literal["torch"] = "torch"
) -> Sensor:
    """Position and orientation of the known object in the torso's frame.

    Args:
        morphology: The body.
        camera: Name of the camera that it looks through; where empty, the only one.
        weights: File that `evoloco learn object_pose` wrote; where empty, the bundled one.
        engine: What runs the network.
    """
    reader = ObjectPose(morphology.torso_frame, weights)
    return Sensor(
        NAME,
        reader.channels,
        "m, m, m, 1, 1, 1, 1, 1, s",
        "position and quaternion of the known object in the torso's frame",
        Learned(reader, camera, engine),
    )


def lesson(method: Method = "heat_maps") -> ObjectLesson:
    """What the sensor learns from.

    Args:
        method: "heat_maps" for the sensor; "direct" for a network that answers a pose at once.
    """
    return ObjectLesson(method)
