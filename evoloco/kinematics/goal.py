"""What the tip of a chain shall do, and how far it is from it."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.fields import Array
from evoloco.kinematics.forward import Frames, Links
from evoloco.perception.pose import Pose
from evoloco.sim.native import jit

ROWS = 9
"""Entries of a residual: three each of place, rotation and gaze."""

LEVER = 0.3
"""Way that counts as much as an angle of 1 rad [m]: about a third of an arm's length."""

NEAR = 1e-12
"""Sine of an angle below which it has no axis [1]."""


class GoalError(EvolocoError):
    """A goal that no chain can have."""


class Wanted(NamedTuple):
    """A goal as compiled code reads it. A factor is 1 where something counts, 0 where it is free.

    Attributes:
        place: Wanted place [m] (3,).
        rotation: Wanted rotation (3, 3).
        seen: Point to look at [m] (3,).
        counts: Factors of place, rotation and gaze (3,).
    """

    place: Array
    rotation: Array
    seen: Array
    counts: Array


@dataclass(frozen=True)
class Goal:
    """What the tip shall do, in the frame of the base. What is None is free.

    Attributes:
        place: Where it shall be [m] (3,).
        rotation: How it shall be turned, a rotation matrix (3, 3).
        look_at: Point that its z axis shall point at [m] (3,).
    """

    place: Array | None = None
    rotation: Array | None = None
    look_at: Array | None = None

    @classmethod
    def of(cls, pose: Pose) -> "Goal":
        """The goal to have a pose."""
        return cls(pose.translation, pose.rotation)

    def wanted(self) -> Wanted:
        """The goal for compiled code.

        Raises:
            GoalError: Nothing is wanted, or an array has another shape, is not finite or no
                rotation.
        """
        parts = (self.place, self.rotation, self.look_at)
        if all(part is None for part in parts):
            raise GoalError("A goal needs a place, a rotation or a point to look at.")

        rotation = _array("rotation", self.rotation, np.eye(3))
        if abs(rotation @ rotation.T - np.eye(3)).max() > 1e-6 or np.linalg.det(rotation) < 0:
            raise GoalError(f"goal.rotation must be a rotation matrix. It is {rotation.tolist()}.")
        counts = np.array([part is not None for part in parts], np.float64)
        return Wanted(
            _array("place", self.place, np.zeros(3)),
            rotation,
            _array("look_at", self.look_at, np.zeros(3)),
            counts,
        )


def _array(name: str, given: Array | None, free: Array) -> Array:
    """A part of a goal.

    Raises:
        GoalError: It has another shape than what stands for a free one, or is not finite.
    """
    array = np.ascontiguousarray(free if given is None else given, np.float64)
    if array.shape != free.shape or not np.isfinite(array).all():
        raise GoalError(
            f"goal.{name} must be finite and have the shape {free.shape}. It has the shape "
            f"{array.shape}: {array.tolist()}."
        )
    return array


@jit
def measure(wanted: Wanted, frames: Frames, residual: Array) -> tuple[float, float]:
    """Fills in the residual (9,) and returns how far the tip is off [m, rad].

    With the tip at p, R and the goal p*, R*, the rows are

        p* - p,   L rotvec(R* Rᵀ),   L rotvec(from z to d)

    where z is the tip's z axis, d the direction to the point to look at and L is `LEVER`.
    """
    place, rotation = frames.place, frames.rotation
    distance = 0.0
    for i in range(3):
        residual[i] = wanted.counts[0] * (wanted.place[i] - place[i])
        distance += residual[i] ** 2

    turned, gaze = 0.0, 0.0
    for i in range(3, ROWS):
        residual[i] = 0.0
    if wanted.counts[1] > 0.0:
        turned = _rotation(wanted.rotation, rotation, residual)
    if wanted.counts[2] > 0.0:
        gaze = _gaze(wanted.seen, place, rotation, residual)
    return math.sqrt(distance), max(turned, gaze)


@jit
def _rotation(wanted: Array, rotation: Array, residual: Array) -> float:
    """Fills in L rotvec(R* Rᵀ) and returns its angle [rad].

    The sum of b x a over columns b of R and a of R* is twice its axis times the sine.
    """
    x, y, z, trace = 0.0, 0.0, 0.0, 0.0
    for i in range(3):
        x += rotation[1, i] * wanted[2, i] - rotation[2, i] * wanted[1, i]
        y += rotation[2, i] * wanted[0, i] - rotation[0, i] * wanted[2, i]
        z += rotation[0, i] * wanted[1, i] - rotation[1, i] * wanted[0, i]
        for j in range(3):
            trace += wanted[j, i] * rotation[j, i]
    angle: float = _fill(residual, 3, 0.5 * x, 0.5 * y, 0.5 * z, 0.5 * (trace - 1.0))
    return angle


@jit
def _gaze(seen: Array, place: Array, rotation: Array, residual: Array) -> float:
    """Fills in L times the rotation vector from the tip's z axis to a point; returns its angle."""
    x, y, z = seen[0] - place[0], seen[1] - place[1], seen[2] - place[2]
    far = math.sqrt(x * x + y * y + z * z) + NEAR
    x, y, z = x / far, y / far, z / far
    a, b, c = rotation[0, 2], rotation[1, 2], rotation[2, 2]
    cosine = a * x + b * y + c * z
    angle: float = _fill(residual, 6, b * z - c * y, c * x - a * z, a * y - b * x, cosine)
    return angle


@jit
def _fill(residual: Array, row: int, x: float, y: float, z: float, cosine: float) -> float:
    """Fills in L times a rotation vector, by its axis times the sine; returns its angle [rad]."""
    sine = math.sqrt(x * x + y * y + z * z)
    angle = math.atan2(sine, cosine)
    length = LEVER if sine < NEAR else LEVER * angle / sine
    residual[row], residual[row + 1], residual[row + 2] = length * x, length * y, length * z
    return angle


@jit
def linearize(wanted: Wanted, frames: Frames, links: Links, velocity: Array, rows: Array) -> None:
    """Fills in how the residual shrinks with the joints (9, n), to first order near the goal.

    The direction d to a point at a distance r turns by d x v / r as the tip moves by v, so the
    rotation from z to d shrinks by (1 - z zᵀ) w + d x v / r.

    Args:
        wanted: The goal.
        frames: Where the chain is.
        links: What it is made of.
        velocity: Of the tip by those of the joints (6, n).
        rows: To fill in.
    """
    for joint in range(links.zero.size):
        for i in range(3):
            rows[i, joint] = wanted.counts[0] * velocity[i, joint]
            rows[3 + i, joint] = wanted.counts[1] * LEVER * velocity[3 + i, joint]
            rows[6 + i, joint] = 0.0

    if wanted.counts[2] > 0.0:
        _linearize_gaze(wanted.seen, frames, velocity, rows)


@jit
def _linearize_gaze(seen: Array, frames: Frames, velocity: Array, rows: Array) -> None:
    """Fills in how the angle to a point shrinks with the joints."""
    place, rotation = frames.place, frames.rotation
    x, y, z = seen[0] - place[0], seen[1] - place[1], seen[2] - place[2]
    a, b, c = rotation[0, 2], rotation[1, 2], rotation[2, 2]
    square = x * x + y * y + z * z + NEAR
    for j in range(velocity.shape[1]):
        along = a * velocity[3, j] + b * velocity[4, j] + c * velocity[5, j]
        roll = (y * velocity[2, j] - z * velocity[1, j]) / square
        pitch = (z * velocity[0, j] - x * velocity[2, j]) / square
        yaw = (x * velocity[1, j] - y * velocity[0, j]) / square
        rows[6, j] = LEVER * (velocity[3, j] - along * a + roll)
        rows[7, j] = LEVER * (velocity[4, j] - along * b + pitch)
        rows[8, j] = LEVER * (velocity[5, j] - along * c + yaw)
