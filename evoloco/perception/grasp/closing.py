"""What is between the fingers of a hand in a point cloud: whether it holds, and how it looks."""

import numpy as np
from numpy.typing import NDArray

from evoloco.perception.grasp.candidates import PALM, Hands
from evoloco.perception.grasp.cloud import Cloud
from evoloco.perception.grasp.gripper import HALF_OPEN, HALF_WIDTH, LENGTH
from evoloco.sim.native import jit

CONE = np.cos(np.radians(20))
"""Cosine of half of the friction cone's angle."""

EDGE = 0.003
"""How far from the outermost point of its side a contact may be [m]."""

VIABLE = 6
"""Contacts that each finger needs."""

HALF_DEEP = 0.015
"""Half of the pictured region's width across the hand [m]."""

LEAST = np.array([-HALF_OPEN, -HALF_DEEP, 0.0])
SPAN = np.array([2 * HALF_OPEN, 2 * HALF_DEEP, LENGTH])
"""Where the pictured region begins in the hand's frame, and its sides [m] (3,)."""

CELLS = 20
"""Cells of a picture's side."""

CHANNELS = 12
"""Of three pictures, along the hand's z, y and x axis: the mean normal in the hand's frame (3), and
the mean place along the axis, from 0 to 1."""

FULL = 127
"""What 1 is as an int8."""


def antipodal(cloud: Cloud, hands: Hands) -> NDArray[np.bool_]:
    """Whether fingers press against each other within friction cones (k,).

    Each finger needs `VIABLE` points at its side whose normals are within 20° of its direction,
    and the regions of both sides must overlap in height and across the hand.
    """
    both = zip(hands.points, hands.rotations, strict=True)
    held = [_antipodal(cloud.points, cloud.normals, point, turned) for point, turned in both]
    return np.array(held, bool)


def pictures(cloud: Cloud, hands: Hands) -> NDArray[np.int8]:
    """Pictures of the region between the fingers (k, CHANNELS, CELLS, CELLS); 1 is `FULL`.

    It is as wide as the open hand, 3 cm deep and as high as the fingers.
    """
    found = np.zeros((len(hands), CHANNELS, CELLS, CELLS), np.float32)
    for row in range(len(hands)):
        _draw(cloud.points, cloud.normals, hands.points[row], hands.rotations[row], found[row])
    return np.rint(FULL * found).astype(np.int8)


@jit
def _antipodal(points, normals, tip, rotation):  # type: ignore[no-untyped-def]
    inside = np.empty((len(points), 4))
    count = 0
    for row in range(len(points)):
        x = y = z = along = 0.0
        for axis in range(3):
            offset = points[row, axis] - tip[axis]
            x += offset * rotation[axis, 0]
            y += offset * rotation[axis, 1]
            z += offset * rotation[axis, 2]
            along += normals[row, axis] * rotation[axis, 0]
        if abs(x) < HALF_OPEN and abs(y) < HALF_WIDTH and 0 < z < PALM:
            inside[count] = x, y, z, along
            count += 1
    if count < 2 * VIABLE:
        return False

    low, high = inside[:count, 0].min(), inside[:count, 0].max()
    least, most = np.full((2, 2), np.inf), np.full((2, 2), -np.inf)
    viable = np.zeros(2)
    for row in range(count):
        x, y, z, along = inside[row]
        for side in range(2):
            at_edge = x < low + EDGE if side == 0 else x > high - EDGE
            outward = -along if side == 0 else along
            if at_edge and outward > CONE:
                viable[side] += 1
                least[side, 0], most[side, 0] = min(least[side, 0], y), max(most[side, 0], y)
                least[side, 1], most[side, 1] = min(least[side, 1], z), max(most[side, 1], z)
    for axis in range(2):
        if min(most[0, axis], most[1, axis]) < max(least[0, axis], least[1, axis]):
            return False
    return viable.min() >= VIABLE


@jit
def _draw(points, normals, tip, rotation, found):  # type: ignore[no-untyped-def]
    counts = np.zeros((3, CELLS, CELLS))
    place, normal = np.empty(3), np.empty(3)
    for row in range(len(points)):
        between = True
        for own in range(3):
            along = 0.0
            for axis in range(3):
                along += (points[row, axis] - tip[axis]) * rotation[axis, own]
            place[own] = (along - LEAST[own]) / SPAN[own]
            if place[own] < 0 or place[own] >= 1:
                between = False
                break
        if not between:
            continue

        for own in range(3):
            normal[own] = 0.0
            for axis in range(3):
                normal[own] += normals[row, axis] * rotation[axis, own]
        for view in range(3):
            across, up, along = (1 if view == 2 else 0), (1 if view == 0 else 2), 2 - view
            u, v = int(CELLS * place[across]), int(CELLS * place[up])
            counts[view, u, v] += 1
            for own in range(3):
                found[4 * view + own, u, v] += normal[own]
            found[4 * view + 3, u, v] += place[along]

    for view in range(3):
        for u in range(CELLS):
            for v in range(CELLS):
                if counts[view, u, v]:
                    for channel in range(4):
                        found[4 * view + channel, u, v] /= counts[view, u, v]
