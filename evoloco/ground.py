"""The height of the ground: one function for physics, falls, sensors and reports.

A height field joins the heights at the points of a grid by triangles. The diagonal of each cell
runs from its corner of least x and y to that of most.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import mujoco
import numpy as np
from numba import carray, types
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.sim import capi
from evoloco.sim.cache import compiled
from evoloco.sim.native import floats, jit, pointer

STEEP = 1e-6
"""Least upward part of a plane's normal [1]; a steeper one is a wall, under which is no ground."""

PLANE, HFIELD, MESH = (
    int(getattr(mujoco.mjtGeom, f"mjGEOM_{kind}")) for kind in ("PLANE", "HFIELD", "MESH")
)
"""Types of geoms; all others are solid shapes that a ray can hit, except for a mesh."""

KIND = 4
"""Numbers that say what a floor is: type; of a height field, address of its heights, rows, columns.
"""

FORM = 16
"""Numbers that say where a floor is: position, rotation matrix, size, radius around its centre."""

NOWHERE = -np.inf
"""Height of the ground where there is none [m]."""

_FILL = '''"""Heights of the ground; made by evoloco, may be deleted."""

import numba

from evoloco.ground import beneath


@numba.njit(error_model="numpy", cache=True)
def fill(kinds, forms, x, y, z, found):
    for i in range(found.size):
        found[i] = beneath(kinds, forms, x[i], y[i], z)
'''

ray = types.ExternalFunction(
    "mju_rayGeom", types.float64(*5 * [types.voidptr], types.int32, types.voidptr)
)


@jit
def surface(heights, rows, columns, lift, along, across):  # type: ignore[no-untyped-def]
    """The triangle of a height field under a point.

    Args:
        heights: At the points of the grid, from 0 to 1 (rows columns,).
        rows: Points along y.
        columns: Points along x.
        lift: Height that 1 stands for [m].
        along: Place of the point along x [cells].
        across: Place of the point along y [cells].

    Returns:
        Height of the triangle under the point, and its rise along x and y [m, m/cell, m/cell].
    """
    column, row = min(int(along), columns - 2), min(int(across), rows - 2)
    corner = row * columns + column
    near, far = lift * heights[corner], lift * heights[corner + columns + 1]

    if along - column > across - row:
        third = lift * heights[corner + 1]
        rise_x, rise_y = third - near, far - third
    else:
        third = lift * heights[corner + columns]
        rise_x, rise_y = far - third, third - near

    height = near + rise_x * (along - column) + rise_y * (across - row)
    return height, rise_x, rise_y


@jit
def beneath(kinds, forms, x, y, z):  # type: ignore[no-untyped-def]
    """Height of the highest floor beneath a place [m]; `NOWHERE` where there is none.

    Args:
        kinds: What each floor is (n, KIND).
        forms: Where it is (n, FORM).
        x: Of the place [m].
        y: Of the place [m].
        z: Of the place [m]; only solid floors below it count.
    """
    highest = NOWHERE
    for i in range(len(kinds)):
        if kinds[i, 0] == PLANE:
            found = _on_plane(forms[i], x, y)
        elif kinds[i, 0] == HFIELD:
            found = _on_field(kinds[i], forms[i], x, y)
        else:
            found = _on_shape(kinds[i, 0], forms[i], x, y, z)
        highest = max(highest, found)
    return highest


@jit
def _on_plane(form, x, y):  # type: ignore[no-untyped-def]
    """Height of a plane under a place [m]."""
    normal_x, normal_y, normal_z = form[5], form[8], form[11]
    if normal_z < STEEP:
        return NOWHERE
    below = normal_x * (x - form[0]) + normal_y * (y - form[1])
    return form[2] - below / normal_z


@jit
def _on_field(kind, form, x, y):  # type: ignore[no-untyped-def]
    """Height of a level height field under a place [m]; `NOWHERE` beside it."""
    rows, columns = kind[2], kind[3]
    reach_x, reach_y, lift = form[12], form[13], form[14]
    along = (x - form[0] + reach_x) * ((columns - 1) / (2 * reach_x))
    across = (y - form[1] + reach_y) * ((rows - 1) / (2 * reach_y))
    if not (0 <= along <= columns - 1 and 0 <= across <= rows - 1):
        return NOWHERE

    heights = carray(floats(kind[1]), (rows * columns,))
    return surface(heights, rows, columns, lift, along, across)[0] + form[2]


@jit
def _on_shape(kind, form, x, y, z):  # type: ignore[no-untyped-def]
    """Height at which a ray down from a place meets a solid floor [m]."""
    start, down = np.empty(3), np.empty(3)
    start[0], start[1], start[2] = x, y, min(z, form[2] + form[15] + 1.0)
    down[0], down[1], down[2] = 0.0, 0.0, -1.0
    at = form.ctypes.data
    way = ray(
        pointer(at),
        pointer(at + 8 * 3),
        pointer(at + 8 * 12),
        pointer(start.ctypes.data),
        pointer(down.ctypes.data),
        kind,
        pointer(0),
    )
    return start[2] - way if way >= 0 else NOWHERE


def tables(model: mujoco.MjModel, floor: Collection[int]) -> tuple[NDArray[np.int64], Array]:
    """What the floors of a model are (n, KIND), and where (n, FORM).

    A height field is read where the model has it, so the tables live as long as the model. A mesh
    is left out.

    Args:
        model: The model.
        floor: Ids of the geoms of the world body that count as ground.
    """
    chosen = [geom for geom in sorted(floor) if model.geom_type[geom] != MESH]
    kinds, forms = np.zeros((len(chosen), KIND), np.int64), np.zeros((len(chosen), FORM))
    for kind, form, geom in zip(kinds, forms, chosen, strict=True):
        kind[0] = model.geom_type[geom]
        form[:3], form[15] = model.geom_pos[geom], model.geom_rbound[geom]
        mujoco.mju_quat2Mat(form[3:12], model.geom_quat[geom])
        form[12:15] = model.geom_size[geom]
        if kind[0] == HFIELD:
            field = model.geom_dataid[geom]
            heights = model.hfield_data[model.hfield_adr[field] :]
            kind[1] = heights.ctypes.data
            kind[2], kind[3] = model.hfield_nrow[field], model.hfield_ncol[field]
            form[12:15] = model.hfield_size[field][:3]
    return kinds, forms


def height(
    model: mujoco.MjModel, floor: Collection[int], x: Array, y: Array, z: float = np.inf
) -> Array:
    """Height of the ground under places in the world [m]; 0 where there is none.

    It is that of the highest geom that counts as ground: planes, however they slope, height fields,
    and solid shapes such as boxes.

    Args:
        model: With the ground.
        floor: Ids of the geoms that count as ground.
        x: Of the places [m].
        y: Of the places, of a shape that NumPy broadcasts with that of x [m].
        z: Of the places [m]: what is above them is not the ground.
    """
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    found = np.empty(x.shape)
    _compiled()(*tables(model, floor), x.ravel(), y.ravel(), z, found.reshape(-1))
    return np.where(np.isfinite(found), found, 0.0)


@cache
def _compiled() -> Any:
    """The compiled function that writes the height under each place."""
    llvm.load_library_permanently(capi.library_path())  # where mju_rayGeom is
    return compiled(_FILL, (beneath,)).fill
