"""Motion blur: what a camera that turns makes of its picture while its shutter is open."""

import math

import mujoco
import numpy as np

from evoloco.perception.exposure import Picture, blurred

LEAST = 0.5
"""Motion below which a picture stays as it is [px]."""


def smeared(
    picture: Picture, model: mujoco.MjModel, data: mujoco.MjData, camera: int, shutter: float
) -> Picture:
    """A picture as it is taken with the shutter open for a while.

    Only the camera's turning about its horizontal and its vertical axis counts: for what is far
    away, all else moves the picture less.

    Args:
        picture: Pixels (height, width, 3) of an infinitely short moment.
        model: Of the simulation.
        data: With positions about the centre of mass (`mj_comPos`).
        camera: Id of the camera.
        shutter: Time for which it is open [s].
    """
    right, down = motion(model, data, camera, len(picture))
    length = shutter * math.hypot(right, down)
    return picture if length < LEAST else blurred(picture, length, math.atan2(down, right))


def motion(
    model: mujoco.MjModel, data: mujoco.MjData, camera: int, height: int
) -> tuple[float, float]:
    """Velocity of the scene in the middle of a picture, to the right and downward [px/s].

    Args:
        model: Of the simulation.
        data: With positions about the centre of mass.
        camera: Id of the camera.
        height: Of the picture [px].
    """
    mujoco.mj_comVel(model, data)
    velocity = np.empty(6)
    of_camera, in_its_frame = mujoco.mjtObj.mjOBJ_CAMERA, 1
    mujoco.mj_objectVelocity(model, data, of_camera, camera, velocity, in_its_frame)

    # The camera looks along -z, x is to the right, y upward.
    pitching, yawing, _ = velocity[:3]
    focal = 0.5 * height / math.tan(math.radians(model.cam_fovy[camera]) / 2)
    return focal * yawing, focal * pitching
