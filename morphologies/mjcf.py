"""The user's own body: any MJCF or URDF file, completed with what it lacks."""

import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Annotated

import mujoco
import numpy as np
from pydantic import Field

from evoloco.errors import ModelError, SpecError, UnknownNameError
from evoloco.genome import Gene
from evoloco.model_file import check_files, check_sizes
from evoloco.morphology import HOME, Morphology, assemble
from evoloco.servo import SERVOS, Servo, bound
from evoloco.subtree import is_in_subtree

from ._genes import GENES, Genes, describe, shape, stiffen
from ._world import add_floor, add_light

__all__ = ["GENES", "build", "gene"]

ACTUATOR = (
    "target",
    "trntype",
    "gear",
    "cranklength",
    "slidersite",
    "refsite",
    "damping",
    "armature",
    "gaintype",
    "gainprm",
    "biastype",
    "biasprm",
    "dyntype",
    "dynprm",
    "actdim",
    "actearly",
    "actlimited",
    "actrange",
    "ctrlspec",
    "ctrllimited",
    "ctrlrange",
    "inheritrange",
    "forcelimited",
    "forcerange",
    "delay",
    "nsample",
    "interp",
)
"""What makes an actuator, apart from its name and place."""

DIVERGED = [getattr(mujoco.mjtWarning, f"mjWARN_BAD{what}") for what in ("QPOS", "QVEL", "QACC")]
"""Warnings with which MuJoCo resets a simulation that blew up."""

FAR = 100.0
"""A distance from the ground that no foot has [m]."""


def build(
    path: str,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    mirror: Mapping[str, str] | None = None,
    servo: str | Servo = "xm430",
    home: Mapping[str, float] | None = None,
    timestep: Annotated[float, Field(gt=0)] | None = None,
    **genes: float,
) -> Morphology:
    """A body from an MJCF or URDF file.

    What the file lacks is added, what it has is kept:

    * the torso's root floats on a free joint, unless the file gives it joints;
    * a floor and a light, unless the file has geoms or lights in its world;
    * an actuator that takes a position for each of `joints`. One that the file
      has is kept; motors and other kinds on these joints are replaced by
      `servo`, and every actuator elsewhere is removed;
    * a keyframe `home`: the file's, or its reference pose where it has none,
      with the angles of `home` in it, lowered or raised until the lowest foot
      touches the ground; its controls are its angles. Other keyframes go.

    Euler integration is replaced by `implicitfast`, which stays stable where a
    servo's damping meets light links. A body that falls within a second of
    standing is allowed, with a warning; one with genes is not made to stand.

    Genes change the file's bodies, joints and sites. Their names are a kind and
    the name of an element, or a pattern with `*`, `?` or `[...]` of several,
    such as "length.*_shank" for both sides at once:

    * `length` is the distance from a body's hinge to that of the only body that
      moves on it (or to the foot), or the longest side of its largest geom
      where none or several do. What hangs on the body moves along. Shapes are
      stretched in that direction only, radii stay;
    * `size` multiplies every length of a body;
    * both change the mass as the file gives it: a density stays, a mass stays,
      an inertial keeps its mass and becomes that of the same masses further
      apart. `mass` multiplies mass and inertia;
    * `range` multiplies both limits of a joint, from its zero. The home angles
      must stay within;
    * `stiffness` multiplies the gain of a joint's servo;
    * `site_x`, `site_y` and `site_z` [m] shift a site, and the sensor or tendon
      on it, forward, outwards and upward as seen from the torso;
    * `part` is a switch, [0, 1]: at 0 a body and what hangs on it have no mass
      and no contacts and are not seen. Sensors on it stay, so that all bodies
      of a run have the same layout. No joint, torso, foot, tendon, equality or
      contact pair may need it.

    Several genes of one element multiply, shifts add up.

    Args:
        path: The file, relative to the working directory.
        torso: Body that carries the IMU.
        feet: Foot bodies, left ones first.
        joints: Hinges to drive, in the order of the controls.
        mirror: Left joint -> right joint; found by their names where absent.
        servo: A known servo, "xm430" or "xm430_w210", or a table of its numbers:
            stall_torque [N m], no_load_speed [rad/s], stiffness [N m/rad], and
            optionally voltage [V], armature [kg m²], friction [N m] and latency [s].
        home: Angles of joints in the home keyframe [rad].
        timestep: Physics step [s]; the file's where absent.
        **genes: Values of genes, for [morphology.genes] of a run file.

    Raises:
        SpecError: There is no such file.
        ModelError: MuJoCo cannot read or compile the file, a gene or home angle does
            not fit it, or the body does not stay finite while standing.
        UnknownNameError: A body, joint, servo or gene does not exist.
    """
    spec = _load(path)
    _check_names(spec, path, torso, feet, joints, home or {})
    if isinstance(servo, str) and servo not in SERVOS:
        raise UnknownNameError("servo", servo, SERVOS)
    if genes:
        for name in genes:
            _described(spec, name, path, joints)
        shape(spec, Genes(genes), torso, feet, path)

    if timestep is not None:
        spec.option.timestep = timestep
    if spec.option.integrator == mujoco.mjtIntegrator.mjINT_EULER:
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    _float(spec, spec.body(torso))
    if not spec.worldbody.geoms:
        add_floor(spec)
        spec.geom("floor").conaffinity = 1
    if not spec.lights:
        add_light(spec)

    _drive(spec, joints, SERVOS[servo] if isinstance(servo, str) else servo)
    stiffen(spec, Genes(genes))
    _stand(spec, path, feet, joints, home or {})
    morphology = assemble(spec, torso, feet, joints, partners=mirror)
    if not genes:
        _check_standing(morphology, path)
    return morphology


def gene(name: str, path: str, joints: Sequence[str], **_: object) -> Gene:
    """The gene of a name such as "length.*_shank" (see `build`); its bounds are only an example.

    Raises:
        UnknownNameError: There is no such kind of gene, or no such element in the file.
    """
    return _described(_load(path), name, path, joints)


def _described(spec: mujoco.MjSpec, name: str, path: str, joints: Sequence[str]) -> Gene:
    """The gene of a name, about elements of a file."""
    known = {
        "BODY": [body.name for body in spec.bodies if body.name not in ("", "world")],
        "JOINT": [joint.name for joint in spec.joints if joint.name],
        "DRIVEN_JOINT": joints,
        "SITE": [site.name for site in spec.sites if site.name],
    }
    return describe(name, known, path)


def _load(path: str) -> mujoco.MjSpec:
    """Reads a file of a size that MuJoCo can compile."""
    if not Path(path).is_file():
        raise SpecError(f"There is no file {path} (looked for in {Path.cwd()}).")
    check_sizes(Path(path))
    check_files(Path(path))

    try:
        spec = mujoco.MjSpec.from_file(path)
    except ValueError as error:
        raise ModelError(f"MuJoCo cannot read {path}: {error}") from error

    spec.compiler.fusestatic = False  # a URDF's fixed links may be the feet
    return spec


def _check_names(
    spec: mujoco.MjSpec,
    path: str,
    torso: str,
    feet: Sequence[str],
    joints: Sequence[str],
    home: Mapping[str, float],
) -> None:
    """Refuses bodies and joints that the file does not have, and joints that are no hinges."""
    bodies = {body.name: body for body in spec.bodies}
    for name in (torso, *feet):
        if name not in bodies:
            raise UnknownNameError("body", name, filter(None, bodies), path)

    hinges = {joint.name: joint for joint in spec.joints}
    for name in (*joints, *home):
        if name not in hinges:
            raise UnknownNameError("joint", name, filter(None, hinges), path)
        if hinges[name].type != mujoco.mjtJoint.mjJNT_HINGE:
            raise ModelError(f"{path}: joint '{name}' is not a hinge; only hinges can be driven.")


def _float(spec: mujoco.MjSpec, torso: mujoco.MjsBody) -> None:
    """Puts the topmost body above the torso on a free joint, unless it has joints."""
    root = torso
    while root.parent != spec.worldbody:
        root = root.parent

    if not root.joints:
        root.add_freejoint()
        for key in list(spec.keys):  # written for a body without the free joint
            spec.delete(key)


def _drive(spec: mujoco.MjSpec, joints: Sequence[str], servo: Servo) -> None:
    """Leaves one position actuator per driven joint, named after it and in order."""
    kept = {}
    for actuator in list(spec.actuators):
        if actuator.target in joints and _takes_position(actuator):
            kept[actuator.target] = {field: copy(getattr(actuator, field)) for field in ACTUATOR}
        spec.delete(actuator)

    for joint in joints:
        if joint not in kept:
            servo.drive(spec, joint)
            continue
        actuator = spec.add_actuator(name=joint)
        for field, value in kept[joint].items():
            setattr(actuator, field, value)
        if actuator.ctrlrange[0] == actuator.ctrlrange[1]:
            bound(actuator, spec.joint(joint))


def _takes_position(actuator: mujoco.MjsActuator) -> bool:
    """Whether an actuator's control is a position."""
    gain, bias = actuator.gainprm[0], actuator.biasprm[1]
    return actuator.ctrlspec == mujoco.mjtCtrlInput.mjINPUT_POS or bool(gain > 0 and bias == -gain)


def _stand(
    spec: mujoco.MjSpec,
    path: str,
    feet: Sequence[str],
    joints: Sequence[str],
    home: Mapping[str, float],
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


def _check_standing(morphology: Morphology, path: str) -> None:
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
