"""The height of the ground: one function for physics, falls, sensors and reports.

A height field joins the heights at the points of a grid by triangles. The diagonal of each cell
runs from its corner of least x and y to that of most.
"""

import mujoco
import numba
import numpy as np

from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.sim.native import jit

STEEP = 1e-6
"""Least upward part of a plane's normal [1]; a steeper one is a wall, under which is no ground."""


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


def height(morphology: Morphology, x: Array, y: Array) -> Array:
    """Height of the ground under places in the world [m]; 0 where a body has no ground.

    It is that of the highest geom that counts as ground: planes, however they slope, and height
    fields.

    Args:
        morphology: The body, whose model has the ground.
        x: Of the places [m].
        y: Of the places, of a shape that NumPy broadcasts with that of x [m].
    """
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    found = np.full(x.shape, -np.inf)
    for geom in sorted(morphology.floor):
        kind = morphology.model.geom_type[geom]
        if kind == mujoco.mjtGeom.mjGEOM_PLANE:
            found = np.maximum(found, _on_plane(morphology.model, geom, x, y))
        elif kind == mujoco.mjtGeom.mjGEOM_HFIELD:
            found = np.maximum(found, _on_field(morphology.model, geom, x, y))
    return np.where(np.isfinite(found), found, 0.0)


def _on_plane(model: mujoco.MjModel, geom: int, x: Array, y: Array) -> Array:
    """Height of a plane of the world body at places [m]."""
    turn = np.empty(9)
    mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
    normal, origin = turn.reshape(3, 3)[:, 2], model.geom_pos[geom]
    if normal[2] < STEEP:
        return np.full(x.shape, -np.inf)
    below = normal[0] * (x - origin[0]) + normal[1] * (y - origin[1])
    return np.asarray(origin[2] - below / normal[2])


def _on_field(model: mujoco.MjModel, geom: int, x: Array, y: Array) -> Array:
    """Height of a level height field of the world body at places [m]; -inf beside it."""
    field = model.geom_dataid[geom]
    rows, columns = int(model.hfield_nrow[field]), int(model.hfield_ncol[field])
    first = model.hfield_adr[field]
    heights = model.hfield_data[first : first + rows * columns]

    reach_x, reach_y, lift = model.hfield_size[field][:3]
    origin = model.geom_pos[geom]
    along = (x - origin[0] + reach_x) * ((columns - 1) / (2 * reach_x))
    across = (y - origin[1] + reach_y) * ((rows - 1) / (2 * reach_y))

    found = np.empty(x.shape)
    _fill(heights, rows, columns, lift, along.ravel(), across.ravel(), found.reshape(-1))
    return np.asarray(found + origin[2])


@numba.njit(error_model="numpy", cache=False)
def _fill(heights, rows, columns, lift, along, across, found):  # type: ignore[no-untyped-def]
    """Writes the height over each place; -inf beside the field."""
    for i in range(found.size):
        inside = 0 <= along[i] <= columns - 1 and 0 <= across[i] <= rows - 1
        if inside:
            found[i] = surface(heights, rows, columns, lift, along[i], across[i])[0]
        else:
            found[i] = -np.inf
