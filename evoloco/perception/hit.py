"""Rays in compiled code that meet chosen geoms, such as those that a foot can touch.

MuJoCo's own rays meet every geom, and one that runs along a height field looks at all cells of the
rectangle that it crosses. Here a ray looks at the cells below it, one after the other. Each ray
looks at each geom, so `evoloco.perception.cast` is faster among hundreds of them.
"""

from collections.abc import Collection

import mujoco
import numpy as np
from numba import carray, types

from evoloco.fields import Array
from evoloco.ground import surface
from evoloco.perception.cast import NOTHING
from evoloco.sim import capi
from evoloco.sim.native import doubles, floats, ints, jit, pointer, words

OF_MODEL = (
    *("geom_type", "geom_dataid", "geom_size", "geom_rbound"),
    *("hfield_size", "hfield_nrow", "hfield_ncol", "hfield_adr", "hfield_data"),
)
OF_DATA = ("geom_xpos", "geom_xmat")
"""Arrays that are read of mjModel and mjData."""

TYPE, DATA_ID, SIZE, RADIUS, FIELD_SIZE, ROWS, COLUMNS, FIRST, HEIGHTS, POSITION, ROTATION = range(
    len(OF_MODEL) + len(OF_DATA)
)
"""Which number of `places` says where each of these arrays is."""

HFIELD, MESH, SDF = (
    int(getattr(mujoco.mjtGeom, f"mjGEOM_{kind}")) for kind in ("HFIELD", "MESH", "SDF")
)
"""Types of geoms that are no simple shapes."""

_address = types.voidptr
_ray_geom = types.ExternalFunction(
    "mju_rayGeom", types.float64(*5 * [_address], types.int32, _address)
)
_ray_mesh = types.ExternalFunction(
    "mj_rayMesh", types.float64(_address, _address, types.int32, *3 * [_address])
)


def places(model: mujoco.MjModel) -> Array:
    """Where mjModel and mjData have the addresses of the arrays that are read (11,)."""
    data = mujoco.MjData(model)
    of_model = [capi.pointer_offset(model, name) for name in OF_MODEL]
    of_data = [capi.pointer_offset(data, name) for name in OF_DATA]
    return np.array([*of_model, *of_data], np.float64)


def visible(model: mujoco.MjModel, body: int) -> list[int]:
    """Ids of the geoms that MuJoCo's rays meet: those that are drawn, but not those of a body.

    Args:
        model: The model.
        body: Id of the body that carries the eye; the world's geoms are met all the same.
    """
    materials = np.append(model.mat_rgba[:, 3], 1.0)[model.geom_matid]
    drawn = np.where(model.geom_matid < 0, model.geom_rgba[:, 3], materials) > 0
    own = (model.geom_bodyid == body) & (body > 0)
    found: list[int] = np.flatnonzero(drawn & ~own).tolist()
    return found


def listed(geoms: Collection[int]) -> Array:
    """Ids of geoms as a parameter of a compiled sensor (n,)."""
    return np.array(sorted(geoms), np.float64)


@jit
def hit(seen, places, geoms, directions, reach):  # type: ignore[no-untyped-def]
    """Casts rays from where the sensor is at some geoms.

    Args:
        seen: What the sensor is shown.
        places: From `places`.
        geoms: From `listed` (m,).
        directions: In the world, of the length 1 (n, 3).
        reach: Longest distance [m].

    Returns:
        Distances [m] (n,) and ids of geoms (n,); `reach` and `NOTHING` where a ray hits nothing.
    """
    count = directions.shape[0]
    distances, found = np.full(count, reach), np.full(count, NOTHING)
    for index in range(geoms.size):
        geom = int(geoms[index])
        kind = integer(seen.model, places[TYPE], geom)
        radius = numbers(seen.model, places[RADIUS], geom, 1)[0]
        middle = numbers(seen.data, places[POSITION], 3 * geom, 3)
        for ray in range(count):
            if radius > 0.0 and beside(seen.position, directions[ray], middle, radius):
                continue
            way = along(seen, places, geom, kind, directions[ray], distances[ray])
            if 0.0 <= way < distances[ray]:
                distances[ray], found[ray] = way, geom
    return distances, found


@jit
def integer(struct, place, index):  # type: ignore[no-untyped-def]
    """A number of an int array of mjModel."""
    return np.int64(ints(words(struct + int(place))[0] + 4 * index)[0])


@jit
def numbers(struct, place, first, count):  # type: ignore[no-untyped-def]
    """Numbers of an array of mjModel or mjData."""
    return carray(doubles(words(struct + int(place))[0] + 8 * first), (count,))


@jit
def beside(start, direction, middle, radius):  # type: ignore[no-untyped-def]
    """Whether a ray passes beside a sphere."""
    toward, square = 0.0, 0.0
    for axis in range(3):
        away = middle[axis] - start[axis]
        toward += away * direction[axis]
        square += away * away
    if square <= radius * radius:
        return False
    return toward < 0.0 or square - toward * toward > radius * radius


@jit
def along(seen, places, geom, kind, direction, reach):  # type: ignore[no-untyped-def]
    """Way along a ray to a geom [m]; negative where it does not meet it."""
    if kind == HFIELD:
        return to_field(seen, places, geom, direction, reach)
    start, course = pointer(seen.position.ctypes.data), pointer(direction.ctypes.data)
    if kind in (MESH, SDF):
        return _ray_mesh(
            pointer(seen.model), pointer(seen.data), np.int32(geom), start, course, pointer(0)
        )
    return _ray_geom(
        pointer(numbers(seen.data, places[POSITION], 3 * geom, 3).ctypes.data),
        pointer(numbers(seen.data, places[ROTATION], 9 * geom, 9).ctypes.data),
        pointer(numbers(seen.model, places[SIZE], 3 * geom, 3).ctypes.data),
        start,
        course,
        np.int32(kind),
        pointer(0),
    )


@jit
def to_field(seen, places, geom, direction, reach):  # type: ignore[no-untyped-def]
    """Way along a ray to the surface of a height field, from above [m]; -1 where it has none.

    Places are counted in cells: a along the field's x, b along its y. The ray is followed from one
    line of the grid or diagonal of a cell to the next; between two of them the surface is a plane,
    so the height over it changes evenly.
    """
    field = integer(seen.model, places[DATA_ID], geom)
    rows, columns = (
        integer(seen.model, places[ROWS], field),
        integer(seen.model, places[COLUMNS], field),
    )
    size = numbers(seen.model, places[FIELD_SIZE], 4 * field, 3)
    first = words(seen.model + int(places[HEIGHTS]))[0] + 4 * integer(
        seen.model, places[FIRST], field
    )
    heights = carray(floats(first), (rows * columns,))
    middle = numbers(seen.data, places[POSITION], 3 * geom, 3)
    turn = numbers(seen.data, places[ROTATION], 9 * geom, 9)

    x, y, z = into(turn, seen.position, middle)
    course_x, course_y, course_z = turned_into(turn, direction)
    per_x, per_y = (columns - 1) / (2 * size[0]), (rows - 1) / (2 * size[1])
    a, b = (x + size[0]) * per_x, (y + size[1]) * per_y
    course_a, course_b = course_x * per_x, course_y * per_y

    begin, end = within(a, course_a, 0.0, columns - 1.0, 0.0, reach)
    begin, end = within(b, course_b, 0.0, rows - 1.0, begin, end)
    begin, end = within(z, course_z, -np.inf, size[2], begin, end)
    while begin < end:
        stop = min(
            crossing(a, course_a, begin),
            crossing(b, course_b, begin),
            crossing(a - b, course_a - course_b, begin),
            end,
        )
        half = 0.5 * (begin + stop)
        half_a, half_b = a + half * course_a, b + half * course_b
        height, rise_a, rise_b = surface(heights, rows, columns, size[2], half_a, half_b)
        sinks = rise_a * course_a + rise_b * course_b - course_z
        over = z + half * course_z - height
        if over - (stop - half) * sinks < 0.0:
            return half + over / sinks if over + (half - begin) * sinks >= 0.0 else -1.0
        begin = stop
    return -1.0


@jit
def into(turn, place, middle):  # type: ignore[no-untyped-def]
    """A place of the world in a geom's frame."""
    away = (place[0] - middle[0], place[1] - middle[1], place[2] - middle[2])
    return turned_into(turn, away)


@jit
def turned_into(turn, way):  # type: ignore[no-untyped-def]
    """A direction of the world in a geom's frame, whose rotation matrix is flat (9,)."""
    return (
        turn[0] * way[0] + turn[3] * way[1] + turn[6] * way[2],
        turn[1] * way[0] + turn[4] * way[1] + turn[7] * way[2],
        turn[2] * way[0] + turn[5] * way[1] + turn[8] * way[2],
    )


@jit
def within(start, course, low, high, begin, end):  # type: ignore[no-untyped-def]
    """The part of a ray in which a coordinate lies between bounds: from where to where."""
    if course == 0.0:
        return (begin, end) if low <= start <= high else (begin, begin)
    first, last = (low - start) / course, (high - start) / course
    return max(begin, min(first, last)), min(end, max(first, last))


@jit
def crossing(start, course, begin):  # type: ignore[no-untyped-def]
    """Where behind `begin` a coordinate of a ray is a whole number the next time."""
    if course == 0.0:
        return np.inf
    present = start + begin * course
    line = np.floor(present) + 1.0 if course > 0.0 else np.ceil(present) - 1.0
    found = (line - start) / course
    # A line that rounding has put at or before `begin` is taken as crossed.
    return found if found > begin else begin + 1.0 / abs(course)
