"""Contacts of spheres, capsules and boxes with rough ground.

MuJoCo takes a height field for a crowd of upright prisms and looks for a contact with each. Where a
small geom sinks in beside a prism's wall, that wall pushes it sideways, and a sphere whose centre
comes below the surface may stay caught.

Here a geom touches with the points with which it touches a plane in MuJoCo: a sphere's centre, a
capsule's ends, a box's corners. Each has one contact, with the plane of the triangle under it,
however deep it is. A ridge between two points is not felt.
"""

import functools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mujoco
import numpy as np
from numba import carray, types

from evoloco.ground import surface
from evoloco.sim import cache, capi
from evoloco.sim.native import doubles, floats, ints, jit, pointer, words

SPHERE, CAPSULE, BOX = (
    int(getattr(mujoco.mjtGeom, f"mjGEOM_{kind}")) for kind in ("SPHERE", "CAPSULE", "BOX")
)
"""Types of geoms."""

CORNERS = 8
"""Corners of a box."""

PRECONTACT = 10
"""Numbers that a contact function writes per contact, an mjPreContact."""

OF_MODEL = (
    *("geom_type", "geom_size", "geom_dataid"),
    *("hfield_size", "hfield_nrow", "hfield_ncol", "hfield_adr", "hfield_data"),
)
OF_DATA = ("geom_xpos", "geom_xmat")
"""Arrays that the contact function reads."""


@contextmanager
def contacts(model: mujoco.MjModel, data: mujoco.MjData) -> Iterator[None]:
    """Has MuJoCo find contacts with height fields as this file does, in every model.

    Args:
        model: Any model with a height field.
        data: Its data.
    """
    places = [capi.pointer_offset(model, name) for name in OF_MODEL]
    places += [capi.pointer_offset(data, name) for name in OF_DATA]
    function = _compiled(*places)
    field = int(mujoco.mjtGeom.mjGEOM_HFIELD)
    with capi.colliding({(field, kind): function for kind in (SPHERE, CAPSULE, BOX)}):
        yield


@jit
def _doubles(place, first, count):  # type: ignore[no-untyped-def]
    start = words(place)[0]
    return carray(doubles(start + 8 * first), (count,))


@jit
def _integer(place, index):  # type: ignore[no-untyped-def]
    return np.int64(ints(words(place)[0] + 4 * index)[0])


@jit
def _floats(place, first, count):  # type: ignore[no-untyped-def]
    return carray(floats(words(place)[0] + 4 * first), (count,))


@jit
def touch(places, model, data, contacts, ground, geom, margin):  # type: ignore[no-untyped-def]
    """Writes the contacts of a geom with a height field, and says how many there are."""
    geom_type, geom_size, geom_dataid, hfield_size = places[:4]
    hfield_nrow, hfield_ncol, hfield_adr, hfield_data, geom_xpos, geom_xmat = places[4:]
    field = _integer(model + geom_dataid, ground)
    rows, columns = _integer(model + hfield_nrow, field), _integer(model + hfield_ncol, field)
    heights = _floats(model + hfield_data, _integer(model + hfield_adr, field), rows * columns)
    reach_x, reach_y, lift = _doubles(model + hfield_size, 4 * field, 3)
    per_x, per_y = (columns - 1) / (2 * reach_x), (rows - 1) / (2 * reach_y)
    origin = _doubles(data + geom_xpos, 3 * ground, 3)
    turn = _doubles(data + geom_xmat, 9 * ground, 9)
    middle = _doubles(data + geom_xpos, 3 * geom, 3)
    turned = _doubles(data + geom_xmat, 9 * geom, 9)
    size, kind = _doubles(model + geom_size, 3 * geom, 3), _integer(model + geom_type, geom)
    points = 1 if kind == SPHERE else 2 if kind == CAPSULE else CORNERS
    radius = 0.0 if kind == BOX else size[0]

    count = 0
    for point in range(points):
        x, y, z = into_field(point_of(kind, size, point), origin, turn, middle, turned)
        along, across = (x + reach_x) * per_x, (y + reach_y) * per_y
        if not (0 <= along <= columns - 1 and 0 <= across <= rows - 1):
            continue

        height, rise_x, rise_y = surface(heights, rows, columns, lift, along, across)
        slope_x, slope_y = rise_x * per_x, rise_y * per_y
        # The part of the surface's normal along the field's z.
        upright = 1 / math.sqrt(slope_x * slope_x + slope_y * slope_y + 1)
        gap = (z - height) * upright - radius
        if gap > margin:
            continue

        # An mjPreContact: distance, position, normal, tangent.
        found = carray(pointer(contacts + 8 * PRECONTACT * count), (PRECONTACT,), np.float64)
        found[0] = gap
        for i in range(3):
            normal = upright * (turn[3 * i + 2] - turn[3 * i] * slope_x - turn[3 * i + 1] * slope_y)
            place = turn[3 * i] * x + turn[3 * i + 1] * y + turn[3 * i + 2] * z + origin[i]
            found[1 + i] = place - normal * (radius + gap / 2)
            found[4 + i] = normal
            # At zeros MuJoCo chooses the tangent.
            found[7 + i] = turned[3 * i + 2] if kind == CAPSULE else 0.0
        count += 1
    return count


@jit
def point_of(kind, size, point):  # type: ignore[no-untyped-def]
    """The place of one of a geom's points in its own frame."""
    x, y, z = 0.0, 0.0, 0.0
    if kind == CAPSULE:
        z = size[1] if point == 0 else -size[1]
    elif kind == BOX:
        x = size[0] if point & 1 else -size[0]
        y = size[1] if point & 2 else -size[1]
        z = size[2] if point & 4 else -size[2]
    return x, y, z


@jit
def into_field(point, origin, turn, middle, turned):  # type: ignore[no-untyped-def]
    """A point of a geom's frame in the frame of a field.

    Args:
        point: In the geom's frame.
        origin: Of the field in the world (3,).
        turn: The field's rotation matrix, flat (9,).
        middle: Of the geom in the world (3,).
        turned: The geom's rotation matrix, flat (9,).
    """
    a, b, c = point
    x, y, z = 0.0, 0.0, 0.0
    for i in range(3):
        first, second, third = turned[3 * i] * a, turned[3 * i + 1] * b, turned[3 * i + 2] * c
        way = middle[i] - origin[i] + first + second + third
        x += turn[3 * i] * way
        y += turn[3 * i + 1] * way
        z += turn[3 * i + 2] * way
    return x, y, z


def signature() -> Any:
    """Types of a contact function, an mjfCollision."""
    address, index = types.int64, types.int32
    return types.int32(address, address, address, index, index, types.float64)


_TOUCH = '''"""The compiled contact function; made by evoloco, may be deleted."""

import numba

from evoloco.sim import heightfield

places = heightfield.given


def native_touch(model, data, contacts, ground, geom, margin):
    return heightfield.touch(places, model, data, contacts, ground, geom, margin)


native_touch = numba.cfunc(heightfield.signature(), error_model="numpy", cache=True)(native_touch)
'''

given: tuple[int, ...] = ()
"""Places of the arrays that the module made of `_TOUCH` reads, while it is imported."""


@functools.cache
def _compiled(*places: int) -> int:
    """Address of the contact function for a place in the struct of each array that it reads."""
    global given
    given = places
    module: Any = cache.compiled(_TOUCH, (touch,), places)
    return int(module.native_touch.address)
