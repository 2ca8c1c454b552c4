"""What a body stands on: friction and stiffness of contacts, and the slope of the ground."""

import math

import mujoco
import numpy as np

from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.randomization.fields import Elements, Ids, elements_of
from evoloco.randomization.working import WAYS, Working
from evoloco.subtree import robot_geoms

TILTED = ("geom_pos", "geom_quat", "hfield_size", "hfield_data")
"""Fields that the slope of the ground changes."""

PLANE, HFIELD, SPHERE, CAPSULE, BOX = (
    int(getattr(mujoco.mjtGeom, f"mjGEOM_{kind}"))
    for kind in ("PLANE", "HFIELD", "SPHERE", "CAPSULE", "BOX")
)
"""Types of geoms."""


def surfaces(morphology: Morphology) -> Elements:
    """Geoms, and behind them contact pairs."""
    geoms, first = elements_of("geom")(morphology)
    pairs, second = elements_of("pair")(morphology)
    return geoms + pairs, np.concatenate([first, len(geoms) + second])


def read_friction(working: Working, ids: Ids) -> Array:
    """Coefficients of sliding friction [1] (k,)."""
    both = np.concatenate([working["geom_friction"][:, 0], working["pair_friction"][:, 0]])
    return both[ids]


def write_friction(working: Working, ids: Ids, new: Array, ratio: Array) -> None:
    """Sets coefficients of sliding friction; a contact pair has two, one for each direction."""
    geom, pair = working["geom_friction"], working["pair_friction"]
    own = ids < len(geom)
    geom[ids[own], 0] = new[own]

    pairs = ids[~own] - len(geom)
    pair[pairs, 0] = new[~own]
    pair[pairs, 1] *= ratio[~own]


def stiffen(working: Working, ids: Ids, _: Array, ratio: Array) -> None:
    """Multiplies the stiffness of contacts.

    Where `solref` is a time constant t and a damping ratio, the stiffness goes with 1 / t². Where
    it is a negative stiffness and damping, the damping follows with the square root. MuJoCo takes
    no t below two physics steps.
    """
    geom, pair = working["geom_solref"], working["pair_solref"]
    own = ids < len(geom)
    for solref, some, factor in (
        (geom, ids[own], ratio[own]),
        (pair, ids[~own] - len(geom), ratio[~own]),
    ):
        direct = solref[some, 0] < 0
        root = np.sqrt(factor)
        solref[some, 0] *= np.where(direct, factor, 1 / root)
        solref[some, 1] *= np.where(direct, root, 1.0)


def sloping(morphology: Morphology) -> Elements:
    """Ways in which the ground can rise; none where it is not of planes and height fields alone."""
    model, floor = morphology.model, sorted(morphology.floor)
    kind, still = model.geom_type[floor], model.geom_bodyid[floor] == 0
    unturned = np.all(model.geom_quat[floor] == [1, 0, 0, 0], axis=1)
    fit = still & ((kind == PLANE) | (kind == HFIELD) & unturned)
    return (WAYS, np.arange(len(WAYS))) if fit.all() else ((), np.zeros(0, np.intp))


def tilt(working: Working) -> None:
    """Tilts the ground about where the body starts.

    A slope adds a height to every place that is linear in the place, so planes turn, and heights of
    a field grow. Then all is lowered until the body at home is no deeper in the ground than it was.
    """
    slope, model = np.tan(working["slope"]), working.model
    up = np.array([-slope[0], -slope[1], 1.0])

    gap, tilted_gap = lowest(working, np.array([[0.0, 0.0, 1.0], up]))
    start = np.array(working.data.body(working.morphology.torso_frame).xpos[:2])
    sunk = gap - (tilted_gap + slope @ start)

    for geom in sorted(working.morphology.floor):
        place = working["geom_pos"][geom]
        place[2] += slope @ (place[:2] - start) - sunk
        if model.geom_type[geom] == PLANE:
            working["geom_quat"][geom] = _turned(model.geom_quat[geom], up)
        else:
            _shear(working, geom, slope)


def lowest(working: Working, ways: Array) -> Array:
    """Least of w · p over the points p of the body's geoms at home, for each way w (m, 3) [m] (m,).

    Exact for spheres, capsules and boxes; of other shapes, that of their bounding boxes.
    """
    model, data = working.model, working.data
    data.qpos[:] = working.home
    mujoco.mj_kinematics(model, data)

    geoms, balls, boxes = _shapes(working.morphology)
    sizes = model.geom_size
    half = np.where(boxes[:, None], sizes, model.geom_aabb[:, 3:])  # boxes may have been stretched
    half[balls] = 0.0
    half[balls, 2] = sizes[balls, 1]  # of a capsule, along its axis
    radius = np.where(balls, sizes[:, 0], 0.0)

    turn = data.geom_xmat.reshape(-1, 3, 3)
    along = np.einsum("mi,gij->mgj", ways, turn)  # of the geoms' axes, in the ways
    middle = ways @ data.geom_xpos.T + np.einsum("mgj,gj->mg", along, model.geom_aabb[:, :3])
    reach = np.einsum("mgj,gj->mg", np.abs(along), half)
    reach += np.linalg.norm(ways, axis=1)[:, None] * radius
    return np.asarray((middle - reach)[:, geoms].min(axis=1))


def _shapes(morphology: Morphology) -> tuple[Array, Array, Array]:
    """Ids of the body's geoms; which geoms are balls or capsules, and which boxes."""
    if "shapes" not in morphology.memo:
        kind = morphology.model.geom_type
        geoms = robot_geoms(morphology.model, morphology.torso)
        balls = (kind == SPHERE) | (kind == CAPSULE)
        morphology.memo["shapes"] = geoms, balls, kind == BOX
    shapes: tuple[Array, Array, Array] = morphology.memo["shapes"]
    return shapes


def _turned(quaternion: Array, up: Array) -> Array:
    """A plane's quaternion, turned the shortest way from upright to a normal."""
    turn, turned = np.empty(4), np.empty(4)
    mujoco.mju_quatZ2Vec(turn, up / math.sqrt(up @ up))
    mujoco.mju_mulQuat(turned, turn, quaternion)
    return turned


def _shear(working: Working, geom: int, slope: Array) -> None:
    """Adds a slope to the heights of rough ground, from the middle of its field."""
    model = working.model
    field = model.geom_dataid[geom]
    rows, columns = model.hfield_nrow[field], model.hfield_ncol[field]
    first, size = model.hfield_adr[field], working["hfield_size"][field]
    points = working["hfield_data"][first : first + rows * columns].reshape(rows, columns)

    x, y = np.linspace(-size[0], size[0], columns), np.linspace(-size[1], size[1], rows)
    added = slope[0] * x + slope[1] * y[:, None]
    heights = size[2] * np.float64(points) + added  # over the geom's own place
    least, most = float(heights.min()), float(heights.max())

    points[:] = (heights - least) / (most - least)
    working["geom_pos"][geom, 2] += least
    size[2] = most - least
