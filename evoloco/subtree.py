"""What hangs on a body of a model."""

import mujoco
import numpy as np
from numpy.typing import NDArray

OF_JOINT = (mujoco.mjtTrn.mjTRN_JOINT, mujoco.mjtTrn.mjTRN_JOINTINPARENT)
"""Kinds of transmission to a joint."""

OF_WRAP = {
    mujoco.mjtWrap.mjWRAP_JOINT: "jnt_bodyid",
    mujoco.mjtWrap.mjWRAP_SITE: "site_bodyid",
    mujoco.mjtWrap.mjWRAP_SPHERE: "geom_bodyid",
    mujoco.mjtWrap.mjWRAP_CYLINDER: "geom_bodyid",
}
"""What a tendon is led by -> the field of the model with its body."""


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


def robot_actuators(model: mujoco.MjModel, torso: str) -> NDArray[np.intp]:
    """Ids of the actuators that act on the robot."""
    own = set(robot_bodies(model, torso).tolist())
    return np.flatnonzero([bool(own & moved_by(model, i)) for i in range(model.nactuator)])


def moved_by(model: mujoco.MjModel, actuator: int) -> set[int]:
    """Ids of the bodies that an actuator acts on."""
    kind = mujoco.mjtTrn(model.actuator_trntype[actuator])
    target, second = model.actuator_trnid[actuator]
    if acts_on_joint(model, actuator):
        return {int(model.jnt_bodyid[target])}
    if kind == mujoco.mjtTrn.mjTRN_BODY:
        return {int(target)}
    if kind == mujoco.mjtTrn.mjTRN_TENDON:
        return held_by(model, int(target))
    return {int(model.site_bodyid[site]) for site in (target, second) if site >= 0}


def acts_on_joint(model: mujoco.MjModel, actuator: int) -> bool:
    """Whether the target of an actuator is a joint.

    That of an orientation servo is one, unless it has a reference site.
    """
    kind = mujoco.mjtTrn(model.actuator_trntype[actuator])
    alone = bool(model.actuator_trnid[actuator, 1] < 0)
    return kind in OF_JOINT or (kind == mujoco.mjtTrn.mjTRN_SO3 and alone)


def held_by(model: mujoco.MjModel, tendon: int) -> set[int]:
    """Ids of the bodies that a tendon acts on."""
    first, bodies = model.tendon_adr[tendon], set()
    for wrap in range(first, first + model.tendon_num[tendon]):
        of_kind = OF_WRAP.get(mujoco.mjtWrap(model.wrap_type[wrap]))
        if of_kind:
            bodies.add(int(getattr(model, of_kind)[model.wrap_objid[wrap]]))
    return bodies
