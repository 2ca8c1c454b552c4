"""How far the torso turns away from the forward direction."""

import math

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "rad"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Size of the torso's yaw [rad] (T,).

    The yaw is the angle between the torso's forward axis and the world's x axis, seen from above.
    """
    return episode.per_control_step(np.abs(episode.yaw))


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [rad]."""
    mean, steps = 0.0, len(now.torso_orientation)
    for k in range(steps):
        q = now.torso_orientation[k]
        w, x, y, z = q[0], q[1], q[2], q[3]
        mean += abs(math.atan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z))) / steps
    return mean
