"""How well speed and turning rate follow the command."""

import math
from itertools import accumulate

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "1"
FLOORS = (0.0, 1.0)

COMMANDED = True
"""It means nothing in a scenario that asks for nothing."""


def measure(
    episode: Episode,
    speed_width: float = 0.1,
    turning_width: float = 0.25,
    smoothing: float = 0.5,
) -> Array:
    """Bell curve of the errors of speed and turning rate [1] (T,); 1 where there are none.

    With the torso's velocity ahead and to the left in its own heading, v and u, its turning rate
    about the world's vertical r, and what the command asks for, V and R,

        e = (v - V, u, r - R)                                                    (1)
        s(t) = s(t - dt) + dt / (dt + smoothing) (e(t) - s(t - dt)),  s = 0 at the start    (2)
        value = exp(-(s_1^2 + s_2^2) / speed_width^2 - s_3^2 / turning_width^2)  (3)

    The filter (2) passes errors that last, and takes out what a stride repeats. It filters velocity
    and command alike, so a body that follows a change at once has no error.

    Args:
        episode: What is measured.
        speed_width: Error at which the value has fallen to 1/e [m/s].
        turning_width: Likewise [rad/s].
        smoothing: Time constant of the filter [s], about a stride.

    Raises:
        EvolocoError: A width is not positive, or the time constant is negative.

    References:
        Rudin, Hoeller, Reist and Hutter, 2022, Learning to walk in minutes using massively parallel
        deep reinforcement learning, arXiv:2109.11978 (linear and angular velocity tracking).
    """
    constants(episode.morphology, speed_width, turning_width, smoothing)

    yaw, velocity = episode.yaw, episode.torso_velocity
    ahead = np.cos(yaw) * velocity[:, 0] + np.sin(yaw) * velocity[:, 1]
    left = np.cos(yaw) * velocity[:, 1] - np.sin(yaw) * velocity[:, 0]
    up = episode.up[:: episode.substeps]
    turning = (up * episode.sensor("torso.rate")).sum(axis=1)

    speed, _, asked_turning = episode.command.T
    error = np.stack(
        [
            episode.per_control_step(ahead) - speed,
            episode.per_control_step(left),
            turning - asked_turning,
        ],
        axis=1,
    )
    share = episode.control_dt / (episode.control_dt + smoothing)
    smooth = np.stack([_smooth(part, share) for part in error.T], axis=1)
    scaled = smooth / [speed_width, speed_width, turning_width]
    return np.asarray(np.exp(-(scaled**2).sum(axis=1)))  # (3)


def _smooth(error: Array, share: float) -> Array:
    """The filter (2) of an error (T,)."""
    steps = accumulate(error.tolist(), lambda s, e: s + share * (e - s), initial=0.0)
    return np.array(list(steps)[1:])


def constants(
    morphology: Morphology,
    speed_width: float = 0.1,
    turning_width: float = 0.25,
    smoothing: float = 0.5,
) -> Fields:
    """Widths [m/s], [rad/s] and time constant [s], checked."""
    if not (speed_width > 0 and turning_width > 0 and smoothing >= 0):
        raise EvolocoError(
            "Measure 'command_tracking': speed_width and turning_width must be above 0, and "
            f"smoothing not below 0, not {speed_width}, {turning_width} and {smoothing}."
        )
    return {"speed_width": speed_width, "turning_width": turning_width, "smoothing": smoothing}


def memory(morphology: Morphology) -> Shapes:
    """The smooth errors s [m/s], [m/s], [rad/s]."""
    return {"smooth": (3,)}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    steps = len(now.torso_velocity)
    ahead, left = -now.command[0], 0.0
    for k in range(steps):
        q, v = now.torso_orientation[k], now.torso_velocity[k]
        yaw = math.atan2(2 * (q[1] * q[2] + q[0] * q[3]), 1 - 2 * (q[2] * q[2] + q[3] * q[3]))
        ahead += (math.cos(yaw) * v[0] + math.sin(yaw) * v[1]) / steps
        left += (math.cos(yaw) * v[1] - math.sin(yaw) * v[0]) / steps

    w, x, y, z = now.torso_orientation[0]
    rate = now.torso_rate
    turning = 2 * (x * z - w * y) * rate[0] + 2 * (y * z + w * x) * rate[1]
    turning += (1 - 2 * (x * x + y * y)) * rate[2] - now.command[2]

    share = dt / (dt + constants.smoothing)
    smooth = memory.smooth
    smooth[0] += share * (ahead - smooth[0])
    smooth[1] += share * (left - smooth[1])
    smooth[2] += share * (turning - smooth[2])
    total = (smooth[0] ** 2 + smooth[1] ** 2) / constants.speed_width**2
    return math.exp(-total - smooth[2] ** 2 / constants.turning_width**2)
