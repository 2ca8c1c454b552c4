"""A robot that hangs by its torso: how it is excited without falling."""

from dataclasses import replace

import mujoco

from evoloco.errors import ModelError
from evoloco.morphology import HOME, Morphology

CLEARANCE = 2.0
"""How far the torso is lifted, in overall heights of the robot: no foot reaches the ground."""


def hang(morphology: Morphology) -> Morphology:
    """A body whose torso is fixed in the air, upright as at home.

    Raises:
        ModelError: The torso does not hang on joints of its own, or muscles or torques drive the
            body.
    """
    if morphology.muscles or morphology.torques:
        raise ModelError("Only bodies that servos drive can be identified.")
    if morphology.actuators is not None:
        raise ModelError(
            "This body's servos are not MuJoCo's, such as those of a fitted body: name the body "
            "that the robot was believed to be."
        )
    root = _root(morphology)
    model = morphology.model
    first, last = _positions_of(morphology, root)
    if last == first:
        raise ModelError(f"The torso '{morphology.torso}' is fixed already: it cannot be hung.")

    key = model.key(HOME)
    qpos = [*key.qpos[:first], *key.qpos[last:]]
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, key.id)
    mujoco.mj_kinematics(model, data)
    place, turn = data.body(root).xpos.copy(), data.body(root).xquat.copy()
    place[2] += CLEARANCE * morphology.size

    def change(spec: mujoco.MjSpec) -> None:
        for found in list(spec.keys):
            spec.delete(found)
        for joint in list(spec.body(root).joints):
            spec.delete(joint)
        spec.body(root).pos, spec.body(root).quat = place, turn
        spec.add_key(name=HOME, qpos=qpos, ctrl=list(key.ctrl), act=list(key.act))

    return replace(morphology, reference=()).changed(change)


def _root(morphology: Morphology) -> str:
    """Name of the body of the torso's tree that is attached to the world."""
    model = morphology.model
    body = model.body(morphology.torso).id
    return str(model.body(int(model.body_rootid[body])).name)


def _positions_of(morphology: Morphology, root: str) -> tuple[int, int]:
    """Where the coordinates of a body's joints begin and end in qpos."""
    model = morphology.model
    body = model.body(root)
    joints = range(int(body.jntadr[0]), int(body.jntadr[0]) + int(body.jntnum[0]))
    if not len(joints):
        return 0, 0
    driven = {joint.name for joint in morphology.joints}
    for joint in joints:
        if model.joint(joint).name in driven:
            raise ModelError(f"Joint '{model.joint(joint).name}' moves the torso itself.")
    widths = {int(mujoco.mjtJoint.mjJNT_FREE): 7, int(mujoco.mjtJoint.mjJNT_BALL): 4}
    last = joints[-1]
    first = int(model.jnt_qposadr[joints[0]])
    return first, int(model.jnt_qposadr[last]) + widths.get(int(model.jnt_type[last]), 1)
