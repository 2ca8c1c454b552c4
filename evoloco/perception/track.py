"""A body that moves and turns at a constant velocity, followed through noise and gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from evoloco.fields import Array
from evoloco.perception.pose import Pose

GATE = 16.27
"""Largest squared innovation over its variance: chi-squared of 3 freedoms, probability 0.001."""


@dataclass(frozen=True)
class Uncertainty:
    """What a track takes as given.

    Attributes:
        position: Standard deviation of a measured position, per axis [m].
        orientation: Standard deviation of a measured orientation, per axis [rad].
        acceleration: Spectral density of the random acceleration [m²/s³].
        turning: Spectral density of the random angular acceleration [rad²/s³].
        velocity: Standard deviation of the velocity at first, per axis [m/s].
        rate: Standard deviation of the turning rate at first, per axis [rad/s].
    """

    position: float
    orientation: float
    acceleration: float
    turning: float
    velocity: float
    rate: float


class Track:
    """Extended Kalman filter of a pose whose velocity and turning rate change at random.

    The orientation's error is a rotation vector in the frame of the pose's target (a
    multiplicative filter). All axes are alike and independent, so that one covariance (2, 2) of
    value and rate serves three axes: one for the position, one for the orientation.

    Attributes:
        pose: Of the body.
        velocity: Of the body's origin [m/s] (3,).
        rate: Rotation vector per second, in the frame of the pose's target [rad/s] (3,).

    References:
        Bar-Shalom, Li and Kirubarajan, 2001, Estimation with applications to tracking and
        navigation, section 6.2.2 (constant velocity with white acceleration noise).
    """

    def __init__(self, pose: Pose, uncertainty: Uncertainty) -> None:
        self.pose = pose
        self.velocity, self.rate = np.zeros(3), np.zeros(3)
        self._given = uncertainty
        self._moving = np.diag([uncertainty.position, uncertainty.velocity]) ** 2
        self._turning = np.diag([uncertainty.orientation, uncertainty.rate]) ** 2

    def predict(self, duration: float) -> None:
        """Moves the body on by a duration [s] at its velocity and turning rate."""
        turn = Rotation.from_rotvec(self.rate * duration).as_matrix()
        shift = self.velocity * duration
        self.pose = Pose(turn @ self.pose.rotation, self.pose.translation + shift)

        self._moving = _predicted(self._moving, duration, self._given.acceleration)
        self._turning = _predicted(self._turning, duration, self._given.turning)

    def correct(self, measured: Pose) -> bool:
        """Takes a measured pose in; one that is too far off to be true is left out.

        Returns:
            Whether it was taken in.
        """
        off = measured.translation - self.pose.translation
        turned = measured.rotation @ self.pose.rotation.T
        wrong = Rotation.from_matrix(turned).as_rotvec()
        if self._surprise(off, wrong) > GATE:
            return False

        gain, self._moving = _corrected(self._moving, self._given.position)
        gain_turn, self._turning = _corrected(self._turning, self._given.orientation)

        turn = Rotation.from_rotvec(gain_turn[0] * wrong).as_matrix()
        shift = gain[0] * off
        self.pose = Pose(turn @ self.pose.rotation, self.pose.translation + shift)
        self.velocity = self.velocity + gain[1] * off
        self.rate = self.rate + gain_turn[1] * wrong
        return True

    def _surprise(self, off: Array, wrong: Array) -> float:
        """The larger squared innovation over its variance, of position and orientation."""
        moving = self._moving[0, 0] + self._given.position**2
        turning = self._turning[0, 0] + self._given.orientation**2
        return float(max(off @ off / moving, wrong @ wrong / turning))


def _predicted(covariance: Array, duration: float, density: float) -> Array:
    """Covariance (2, 2) of value and rate after a duration [s] of white acceleration noise."""
    F = np.array([[1.0, duration], [0.0, 1.0]])
    Q = np.array([[duration**3 / 3, duration**2 / 2], [duration**2 / 2, duration]])
    return np.asarray(F @ covariance @ F.T + density * Q)


def _corrected(covariance: Array, deviation: float) -> tuple[Array, Array]:
    """Gain (2,) and covariance (2, 2) after the value was measured."""
    gain = covariance[:, 0] / (covariance[0, 0] + deviation**2)
    return gain, covariance - np.outer(gain, covariance[0])
