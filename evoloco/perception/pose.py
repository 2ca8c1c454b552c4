"""Poses of rigid bodies, and the one that fits two sets of points best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from evoloco.fields import Array


@dataclass(frozen=True)
class Pose:
    """Takes points of a body to another frame: x -> R x + t.

    Leading axes make a stack of poses.

    Attributes:
        rotation: R (..., 3, 3).
        translation: t [m] (..., 3).
    """

    rotation: Array
    translation: Array

    def __call__(self, points: Array) -> Array:
        """Points (..., n, 3) in the other frame [m]."""
        return points @ np.swapaxes(self.rotation, -1, -2) + self.translation[..., None, :]

    def __matmul__(self, first: Pose) -> Pose:
        """The pose that does `first`, then this one."""
        translation = (self.rotation @ first.translation[..., None])[..., 0] + self.translation
        return Pose(self.rotation @ first.rotation, translation)

    def __getitem__(self, index: int | NDArray[np.intp]) -> Pose:
        """One pose of a stack, or some."""
        return Pose(self.rotation[index], self.translation[index])

    def inverse(self) -> Pose:
        """The pose that undoes this one."""
        back = np.swapaxes(self.rotation, -1, -2)
        return Pose(back, -(back @ self.translation[..., None])[..., 0])

    def quaternion(self) -> Array:
        """Unit quaternion (4,) in MuJoCo's order w, x, y, z, with w >= 0."""
        turned = Rotation.from_matrix(self.rotation)
        return np.asarray(turned.as_quat(canonical=True, scalar_first=True))


def from_quaternion(quaternion: Array, translation: Array) -> Pose:
    """A pose from a quaternion (4,) of any length in the order w, x, y, z, and a translation."""
    rotation = Rotation.from_quat(quaternion, scalar_first=True).as_matrix()
    return Pose(rotation, np.asarray(translation, np.float64))


def flat(pose: Pose | None) -> Array:
    """Translation [m] and quaternion (w, x, y, z) in a row (7,); NaN for no pose."""
    if pose is None:
        return np.full(7, np.nan)
    return np.concatenate([pose.translation, pose.quaternion()])


def unflat(row: Array) -> Pose:
    """The pose of a row (7,)."""
    return from_quaternion(row[3:], row[:3])


def step(vector: Array) -> Pose:
    """The pose of a rotation vector [rad] and a translation [m], one after the other (6,)."""
    return Pose(Rotation.from_rotvec(vector[:3]).as_matrix(), vector[3:])


def angle(a: Pose, b: Pose) -> float:
    """Angle of the rotation between two poses [rad]."""
    return float(Rotation.from_matrix(a.rotation.T @ b.rotation).magnitude())


def kabsch(source: Array, target: Array) -> Pose:
    """The pose that takes points closest to others, by the sum of squared distances.

    With both sets centred, H = sum p qᵀ = U Σ Vᵀ and R = V diag(1, 1, det(V Uᵀ)) Uᵀ. The
    determinant keeps R a rotation where a reflection would fit better.

    Args:
        source: Points p (..., n, 3), at least three that are not on one line.
        target: Where they should go, q (..., n, 3).

    References:
        Kabsch, 1976, A solution for the best rotation to relate two sets of vectors,
        doi:10.1107/S0567739476001873.
    """
    middle, aim = source.mean(-2), target.mean(-2)
    H = np.swapaxes(source - middle[..., None, :], -1, -2) @ (target - aim[..., None, :])
    U, _, Vt = np.linalg.svd(H)

    V, Ut = np.swapaxes(Vt, -1, -2), np.swapaxes(U, -1, -2)
    V[..., :, 2] *= np.linalg.det(V @ Ut)[..., None]
    rotation = V @ Ut
    return Pose(rotation, aim - (rotation @ middle[..., None])[..., 0])
