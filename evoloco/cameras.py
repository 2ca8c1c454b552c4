"""Mounts the cameras that a run file asks for in `[cameras.NAME]`."""

from collections.abc import Mapping
from dataclasses import replace

import mujoco
import numpy as np

from evoloco.errors import SpecError, UnknownNameError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.spec import CameraSpec


def mounted(morphology: Morphology, asked: Mapping[str, CameraSpec]) -> Morphology:
    """A body with more cameras, which it tells of. They have no mass.

    Args:
        morphology: The body.
        asked: The run file's table of cameras.

    Raises:
        UnknownNameError: A camera shall be on a body that does not exist.
        SpecError: The model has a camera of that name already.
    """
    if not asked:
        return morphology

    bodies = [body.name for body in morphology.spec.bodies]
    there = [camera.name for camera in morphology.spec.cameras]
    for name, camera in asked.items():
        if camera.on and camera.on not in bodies:
            raise UnknownNameError("body", camera.on, filter(None, bodies), f"cameras.{name}.on")
        if name in there:
            raise SpecError(f"cameras.{name}: the model has a camera '{name}' already.")

    def mount(spec: mujoco.MjSpec) -> None:
        for name, camera in asked.items():
            spec.body(camera.on or morphology.torso_frame).add_camera(
                name=name,
                pos=camera.position,
                quat=pitched(camera.pitch),
                fovy=camera.field_of_view,
            )

    told = [_sentence(name, camera, morphology) for name, camera in asked.items()]
    return replace(morphology.changed(mount), told=(*morphology.told, *told))


def pitched(pitch: float) -> Array:
    """Quaternion (4,) of a camera that looks along x of a frame whose z axis points upward.

    Args:
        pitch: By which it looks downward [deg].
    """
    angle = np.radians(pitch)
    ahead = np.array([np.cos(angle), 0.0, -np.sin(angle)])
    right = np.array([0.0, -1.0, 0.0])
    axes = np.stack([right, np.cross(right, ahead), -ahead], axis=1)  # MuJoCo looks along -z
    found = np.empty(4)
    mujoco.mju_mat2Quat(found, axes.ravel())
    return found


def _sentence(name: str, camera: CameraSpec, morphology: Morphology) -> str:
    """What is told of a camera."""
    place = ", ".join(f"{coordinate:g}" for coordinate in camera.position)
    return (
        f"Camera '{name}' is added to {camera.on or morphology.torso_frame}, at ({place}) m, "
        f"looking {camera.pitch:g}° downward."
    )
