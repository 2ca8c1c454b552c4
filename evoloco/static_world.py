"""The part of a model that never moves, and what of it a robot can touch."""

from collections.abc import Collection, Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array

_Ids = NDArray[np.int32] | NDArray[np.int64]


def static_geoms(model: mujoco.MjModel) -> NDArray[np.intp]:
    """Ids of the geoms of the world body and of the bodies that are fixed to it."""
    return np.flatnonzero(model.body_weldid[model.geom_bodyid] == 0)


def grounds(model: mujoco.MjModel, geoms: Collection[int]) -> list[int]:
    """Ids of the static geoms that can touch any of some geoms.

    Args:
        model: The compiled model.
        geoms: Ids of geoms, those of feet.
    """
    fixed = static_geoms(model)
    touches = can_touch(model, fixed.tolist(), sorted(geoms))
    found: list[int] = fixed[touches.any(axis=1)].tolist()
    return found


def can_touch(
    model: mujoco.MjModel, geoms: Sequence[int], others: Sequence[int]
) -> NDArray[np.bool_]:
    """Whether MuJoCo looks for contacts between geoms (n, m).

    Either their contact bits match and their bodies are not excluded, or they are an explicit pair.

    Args:
        model: The compiled model.
        geoms: Ids of geoms (n,).
        others: Ids of other geoms, of other bodies (m,).
    """
    first, second = np.asarray(geoms, np.int64)[:, None], np.asarray(others, np.int64)[None]
    types, bits = model.geom_contype, model.geom_conaffinity
    touches = (types[first] & bits[second]) | (types[second] & bits[first]) != 0

    bodies = model.geom_bodyid[first], model.geom_bodyid[second]
    touches &= ~np.isin(_signature(*bodies), model.exclude_signature)
    pairs = _signature(model.pair_geom1, model.pair_geom2)
    return np.asarray(touches | np.isin(_signature(first, second), pairs))


def _signature(first: _Ids, second: _Ids) -> NDArray[np.int64]:
    """One number for two ids in any order, as MuJoCo signs two excluded bodies."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    return np.asarray((low.astype(np.int64) << 16) + high)


def pose_of(model: mujoco.MjModel, geom: int) -> tuple[Array, Array]:
    """Place [m] (3,) and rotation matrix (9,) in the world of a geom that never moves."""
    place, turn = np.array(model.geom_pos[geom]), np.array(model.geom_quat[geom])
    body = int(model.geom_bodyid[geom])
    while body > 0:
        moved, turned = np.empty(3), np.empty(4)
        mujoco.mju_rotVecQuat(moved, place, model.body_quat[body])
        mujoco.mju_mulQuat(turned, model.body_quat[body], turn)
        place, turn = moved + model.body_pos[body], turned
        body = int(model.body_parentid[body])

    matrix = np.empty(9)
    mujoco.mju_quat2Mat(matrix, turn)
    return place, matrix
