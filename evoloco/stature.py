"""How heavy and how tall a robot is, in its reference pose."""

from collections.abc import Sequence
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.subtree import is_in_subtree, robot_bodies, robot_geoms

SPHERE, CAPSULE = int(mujoco.mjtGeom.mjGEOM_SPHERE), int(mujoco.mjtGeom.mjGEOM_CAPSULE)
"""Types of geoms whose extent is exact, whatever way they are turned."""


class Stature(NamedTuple):
    """How heavy and how tall a body is.

    Attributes:
        leg_length: Height of the highest leg joint above the sole [m].
        standing_height: Height of the torso [m].
        mass: Of the robot [kg].
        size: Overall height [m].
    """

    leg_length: float
    standing_height: float
    mass: float
    size: float


def read_stature(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
) -> Stature:
    """Reads how heavy and how tall a robot is; what else the model has is scenery.

    Args:
        model: Its compiled model.
        data: In the reference pose, with its kinematics computed.
        torso: Name of the torso.
        feet: Names of the feet.
        joints: Names of the driven joints.
    """
    lows, highs = extents(model, data, robot_geoms(model, torso).tolist())
    sole, top = lows.min(), highs.max()
    height = data.body(torso).xpos[2]
    legs = [
        data.xanchor[model.joint(name).id][2] for name in joints if _is_in_leg(model, name, feet)
    ]
    return Stature(
        leg_length=float(max(legs, default=height) - sole),
        standing_height=float(height),
        mass=float(model.body_mass[robot_bodies(model, torso)].sum()),
        size=float(top - sole),
    )


def _is_in_leg(model: mujoco.MjModel, joint: str, feet: Sequence[str]) -> bool:
    """Whether a foot hangs on a joint."""
    moved = model.joint(joint).bodyid[0]
    return any(is_in_subtree(model, model.body(foot).id, moved) for foot in feet)


def extents(
    model: mujoco.MjModel, data: mujoco.MjData, geoms: Sequence[int]
) -> tuple[Array, Array]:
    """Lowest and highest points of geoms, in the world [m] (n,), (n,).

    Exact for spheres and capsules; of other geoms, those of their bounding boxes.
    """
    up = data.geom_xmat[geoms].reshape(-1, 3, 3)[:, 2]
    kind, size, box = model.geom_type[geoms], model.geom_size[geoms], model.geom_aabb[geoms]
    ball, capsule = kind == SPHERE, kind == CAPSULE

    middle = data.geom_xpos[geoms, 2]
    for i in np.flatnonzero(box[:, :3].any(axis=1)):
        middle[i] += up[i] @ box[i, :3]

    reach = size[:, 0].copy()
    reach[capsule] += size[capsule, 1] * np.abs(up[capsule, 2])
    for i in np.flatnonzero(~(ball | capsule)):
        reach[i] = np.abs(up[i]) @ box[i, 3:]
    return middle - reach, middle + reach
