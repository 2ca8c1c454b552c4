"""Roll and pitch from a gyroscope and an accelerometer, as in `sim/observe.py`."""

import math

import numpy as np

from evoloco.genome import Array

TIME_CONSTANT = 2.0
"""With which acceleration corrects a tilt that a run takes as known [s]; see `estimated_tilt`."""


def leaning(acceleration: Array) -> Array:
    """Roll and pitch [rad] (2,) of a torso at rest; leaning forward is positive.

    Args:
        acceleration: In the torso's frame, gravity's reaction included [m/s²] (3,).
    """
    x, y, z = acceleration
    return np.array([math.atan2(y, z), math.atan2(-x, math.hypot(y, z))])


def filtered(
    kept: Array, rate: Array, acceleration: Array, control_dt: float, time_constant: float
) -> Array:
    """Roll and pitch [rad] (2,) of a complementary filter, one control step later.

    Args:
        kept: Roll and pitch before [rad] (2,).
        rate: Turning rate in the torso's frame [rad/s] (3,).
        acceleration: In the torso's frame, gravity's reaction included [m/s²] (3,).
        control_dt: Time since [s].
        time_constant: With which acceleration corrects the estimate [s].
    """
    roll, pitch = kept
    w_x, w_y, w_z = rate
    turning = w_x + math.tan(pitch) * (math.sin(roll) * w_y + math.cos(roll) * w_z)
    tilting = math.cos(roll) * w_y - math.sin(roll) * w_z

    share = time_constant / (time_constant + control_dt)
    integrated = kept + control_dt * np.array([turning, tilting])
    return share * integrated + (1.0 - share) * leaning(acceleration)
