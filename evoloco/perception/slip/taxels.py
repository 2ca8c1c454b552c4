"""Synthetic readings of taxels in an episode, from how MuJoCo's object moves past a pad.

MuJoCo's contacts have neither texture nor stick-slip, so there is nothing to hear in them. Here
they only say how the object moves and where the pad is pressed; bristles on a texture
(`evoloco.perception.slip.bristles`) make of that what the taxels feel.
"""

from __future__ import annotations

from functools import cache

import mujoco
import numpy as np

from evoloco.errors import EvolocoError
from evoloco.fields import Array
from evoloco.perception.slip import bristles
from evoloco.perception.slip.bristles import OBJECT, RATE, SIDE, TAXELS, feet, follow
from evoloco.perception.slip.scenes import counts, texture
from evoloco.perception.slip.windows import WINDOW

LEAD = 68
"""Readings before a window, in which the bristles bend as far as they are pulled: 36 ms."""

SPAN = (LEAD + WINDOW) / RATE
"""Time of which MuJoCo's readings are needed [s]: 0.1 s."""

LEAST_FORCE = 0.1
"""Force on the pad below which it holds nothing [N]."""

TIME, FORCE = 0, 1
"""Columns of MuJoCo's readings: time [s], force on the pad [N]."""

POSITION, VELOCITY, TURNING = slice(2, 5), slice(5, 8), slice(8, 11)
"""Columns of place [m], velocity [m/s] and turning rate [rad/s] of the object in the pad's frame,
whose z axis looks at it."""

DEPTH = slice(11, 11 + TAXELS)
"""Columns of the depth of the object at each taxel [m]."""

WOOD = {
    bristles.STRIBECK: 0.01,  # m/s
    bristles.STIFFNESS: 300.0,  # N/m
    bristles.DAMPING: 0.08,  # N s/m
    bristles.CELL: 1.7e-4,  # m
    bristles.ROUGHNESS: 0.08,
}
"""Numbers of the object that an episode's taxels feel: in the middle of those that were learned."""

KINETIC = 0.75
"""Kinetic over static friction."""

MICROSECONDS = 1e6
"""In a second."""


def window(readings: Array, order: Array, friction: float, surface: int) -> Array | None:
    """What the taxels felt in the last 64 ms [counts] (122, 144); None where they hold nothing.

    Args:
        readings: MuJoCo's (T, 11 + 144), one row per control step, the last row the present.
        order: Which of MuJoCo's taxels each one is (144,).
        friction: Static friction of the object and the pad [1].
        surface: Number of the object's texture.

    Raises:
        EvolocoError: The rows end within less than 0.1 s.
    """
    time = readings[:, TIME]
    now = time[-1]
    if time[1] > time[0] and now - time[0] < SPAN:
        raise EvolocoError(
            f"{len(time)} control steps are {now - time[0]:.3g} s, and {SPAN:g} s are needed. Give "
            "a larger `history`, or longer control steps."
        )
    if readings[-1, FORCE] < LEAST_FORCE:
        return None

    wanted = now + (np.arange(LEAD + WINDOW) - LEAD - WINDOW + 1) / RATE
    fresh = np.flatnonzero(np.diff(time, prepend=-1.0) > 0)  # the past before an episode has one
    told = [np.interp(wanted, time[fresh], column) for column in _columns(readings[fresh], order)]
    force, motion, depth = told[0], np.stack(told[1:4], 1), np.stack(told[4:], 1)
    share = depth / np.maximum(depth.sum(axis=1, keepdims=True), 1e-12)

    felt = np.zeros((len(wanted), TAXELS))
    follow(_thing(friction), force[:, None] * share, motion, _surface(surface), feet(), felt)
    noise = np.random.default_rng(round(now * MICROSECONDS))
    return counts(felt, felt.max(), noise)[LEAD:]


def taxel_order(model: mujoco.MjModel, sensor: str) -> Array:
    """Which taxel of a tactile sensor is where, row by row from the least y and x (144,).

    Raises:
        EvolocoError: It has not 144 taxels on a grid of 12 x 12.
    """
    index = model.sensor(sensor).id
    mesh, geom = int(model.sensor_objid[index]), int(model.sensor_refid[index])
    first, count = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
    if count != TAXELS:
        raise EvolocoError(f"'{sensor}' has {count} taxels; {SIDE} x {SIDE} are needed.")

    rotation = np.empty(9)
    mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
    places = model.mesh_vert[first : first + count] @ rotation.reshape(3, 3).T
    rows = np.argsort(places[:, 1], kind="stable").reshape(SIDE, SIDE)
    return np.array([row[np.argsort(places[row, 0])] for row in rows]).ravel()


def _columns(readings: Array, order: Array) -> Array:
    """Force, motion past the pad's middle, and depth at each taxel in its order (4 + 144, T)."""
    turning = readings[:, TURNING]
    middle = readings[:, VELOCITY] - np.cross(turning, readings[:, POSITION])
    depth = readings[:, DEPTH][:, order]
    return np.column_stack([readings[:, FORCE], middle[:, :2], turning[:, 2], depth]).T


def _thing(friction: float) -> Array:
    """Numbers of the object."""
    thing = np.zeros(OBJECT)
    for place, value in WOOD.items():
        thing[place] = value
    thing[bristles.STATIC], thing[bristles.KINETIC] = friction, KINETIC * friction
    return thing


@cache
def _surface(number: int) -> Array:
    """A texture of a kind that no training has."""
    return texture(np.random.default_rng(number), held_out=True)
