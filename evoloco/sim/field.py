"""Contacts of spheres with rough ground.

MuJoCo takes a height field for a crowd of upright prisms and looks for a contact with each. Where a sphere sinks in
beside a prism's wall, that wall pushes it sideways, and one whose centre comes below the surface may stay caught. Here
a sphere has one contact: with the plane of the triangle under its centre, however deep it is.
"""

import functools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mujoco
import numba
import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

from evoloco.sim import abi, cache

OF_MODEL = ("geom_size", "geom_dataid", "hfield_size", "hfield_nrow", "hfield_ncol", "hfield_adr", "hfield_data")
OF_DATA = ("geom_xpos", "geom_xmat")
"""Arrays that the contact function reads."""


@contextmanager
def contacts(model: mujoco.MjModel, data: mujoco.MjData) -> Iterator[None]:
    """Has MuJoCo find the contacts of spheres with height fields as this file does, in every model.

    Args:
        model: Any model with a height field.
        data: Its data.
    """
    places = [abi.pointer_offset(model, name) for name in OF_MODEL]
    places += [abi.pointer_offset(data, name) for name in OF_DATA]
    pair = mujoco.mjtGeom.mjGEOM_HFIELD, mujoco.mjtGeom.mjGEOM_SPHERE
    with abi.colliding(*pair, cache.kept(lambda: _compiled(*places)).address):
        yield


@intrinsic
def _pointer(typing_context, address):  # type: ignore[no-untyped-def]
    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.inttoptr(args[0], ir.IntType(8).as_pointer())

    return types.voidptr(address), codegen


@numba.njit(error_model="numpy")
def _doubles(place, first, count):  # type: ignore[no-untyped-def]
    start = carray(_pointer(place), (1,), np.int64)[0]
    return carray(_pointer(start + 8 * first), (count,), np.float64)


@numba.njit(error_model="numpy")
def _integer(place, index):  # type: ignore[no-untyped-def]
    start = carray(_pointer(place), (1,), np.int64)[0]
    return np.int64(carray(_pointer(start + 4 * index), (1,), np.int32)[0])


@numba.njit(error_model="numpy")
def _floats(place, first, count):  # type: ignore[no-untyped-def]
    start = carray(_pointer(place), (1,), np.int64)[0]
    return carray(_pointer(start + 4 * first), (count,), np.float32)


@functools.cache
def _compiled(*places: int) -> Any:
    """The contact function in C, an mjfCollision at `.address`, for a place in the struct of each array it reads.

    Numba's cache tells functions with other places in them, such as another MuJoCo's, apart.
    """
    geom_size, geom_dataid, hfield_size, hfield_nrow, hfield_ncol, hfield_adr, hfield_data = places[: len(OF_MODEL)]
    geom_xpos, geom_xmat = places[len(OF_MODEL) :]

    def touch(model, data, contact, ground, sphere, margin):  # type: ignore[no-untyped-def]
        """Writes the contact of a sphere with a height field, and says whether there is one."""
        field = _integer(model + geom_dataid, ground)
        rows, columns = _integer(model + hfield_nrow, field), _integer(model + hfield_ncol, field)
        heights = _floats(model + hfield_data, _integer(model + hfield_adr, field), rows * columns)
        reach_x, reach_y, lift = _doubles(model + hfield_size, 4 * field, 3)
        radius = _doubles(model + geom_size, 3 * sphere, 1)[0]
        centre, origin = _doubles(data + geom_xpos, 3 * sphere, 3), _doubles(data + geom_xpos, 3 * ground, 3)
        turn = _doubles(data + geom_xmat, 9 * ground, 9)  # from the field's frame to the world's, row by row

        # The centre in the field's frame; then along the grid, in cells.
        x, y, z = 0.0, 0.0, 0.0
        for i in range(3):
            way = centre[i] - origin[i]
            x, y, z = x + turn[3 * i] * way, y + turn[3 * i + 1] * way, z + turn[3 * i + 2] * way
        per_x, per_y = (columns - 1) / (2 * reach_x), (rows - 1) / (2 * reach_y)
        along, across = (x + reach_x) * per_x, (y + reach_y) * per_y
        if not (0 <= along <= columns - 1 and 0 <= across <= rows - 1):
            return 0
        column, row = min(int(along), columns - 2), min(int(across), rows - 2)

        # The triangle's rise per cell along both axes, and its height under the centre.
        corner = row * columns + column
        near, far = lift * heights[corner], lift * heights[corner + columns + 1]
        if along - column > across - row:
            middle = lift * heights[corner + 1]
            rise_x, rise_y = middle - near, far - middle
        else:
            middle = lift * heights[corner + columns]
            rise_x, rise_y = far - middle, middle - near
        height = near + rise_x * (along - column) + rise_y * (across - row)

        slope_x, slope_y = rise_x * per_x, rise_y * per_y
        upright = 1 / math.sqrt(slope_x * slope_x + slope_y * slope_y + 1)  # the normal's part along the field's z
        gap = (z - height) * upright - radius
        if gap > margin:
            return 0
        found = carray(_pointer(contact), (10,), np.float64)  # an mjPreContact: dist, pos, normal, tangent
        found[0] = gap
        for i in range(3):
            normal = upright * (turn[3 * i + 2] - turn[3 * i] * slope_x - turn[3 * i + 1] * slope_y)
            found[1 + i] = centre[i] - normal * (radius + gap / 2)
            found[4 + i] = normal
            found[7 + i] = 0.0  # MuJoCo chooses the tangent
        return 1

    address, index = types.int64, types.int32
    signature = types.int32(address, address, address, index, index, types.float64)
    return numba.cfunc(signature, error_model="numpy", cache=True)(touch)
