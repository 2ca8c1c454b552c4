"""Cameras of a model by name."""

import mujoco

from evoloco.errors import UnknownNameError


def camera_id(model: mujoco.MjModel, name: str, sensor: str) -> int:
    """The id of a camera.

    Args:
        model: The model.
        name: Of the camera.
        sensor: Name of the sensor that wants it, for a message.

    Raises:
        UnknownNameError: The model has no such camera.
    """
    known = [model.camera(i).name for i in range(model.ncam)]
    if name not in known:
        raise UnknownNameError("camera", name, known, f"sensors.{sensor}.camera")
    return int(model.camera(name).id)
