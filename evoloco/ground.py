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
from evoloco.sim.native import floats, ints, jit, pointer
from evoloco.static_world import grounds, pose_of

STEEP = 1e-6
"""Least upward part of a plane's normal [1]; a steeper one is a wall, under which is no ground."""

PLANE, HFIELD, MESH, SDF = (
    int(getattr(mujoco.mjtGeom, f"mjGEOM_{kind}")) for kind in ("PLANE", "HFIELD", "MESH", "SDF")
)
"""Types of geoms; all others are solid shapes that `mju_rayGeom` can hit."""

KIND = 4
"""Numbers that say what a floor is: type; of a height field, address of its heights, rows, columns;
of a mesh, addresses of its vertices and of its triangles, and how many triangles there are."""

FORM = 16
"""Numbers that say where a floor is: position, rotation matrix, size, radius around its centre."""

TILTED_STEPS = 20
"""Steps towards the surface of a height field that is not level."""

EDGE = 1e-9
"""Share of a triangle's side by which a point may be beside it: two triangles leave no gap [1]."""

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
        elif kinds[i, 0] == MESH:
            found = _on_mesh(kinds[i], forms[i], x, y, z)
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
    """Height of a height field under a place [m]; `NOWHERE` beside it.

    A line down meets a field that is not level where the height z of its point is that of the
    surface s there, both in the field's frame. Steps of (s - z) over the upward part of the frame's
    z axis lead to it, as long as the surface is not too steep.
    """
    rows, columns = kind[2], kind[3]
    reach_x, reach_y, lift = form[12], form[13], form[14]
    heights = carray(floats(kind[1]), (rows * columns,))

    height = form[2]
    for _ in range(1 if form[11] >= 1 else TILTED_STEPS):
        away_x, away_y, away_z = x - form[0], y - form[1], height - form[2]
        place_x = form[3] * away_x + form[6] * away_y + form[9] * away_z
        place_y = form[4] * away_x + form[7] * away_y + form[10] * away_z
        place_z = form[5] * away_x + form[8] * away_y + form[11] * away_z
        along = (place_x + reach_x) * ((columns - 1) / (2 * reach_x))
        across = (place_y + reach_y) * ((rows - 1) / (2 * reach_y))
        if not (0 <= along <= columns - 1 and 0 <= across <= rows - 1) or form[11] < STEEP:
            return NOWHERE
        on_surface = surface(heights, rows, columns, lift, along, across)[0]
        height += (on_surface - place_z) / form[11]
    return height


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


@jit
def _on_mesh(kind, form, x, y, z):  # type: ignore[no-untyped-def]
    """Height at which a line down from a place meets a mesh first [m].

    The line is o + t d in the mesh's frame, with d downward. It meets the triangle a, a + e, a + f
    at t = f . q / s, with p = d x f, s = e . p, r = o - a, u = r . p / s, q = r x e and
    v = d . q / s, where u, v and 1 - u - v are not negative (1).

    References:
        Möller and Trumbore, 1997, Fast, minimum storage ray/triangle intersection,
        doi:10.1080/10867651.1997.10487468.
    """
    corners = carray(ints(kind[2]), (3 * kind[3],))
    above = z
    if not np.isfinite(above):
        above = form[2] + form[15] + 1.0
    away_x, away_y, away_z = x - form[0], y - form[1], above - form[2]
    o_x = form[3] * away_x + form[6] * away_y + form[9] * away_z
    o_y = form[4] * away_x + form[7] * away_y + form[10] * away_z
    o_z = form[5] * away_x + form[8] * away_y + form[11] * away_z
    d_x, d_y, d_z = -form[9], -form[10], -form[11]

    nearest = np.inf
    for i in range(kind[3]):
        a_x, a_y, a_z = _vertex(kind[1], corners[3 * i])
        b_x, b_y, b_z = _vertex(kind[1], corners[3 * i + 1])
        c_x, c_y, c_z = _vertex(kind[1], corners[3 * i + 2])
        e_x, e_y, e_z = b_x - a_x, b_y - a_y, b_z - a_z
        f_x, f_y, f_z = c_x - a_x, c_y - a_y, c_z - a_z

        p_x, p_y, p_z = d_y * f_z - d_z * f_y, d_z * f_x - d_x * f_z, d_x * f_y - d_y * f_x
        s = e_x * p_x + e_y * p_y + e_z * p_z
        if s == 0:
            continue
        r_x, r_y, r_z = o_x - a_x, o_y - a_y, o_z - a_z
        u = (r_x * p_x + r_y * p_y + r_z * p_z) / s
        q_x, q_y, q_z = r_y * e_z - r_z * e_y, r_z * e_x - r_x * e_z, r_x * e_y - r_y * e_x
        v = (d_x * q_x + d_y * q_y + d_z * q_z) / s
        t = (f_x * q_x + f_y * q_y + f_z * q_z) / s
        if u >= -EDGE and v >= -EDGE and u + v <= 1 + EDGE and 0 <= t < nearest:  # (1)
            nearest = t
    return above - nearest


@jit
def _vertex(vertices, index):  # type: ignore[no-untyped-def]
    """A vertex of a mesh, in its frame [m]."""
    place = carray(floats(vertices + 12 * index), (3,))  # three numbers of four bytes
    return np.float64(place[0]), np.float64(place[1]), np.float64(place[2])


def tables(model: mujoco.MjModel, floor: Collection[int]) -> tuple[NDArray[np.int64], Array]:
    """What the floors of a model are (n, KIND), and where (n, FORM).

    A height field or mesh is read where the model has it, so the tables live as long as the model.
    A mesh that a robot can touch is its convex hull, as in MuJoCo's contacts.

    Args:
        model: The model.
        floor: Ids of the geoms that count as ground, which never move.
    """
    chosen = sorted(floor)
    kinds, forms = np.zeros((len(chosen), KIND), np.int64), np.zeros((len(chosen), FORM))
    for kind, form, geom in zip(kinds, forms, chosen, strict=True):
        kind[0] = model.geom_type[geom]
        form[:3], form[3:12] = pose_of(model, geom)
        form[12:15], form[15] = model.geom_size[geom], model.geom_rbound[geom]
        if kind[0] == HFIELD:
            field = model.geom_dataid[geom]
            heights = model.hfield_data[model.hfield_adr[field] :]
            kind[1] = heights.ctypes.data
            kind[2], kind[3] = model.hfield_nrow[field], model.hfield_ncol[field]
            form[12:15] = model.hfield_size[field][:3]
        elif kind[0] in (MESH, SDF):
            kind[:] = MESH, *_triangles(model, int(model.geom_dataid[geom]), kind[0] == MESH)
    return kinds, forms


def _triangles(model: mujoco.MjModel, mesh: int, convex: bool) -> tuple[int, int, int]:
    """Addresses of a mesh's vertices and of its triangles, and how many triangles there are.

    Args:
        model: The model.
        mesh: Id of the mesh.
        convex: Whether the triangles are those of its convex hull, if it has one.
    """
    first, count = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
    corners = model.mesh_face[first : first + count]
    graph = model.mesh_graphadr[mesh]
    if convex and graph >= 0:
        # In mjmodel.h: numvert, numface, vert_edgeadr[numvert], vert_globalid[numvert],
        # edge_localid[numvert + 3 numface], face_globalid[3 numface].
        vertices, count = model.mesh_graph[graph : graph + 2].tolist()
        corners = model.mesh_graph[graph + 2 + 3 * vertices + 3 * count :]
    return model.mesh_vert[model.mesh_vertadr[mesh] :].ctypes.data, corners.ctypes.data, int(count)


def heights(
    model: mujoco.MjModel, floor: Collection[int], x: Array, y: Array, z: float = np.inf
) -> Array:
    """Height of the ground under places in the world [m]; `NOWHERE` where there is none.

    It is that of the highest geom that counts as ground: planes, however they slope, height fields,
    meshes, and solid shapes such as boxes.

    Args:
        model: With the ground.
        floor: Ids of the geoms that count as ground.
        x: Of the places [m].
        y: Of the places, of a shape that NumPy broadcasts with that of x [m].
        z: Of the places [m]: what is above them is not the ground. A plane or a height field is
            ground from above and below.
    """
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    found = np.empty(x.shape)
    _compiled()(*tables(model, floor), x.ravel(), y.ravel(), z, found.reshape(-1))
    return found


def ground_under(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    geoms: Collection[int],
    floor: Collection[int] | None = None,
    below: float = np.inf,
) -> Array:
    """Height of the ground under the centre of each of some geoms [m] (n,); `NOWHERE` without.

    Args:
        model: The model.
        data: With its kinematics computed.
        geoms: Ids of the geoms, of feet.
        floor: Ids of the geoms that count as ground; the static ones that can touch any of `geoms`
            where absent.
        below: Height [m]: solid shapes above it, such as a ceiling, are not ground.
    """
    floor = grounds(model, geoms) if floor is None else floor
    x, y, _ = data.geom_xpos[list(geoms)].T
    return heights(model, floor, x, y, below)


def height(
    model: mujoco.MjModel, floor: Collection[int], x: Array, y: Array, z: float = np.inf
) -> Array:
    """Height of the ground under places in the world [m], as `heights`; 0 where there is none."""
    found = heights(model, floor, x, y, z)
    return np.where(np.isfinite(found), found, 0.0)


@cache
def _compiled() -> Any:
    """The compiled function that writes the height under each place."""
    llvm.load_library_permanently(capi.library_path())  # where mju_rayGeom is
    return compiled(_FILL, (beneath,)).fill
