"""Where the tip of a chain is, and how it moves with the joints: compiled."""

import math
from typing import NamedTuple

import numpy as np

from evoloco.fields import Array
from evoloco.sim.native import jit


class Links(NamedTuple):
    """What a chain is made of. All its joints turn about or slide along their frames' z axis.

    Attributes:
        offsets: Places of the joints' frames in the frames before, and of the tip [m] (n + 1, 3).
        turns: Their rotations (n + 1, 3, 3).
        hinged: Whether a joint turns, 1, or slides, 0 (n,).
        zero: Positions of the joints at which their frames are not moved [rad or m] (n,).
        low: Lower limits [rad or m] (n,).
        high: Upper limits [rad or m] (n,).
    """

    offsets: Array
    turns: Array
    hinged: Array
    zero: Array
    low: Array
    high: Array


class Frames(NamedTuple):
    """Where a chain is, in the frame of its base.

    Attributes:
        place: Of the tip [m] (3,).
        rotation: Of the tip (3, 3).
        axes: Directions of the joints (n, 3).
        anchors: Points on the joints' axes [m] (n, 3).
    """

    place: Array
    rotation: Array
    axes: Array
    anchors: Array


@jit
def new_frames(joints: int) -> Frames:
    """Frames to be filled in, of a chain with so many joints."""
    return Frames(np.empty(3), np.empty((3, 3)), np.empty((joints, 3)), np.empty((joints, 3)))


@jit
def move(links: Links, q: Array, frames: Frames) -> None:
    """Fills in the frames at some positions of the joints [rad or m] (n,)."""
    place, rotation = frames.place, frames.rotation
    for i in range(3):
        place[i] = 0.0
        for j in range(3):
            rotation[i, j] = 1.0 if i == j else 0.0

    for joint in range(q.size):
        _append(links.offsets[joint], links.turns[joint], place, rotation)
        for i in range(3):
            frames.axes[joint, i] = rotation[i, 2]
            frames.anchors[joint, i] = place[i]

        moved = q[joint] - links.zero[joint]
        if links.hinged[joint] > 0.0:
            _turn(moved, rotation)
        else:
            for i in range(3):
                place[i] += moved * rotation[i, 2]
    _append(links.offsets[q.size], links.turns[q.size], place, rotation)


@jit
def _append(offset: Array, turn: Array, place: Array, rotation: Array) -> None:
    """Goes on to a frame that is fixed to the present one."""
    for i in range(3):
        x, y, z = rotation[i, 0], rotation[i, 1], rotation[i, 2]
        place[i] += x * offset[0] + y * offset[1] + z * offset[2]
        for j in range(3):
            rotation[i, j] = x * turn[0, j] + y * turn[1, j] + z * turn[2, j]


@jit
def _turn(angle: float, rotation: Array) -> None:
    """Turns a frame about its z axis [rad]."""
    cosine, sine = math.cos(angle), math.sin(angle)
    for i in range(3):
        x, y = rotation[i, 0], rotation[i, 1]
        rotation[i, 0] = cosine * x + sine * y
        rotation[i, 1] = cosine * y - sine * x


@jit
def slopes(links: Links, frames: Frames, jacobian: Array) -> None:
    """Fills in the velocity of the tip, linear and angular, by those of the joints (6, n).

    For a hinge with axis z through the point o, and the tip at p (Siciliano et al., 2009, Robotics:
    modelling, planning and control, eq. 3.30):

        v = z x (p - o),  w = z

    and for a slide v = z, w = 0.
    """
    p = frames.place
    for joint in range(links.zero.size):
        z, o = frames.axes[joint], frames.anchors[joint]
        if links.hinged[joint] > 0.0:
            x_away, y_away, z_away = p[0] - o[0], p[1] - o[1], p[2] - o[2]
            jacobian[0, joint] = z[1] * z_away - z[2] * y_away
            jacobian[1, joint] = z[2] * x_away - z[0] * z_away
            jacobian[2, joint] = z[0] * y_away - z[1] * x_away
        for i in range(3):
            if links.hinged[joint] > 0.0:
                jacobian[3 + i, joint] = z[i]
            else:
                jacobian[i, joint], jacobian[3 + i, joint] = z[i], 0.0
