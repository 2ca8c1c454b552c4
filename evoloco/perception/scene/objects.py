"""The six kinds of objects in a scene, at rest on the floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.perception.patterns import Rng

Size = tuple[float, float, float]


@dataclass(frozen=True)
class Part:
    """One geom of an object.

    Attributes:
        kind: MuJoCo's kind of geom.
        size: As MuJoCo takes it [m].
        place: In the object's frame [m].
    """

    kind: mujoco.mjtGeom
    size: Size
    place: Size = (0.0, 0.0, 0.0)


INSIDE = Part(mujoco.mjtGeom.mjGEOM_SPHERE, (1e-3, 1e-3, 1e-3))
"""Second part of objects that have one part only: it is hidden in the first."""


@dataclass(frozen=True)
class Form:
    """An object that stands upright along its z axis.

    Attributes:
        parts: Its two geoms.
        height: Half of its extent along z, on which it stands [m].
        width: Half of its extent along y, on which it lies [m].
    """

    parts: tuple[Part, Part]
    height: float
    width: float


def _sphere(size: float, rng: Rng) -> Form:  # noqa: ARG001 - the contract's
    return Form((Part(mujoco.mjtGeom.mjGEOM_SPHERE, (size,) * 3), INSIDE), size, size)


def _box(size: float, rng: Rng) -> Form:
    x, y, z = (float(one) for one in size * rng.uniform(0.7, 1.1, 3))
    return Form((Part(mujoco.mjtGeom.mjGEOM_BOX, (x, y, z)), INSIDE), z, y)


def _cylinder(size: float, rng: Rng) -> Form:
    radius, half = size * rng.uniform(0.6, 0.9), size * rng.uniform(0.9, 1.4)
    return Form((Part(mujoco.mjtGeom.mjGEOM_CYLINDER, (radius, half, 0)), INSIDE), half, radius)


def _capsule(size: float, rng: Rng) -> Form:
    radius, half = size * rng.uniform(0.5, 0.65), size * rng.uniform(0.8, 1.2)
    part = Part(mujoco.mjtGeom.mjGEOM_CAPSULE, (radius, half, 0))
    return Form((part, INSIDE), radius + half, radius)


def _ellipsoid(size: float, rng: Rng) -> Form:
    x, y = size * rng.uniform(0.8, 1.0), size * rng.uniform(0.5, 0.7)
    z = size * rng.uniform(1.3, 1.5)
    return Form((Part(mujoco.mjtGeom.mjGEOM_ELLIPSOID, (x, y, z)), INSIDE), z, y)


def _l_shape(size: float, rng: Rng) -> Form:
    thickness, depth = size * rng.uniform(0.3, 0.45), size * rng.uniform(0.4, 0.7)
    half, reach = size * rng.uniform(1.1, 1.5), size * rng.uniform(0.6, 0.9)
    leg = Part(mujoco.mjtGeom.mjGEOM_BOX, (thickness, depth, half), (-reach, 0, 0))
    foot = Part(
        mujoco.mjtGeom.mjGEOM_BOX, (reach, depth, thickness), (thickness, 0, thickness - half)
    )
    return Form((leg, foot), half, depth)


FORMS: dict[str, Callable[[float, Rng], Form]] = {
    "sphere": _sphere,
    "box": _box,
    "cylinder": _cylinder,
    "capsule": _capsule,
    "ellipsoid": _ellipsoid,
    "l_shape": _l_shape,
}
"""Draws an object of a size [m], about half of its width."""

SHAPES = tuple(FORMS)
"""Classes of objects, in the order of their numbers."""

LIES = "cylinder", "capsule", "ellipsoid", "l_shape"
"""Shapes that lie or stand."""


def standing(axis: float) -> Array:
    """Rotation of an object that stands, with its x axis in a direction [rad], as quaternion."""
    return np.array([np.cos(axis / 2), 0, 0, np.sin(axis / 2)])


def lying(axis: float) -> Array:
    """Rotation of an object that lies with its z axis in a direction [rad], as quaternion."""
    along = np.array([np.cos(axis), np.sin(axis), 0])
    upward = np.array([0.0, 0, 1])
    turned = np.stack([np.cross(upward, along), upward, along], axis=1)
    rotation = np.zeros(4)
    mujoco.mju_mat2Quat(rotation, turned.ravel())
    return rotation
