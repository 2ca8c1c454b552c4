"""Which parts of a robot can touch each other, as MuJoCo filters contacts."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.subtree import robot_geoms

BODY_BITS = 16
"""Bits of a body's id in `exclude_signature`, which holds two of them."""


def welds(model: mujoco.MjModel) -> NDArray[np.int64]:
    """Group of bodies that each geom belongs to, by joints alone (ngeom,).

    Bodies without a joint between them are one group.
    """
    return np.asarray(model.body_weldid[model.geom_bodyid], np.int64)


def self_contacts(model: mujoco.MjModel, torso: str) -> list[tuple[int, int]]:
    """Pairs of geoms of the robot that MuJoCo would let touch each other, the lower id first.

    Args:
        model: The model.
        torso: Name of a body of the robot.
    """
    if model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_CONTACT:
        return []
    own, weld = robot_geoms(model, torso), welds(model)
    found = set(may_touch(model, own))
    robot = set(own.tolist())

    for pair in zip(model.pair_geom1.tolist(), model.pair_geom2.tolist(), strict=True):
        if robot.issuperset(pair) and weld[pair[0]] != weld[pair[1]]:
            found.add((min(pair), max(pair)))
    return sorted(found)


def may_touch(
    model: mujoco.MjModel, geoms: NDArray[np.intp] | None = None
) -> list[tuple[int, int]]:
    """Pairs of geoms that pass MuJoCo's filters, the lower id first.

    Their contact bits fit, they can move against each other, neither is the parent of the other,
    and the model does not exclude them.

    Args:
        model: The model.
        geoms: Ids of the geoms to look at; all where absent.
    """
    geoms = np.arange(model.ngeom) if geoms is None else geoms
    first, second = geoms[np.array(np.triu_indices(len(geoms), 1))]
    weld = welds(model)
    offers, accepts = model.geom_contype, model.geom_conaffinity
    fits = (offers[first] & accepts[second]) | (offers[second] & accepts[first])

    one, other = weld[first], weld[second]
    parent = model.body_weldid[model.body_parentid]
    related = (one == parent[other]) | (other == parent[one])
    related &= (one != 0) & (other != 0)  # children of the world collide with it
    if model.opt.disableflags & mujoco.mjtDisableBit.mjDSBL_FILTERPARENT:
        related[:] = False

    bodies = np.sort(model.geom_bodyid[np.array([first, second])], axis=0).astype(np.int64)
    signature = (bodies[0] << BODY_BITS) + bodies[1]
    allowed = (fits != 0) & (one != other) & ~related
    allowed &= ~np.isin(signature, model.exclude_signature)
    return list(zip(first[allowed].tolist(), second[allowed].tolist(), strict=True))
