"""Where a robot stands at home: on what lies under its feet."""

import warnings
from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.morphology import HOME, Morphology
from evoloco.subtree import is_in_subtree

DIVERGED = [getattr(mujoco.mjtWarning, f"mjWARN_BAD{what}") for what in ("QPOS", "QVEL", "QACC")]
"""Warnings with which MuJoCo resets a simulation that blew up."""

FAR = 100.0
"""A distance from the ground that no foot has [m]."""


def let_float(spec: mujoco.MjSpec, torso: mujoco.MjsBody, told: list[str]) -> None:
    """Puts the topmost body above the torso on a free joint, unless it has joints."""
    root = torso
    while root.parent != spec.worldbody:
        root = root.parent

    if not root.joints:
        root.add_freejoint()
        told.append(f"Added a free joint to '{root.name}'.")
        for key in list(spec.keys):  # written for a body without the free joint
            spec.delete(key)


def stand(
    spec: mujoco.MjSpec,
    path: str,
    feet: Sequence[str],
    joints: Sequence[str],
    home: Mapping[str, float],
    told: list[str],
) -> None:
    """Leaves one keyframe, in which the lowest foot touches the ground."""
    given = [np.array(key.qpos) for key in spec.keys if key.name == HOME]
    for key in list(spec.keys):
        spec.delete(key)
    try:
        model = spec.compile()
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot compile {path}: {error}") from error

    data = mujoco.MjData(model)
    if given and len(given[0]) == model.nq:
        data.qpos[:] = given[0]
    for name, angle in home.items():
        data.joint(name).qpos = angle
    _check_angles(model, data, joints, path)

    mujoco.mj_kinematics(model, data)
    _lower(model, data, min(_height(model, data, foot, path) for foot in feet))
    spec.add_key(name=HOME, qpos=data.qpos, ctrl=[data.joint(joint).qpos[0] for joint in joints])


def _check_angles(
    model: mujoco.MjModel, data: mujoco.MjData, joints: Sequence[str], path: str
) -> None:
    """Refuses home angles outside of the joints' ranges."""
    for name in joints:
        joint, angle = model.joint(name), data.joint(name).qpos[0]
        low, high = joint.range
        if model.jnt_limited[joint.id] and not low <= angle <= high:
            raise ModelError(
                f"{path}: the home angle of joint '{name}', {angle:.4g} rad, is outside of its "
                f"range, {low:.4g} to {high:.4g} rad."
            )


def _lower(model: mujoco.MjModel, data: mujoco.MjData, height: float) -> None:
    """Lowers a body by a height [m], by its first free joint or vertical slide."""
    for joint in range(model.njnt):
        start, kind = model.jnt_qposadr[joint], model.jnt_type[joint]
        upward = model.jnt_axis[joint][2]
        if kind == mujoco.mjtJoint.mjJNT_FREE:
            data.qpos[start + 2] -= height
            return
        if kind == mujoco.mjtJoint.mjJNT_SLIDE and abs(upward) == 1:
            data.qpos[start] -= height * upward
            return


def _height(model: mujoco.MjModel, data: mujoco.MjData, foot: str, path: str) -> float:
    """Distance of a foot's geoms from the geoms of the world [m]."""
    touching = np.flatnonzero(model.geom_contype | model.geom_conaffinity)
    body = model.body(foot).id
    sole = [geom for geom in touching if is_in_subtree(model, model.geom_bodyid[geom], body)]
    ground = [geom for geom in touching if model.geom_bodyid[geom] == 0]
    if not sole:
        raise ModelError(f"{path}: foot '{foot}' has no geom that can touch the ground.")
    return min(
        float(mujoco.mj_geomDistance(model, data, a, b, FAR, None)) for a in ground for b in sole
    )


def check_standing(morphology: Morphology, path: str) -> None:
    """Stands at home for a second."""
    model = morphology.model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    for actuator in range(model.nu):
        if samples := int(model.actuator_history[actuator, 0]):
            history = np.full(samples, data.ctrl[actuator])
            mujoco.mj_initCtrlHistory(model, data, actuator, None, history)

    while data.time < 1:
        mujoco.mj_step(model, data)
        if any(data.warning[kind].number for kind in DIVERGED) or not np.isfinite(data.qpos).all():
            raise ModelError(
                f"{path}: the body diverges while it stands at home. Give it a smaller timestep, "
                "a softer servo, or more armature."
            )

    if data.body(morphology.torso).xpos[2] < morphology.standing_height / 2:
        warnings.warn(
            f"{path}: the body falls at home; give `home` angles in which it stands.", stacklevel=3
        )
