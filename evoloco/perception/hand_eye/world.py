"""A gripper over objects on a table, seen by a camera beside it that is not calibrated exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception import exposure, looks
from evoloco.perception.grasp.scene import (
    GRIPPER_JOINTS,
    HELD_OUT,
    TRAIN,
    Scene,
    add_objects,
    table,
)
from evoloco.perception.patterns import Rng
from evoloco.perception.studio import InStudio, Studio

SIDE, FIELD_OF_VIEW = 72, 34.0
"""Width and height of a picture [px], and angle of the camera [deg]."""

POSITION, PITCH = np.array([-0.46, 0.0, 0.62]), float(np.radians(51))
"""Nominal place of the camera, which looks along x [m], and its pitch below the horizon [rad]."""

ERROR, TILT = 0.01, float(np.radians(0.7))
"""Deviation of a camera's true place along each axis [m] and about each axis [rad]."""

REACH = 0.1
"""How far from the table's middle the hand goes, along x and along y [m]."""

SPREAD, FARTHEST = 0.08, 0.12
"""How far from there objects fall, and how far they may lie [m]."""

MOST = 3
"""Objects on the table."""

TABLE, SEEN = "table", 2
"""Name of the table's surface, and the last group of geoms that pictures show."""


@dataclass(frozen=True)
class Mount:
    """Where a camera is.

    Attributes:
        position: In the world [m] (3,).
        yaw: Of its view, from the x axis to the left [rad].
        pitch: Below the horizon [rad].
        roll: To the right [rad].
    """

    position: Array
    yaw: float = 0.0
    pitch: float = PITCH
    roll: float = 0.0

    @property
    def rotation(self) -> Array:
        """From the camera's axes, which point right, up and back, to the world's (3, 3)."""
        return looks.view(self.yaw, self.pitch, self.roll)


NOMINAL = Mount(POSITION)
"""Where the camera is thought to be."""


def loose(rng: Rng) -> Mount:
    """A camera that is a little off."""
    yaw, pitch, roll = rng.normal(0, TILT, 3)
    return Mount(POSITION + rng.normal(0, ERROR, 3), yaw, PITCH + pitch, roll)


def moved(way: float, rng: Rng) -> Mount:
    """A camera that was moved on the level in some direction [m]."""
    angle = rng.uniform(-np.pi, np.pi)
    return Mount(POSITION + way * np.array([np.cos(angle), np.sin(angle), 0]))


def project(points: Any, position: Any, rotation: Any) -> tuple[Any, Any, Any]:
    """Where points (..., 3) are seen: u, v [px], and how far ahead of the camera [m].

    Takes NumPy arrays and PyTorch tensors.
    """
    offset = (points - position) @ rotation
    ahead = -offset[..., 2]
    focal = SIDE / 2 / np.tan(np.radians(FIELD_OF_VIEW) / 2)
    middle = (SIDE - 1) / 2
    return middle + focal * offset[..., 0] / ahead, middle - focal * offset[..., 1] / ahead, ahead


class World(InStudio):
    """Draws scenes and pictures of them. Use it as a context manager, on one thread."""

    def __init__(self) -> None:
        self._studio = Studio(_table().compile(), SIDE, SIDE)

    def scene(self, rng: Rng, held_out: bool, mount: Mount) -> Scene:
        """One to three objects on a table, with colours, lights and a camera of their own.

        Args:
            rng: Draws.
            held_out: Whether objects, patterns and lights are of kinds that no training has.
            mount: Of the camera.
        """
        kinds = HELD_OUT if held_out else TRAIN
        while True:
            spec = _table()
            names = [str(kind) for kind in rng.choice(kinds, rng.integers(1, MOST + 1))]
            add_objects(spec, names, rng, SPREAD)
            scene = Scene(spec)
            if scene.usable and np.abs(scene.places[:, :2]).max() < FARTHEST:
                break

        self._studio.model = model = scene.model
        looks.relight(model, rng, held_out)
        self._studio.upload(looks.repaint(model, rng, [TABLE], held_out))
        looks.aim(model, "eye", mount.position, mount.yaw, mount.pitch, mount.roll)
        return scene

    def picture(self, scene: Scene, rng: Rng) -> NDArray[np.uint8]:
        """What the camera shows of a scene now (SIDE, SIDE, 3)."""
        self._studio.model = scene.model
        self._studio.look(scene.data, "eye")
        return exposure.exposed(self._studio.picture(), rng)


def push(scene: Scene, way: float, rng: Rng) -> None:
    """Moves all objects by the same way [m], in a random direction that leaves them in reach."""
    while True:
        angle = rng.uniform(-np.pi, np.pi)
        step = way * np.array([np.cos(angle), np.sin(angle)])
        if np.abs(scene.places[:, :2] + step).max() < FARTHEST or rng.random() < 0.05:
            break
    scene.data.qpos[GRIPPER_JOINTS:].reshape(-1, 7)[:, :2] += step
    mujoco.mj_forward(scene.model, scene.data)


def _table() -> mujoco.MjSpec:
    """The table with lights, a surface and the camera."""
    spec = table()
    spec.visual.headlight.active = 0
    spec.visual.map.znear = 0.01
    spec.stat.extent = 1
    looks.add_lights(spec)
    top = spec.geom(TABLE)
    top.size, top.rgba = (1, 1, 0.1), (1, 1, 1, 1)
    top.material = looks.add_surface(spec, TABLE, wraps=False, repeat=8)
    for geom in spec.geoms:
        geom.group = min(geom.group, SEEN)
    spec.worldbody.add_camera(name="eye", fovy=FIELD_OF_VIEW)
    return spec
