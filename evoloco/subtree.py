"""What hangs on a body of a model."""

import mujoco
import numpy as np
from numpy.typing import NDArray


def is_in_subtree(model: mujoco.MjModel, body: int, root: int) -> bool:
    """Whether a body is `root` or hangs on it."""
    while body > root:
        body = int(model.body_parentid[body])
    return bool(body == root)


def geoms_of(model: mujoco.MjModel, body: str) -> list[int]:
    """Ids of the geoms of a body and of what hangs on it."""
    root, bodies = model.body(body).id, model.geom_bodyid
    return [geom for geom in range(model.ngeom) if is_in_subtree(model, bodies[geom], root)]


def robot_root(model: mujoco.MjModel, torso: str) -> int:
    """Id of the body that the robot begins with: the topmost one above the torso that moves.

    What it hangs on, such as the base of a boom, belongs to the world. Where the torso does not
    move, it is the topmost body above it.
    """
    body = root = int(model.body(torso).id)
    fixed = model.body_weldid[body] == 0
    while body > 0:
        if fixed or model.body_weldid[body] != 0:
            root = body
        body = int(model.body_parentid[body])
    return root


def robot_bodies(model: mujoco.MjModel, torso: str) -> NDArray[np.intp]:
    """Ids of the bodies of the robot: the tree that the torso belongs to.

    All else is scenery: what hangs on the world, loose things, mocap bodies.
    """
    root, own = robot_root(model, torso), np.zeros(model.nbody, bool)
    own[root] = True
    for body in range(root + 1, model.nbody):
        own[body] = own[model.body_parentid[body]]
    return np.flatnonzero(own)


def robot_geoms(model: mujoco.MjModel, torso: str) -> NDArray[np.intp]:
    """Ids of the geoms of the robot."""
    return np.flatnonzero(np.isin(model.geom_bodyid, robot_bodies(model, torso)))


def joints_between(model: mujoco.MjModel, body: int, root: int) -> list[int]:
    """Ids of the joints by which a body moves relative to a body that it hangs on, from that on."""
    found: list[int] = []
    while body not in (0, root):
        first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
        found = [*range(first, first + count), *found]
        body = int(model.body_parentid[body])
    return found
