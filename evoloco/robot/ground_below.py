"""How far the feet of a robot are above what lies under them."""

from collections.abc import Callable
from typing import NamedTuple

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.ground import height
from evoloco.static_world import can_touch
from evoloco.stature import extents
from evoloco.subtree import robot_geoms

FAR = 1000.0
"""Distances from here on are not measured [m]."""

STEPS = 200
"""Most steps of an advance towards the ground."""

TOUCHING = 1e-9
"""Distance that counts as touching [m]."""

NUDGE = 1e-3
"""Height by which a foot that touches is lifted, to see whether it touches a wall [m]."""

SLOPING = 0.1
"""Least upward part of the direction from ground to foot [1]; a wall has less."""

GRID = 9
"""Places along x and along y at which a foot is compared with a height field."""

HFIELD = int(mujoco.mjtGeom.mjGEOM_HFIELD)
PLANE = int(mujoco.mjtGeom.mjGEOM_PLANE)
MESH = int(mujoco.mjtGeom.mjGEOM_MESH)


class Contacts(NamedTuple):
    """Geoms that may touch.

    Attributes:
        ground: Ids of geoms that never move (n,).
        sole: Ids of the feet's geoms (n,).
    """

    ground: tuple[int, ...]
    sole: tuple[int, ...]

    def of(self, geoms: list[int]) -> "Contacts":
        """Those of some geoms of the feet."""
        kept = [pair for pair in zip(*self, strict=True) if pair[1] in geoms]
        return Contacts(tuple(a for a, _ in kept), tuple(b for _, b in kept))


def find_contacts(model: mujoco.MjModel, torso: str, soles: list[int]) -> Contacts:
    """The pairs of ground and sole that MuJoCo looks for contacts between.

    Args:
        model: The model.
        torso: Name of the torso.
        soles: Ids of the feet's geoms.
    """
    still = model.body_treeid[model.geom_bodyid] < 0  # without a joint
    still[robot_geoms(model, torso)] = False
    ground = np.flatnonzero(still)
    first, second = np.nonzero(can_touch(model, ground.tolist(), soles))
    return Contacts(tuple(ground[first].tolist()), tuple(soles[i] for i in second))


def gap_below(
    model: mujoco.MjModel, data: mujoco.MjData, contacts: Contacts, lift: float = 0.0
) -> float:
    """Height by which the feet must be lowered until one of them touches the ground [m].

    Negative where a foot is in the ground, infinite where nothing lies under any of them. A wall
    beside a foot is no ground.

    Args:
        model: The model.
        data: With its kinematics, which are left as they are.
        contacts: What may touch.
        lift: Height above their place from which the feet come down [m].
    """
    moved = sorted(set(contacts.sole))
    places = data.geom_xpos[moved, 2].copy()

    def go(raised: float) -> None:
        data.geom_xpos[moved, 2] = places + raised

    try:
        raised = lift
        for _ in range(STEPS):
            go(raised)
            depth = max(_depth(model, data, *pair) for pair in zip(*contacts, strict=True))
            if depth <= TOUCHING:
                break
            raised += depth
        return _descend(model, data, contacts, raised, go)
    finally:
        go(0.0)


def _descend(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    contacts: Contacts,
    raised: float,
    go: Callable[[float], None],
) -> float:
    """Lowers the feet from a height until one touches, and returns by how much in all [m].

    Conservative advancement: no step is longer than the way that is free.
    """
    for _ in range(STEPS):
        go(raised)
        step = min(_free_way(model, data, *pair) for pair in zip(*contacts, strict=True))
        if not np.isfinite(step) or step <= TOUCHING:
            return -raised if np.isfinite(step) else np.inf
        raised -= step
    return -raised


def top_of(model: mujoco.MjModel, data: mujoco.MjData, geoms: tuple[int, ...]) -> float:
    """Height of the highest point of geoms that are no planes [m]; minus infinity without one."""
    solid = [geom for geom in geoms if model.geom_type[geom] != PLANE]
    return float(extents(model, data, solid)[1].max()) if solid else -np.inf


def _distance(
    model: mujoco.MjModel, data: mujoco.MjData, ground: int, sole: int
) -> tuple[float, float]:
    """Distance of two geoms [m], and the upward part of its direction from ground to sole [1]."""
    ends = np.zeros(6)
    distance = float(mujoco.mj_geomDistance(model, data, ground, sole, FAR, ends))
    way: Array = ends[3:] - ends[:3]
    length = float(np.linalg.norm(way))
    upward = way[2] / length if length > 0 else 0.0
    return distance, float(upward) if distance >= 0 else -float(upward)


def _depth(model: mujoco.MjModel, data: mujoco.MjData, ground: int, sole: int) -> float:
    """Height by which a geom must be lifted out of the ground [m]; 0 out of a wall."""
    if model.geom_type[ground] == HFIELD:
        return max(-_over_field(model, data, ground, sole), 0.0)
    distance, upward = _distance(model, data, ground, sole)
    return -distance if distance < 0 and upward > SLOPING else 0.0


def _free_way(model: mujoco.MjModel, data: mujoco.MjData, ground: int, sole: int) -> float:
    """Height by which a geom can be lowered without touching the ground [m]."""
    if model.geom_type[ground] == HFIELD:
        return max(_over_field(model, data, ground, sole), 0.0)
    distance, upward = _distance(model, data, ground, sole)
    if distance >= FAR:
        return np.inf
    if distance > TOUCHING:
        return distance / upward if upward > 1e-9 else np.inf

    data.geom_xpos[sole, 2] += NUDGE
    lifted, _ = _distance(model, data, ground, sole)
    data.geom_xpos[sole, 2] -= NUDGE
    return 0.0 if lifted - distance > SLOPING * NUDGE else np.inf


def _over_field(model: mujoco.MjModel, data: mujoco.MjData, field: int, sole: int) -> float:
    """Least height of a geom's underside over a height field [m]; infinite beside it.

    MuJoCo's distance does not serve here: it looks at the first few cells of a field only.
    """
    reach = float(model.geom_rbound[sole])
    middle = data.geom_xpos[sole]
    along = np.linspace(-reach, reach, GRID)
    x, y = (part.ravel() for part in np.meshgrid(middle[0] + along, middle[1] + along))
    bottom, least = middle[2] - reach - 1.0, np.inf
    ground = height(model, [field], x, y)
    inside = _is_over(model, data, field, x, y)
    for i in np.flatnonzero(inside):
        way = _ray_up(model, data, sole, np.array([x[i], y[i], bottom]))
        if way >= 0:
            least = min(least, bottom + way - float(ground[i]))
    return least


def _is_over(
    model: mujoco.MjModel, data: mujoco.MjData, field: int, x: Array, y: Array
) -> NDArray[np.bool_]:
    """Whether places are over or under a height field."""
    turn = data.geom_xmat[field].reshape(3, 3)
    away = np.stack([x, y], axis=1) - data.geom_xpos[field, :2]
    local = away @ turn[:2, :2]
    return np.asarray((np.abs(local) <= model.hfield_size[model.geom_dataid[field]][:2]).all(1))


def _ray_up(model: mujoco.MjModel, data: mujoco.MjData, geom: int, start: Array) -> float:
    """Distance from a point upward to a geom [m]; negative where it is not above the point."""
    upward = np.array([0.0, 0.0, 1.0])
    if model.geom_type[geom] == MESH:
        return float(mujoco.mj_rayMesh(model, data, geom, start, upward, None))
    place, turn = data.geom_xpos[geom], data.geom_xmat[geom]
    kind, size = int(model.geom_type[geom]), model.geom_size[geom]
    return float(mujoco.mju_rayGeom(place, turn, size, start, upward, kind, None))
