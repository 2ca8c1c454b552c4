"""How a robot stands at home for a second: contacts, forces and whether it falls."""

from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.morphology import HOME, Morphology
from evoloco.robot.divergence import has_diverged

DURATION = 1.0
"""How long it stands [s]."""

UPRIGHT = 0.3
"""Largest turn of a torso that stands [rad]."""

SUNK = 0.8
"""Least height of a torso that stands [its height at home]."""


@dataclass(frozen=True)
class Touch:
    """A contact of two bodies.

    Attributes:
        bodies: Their names.
        depth: How far they are in each other [m].
        own: Whether both are the robot's.
    """

    bodies: tuple[str, str]
    depth: float
    own: bool


@dataclass(frozen=True)
class Load:
    """What the actuator of a joint gives.

    Attributes:
        joint: Name of the joint.
        torque: Largest in the last tenth of the time [N m].
        limit: Largest that it can give [N m]; infinite where nothing limits it.
    """

    joint: str
    torque: float
    limit: float

    @property
    def use(self) -> float:
        """Part of what it can give [1]."""
        return self.torque / self.limit if self.limit else 0.0


@dataclass(frozen=True)
class Rest:
    """How a robot stands at home for a second.

    Attributes:
        touches: Contacts at the start.
        resting: Names of bodies but the feet that touch the ground at the end.
        height: Height of the torso at the end over that at home [1].
        turn: Angle between the torso's orientations at the start and at the end [rad].
        loads: One per driven joint.
        ground_force: Of the world on the robot, upward, over its weight [1].
        limit_force: Largest torque of a joint's limit [N m].
        finite: Whether the simulation did not diverge.
    """

    touches: tuple[Touch, ...]
    resting: tuple[str, ...]
    height: float
    turn: float
    loads: tuple[Load, ...]
    ground_force: float
    limit_force: float
    finite: bool

    @property
    def stands(self) -> bool:
        """Whether it neither falls nor sinks."""
        return self.finite and self.height > SUNK and self.turn < UPRIGHT


def rest(morphology: Morphology) -> Rest:
    """Lets a robot stand at home for a second."""
    model = morphology.model
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    for actuator in range(model.nactuator):
        if samples := int(model.actuator_history[actuator, 0]):
            history = np.full(samples, data.ctrl[model.actuator_ctrladr[actuator]])
            mujoco.mj_initCtrlHistory(model, data, actuator, None, history)
    mujoco.mj_forward(model, data)

    touches = tuple(_touches(morphology, data))
    torso = data.body(morphology.torso)
    height, orientation = float(torso.xpos[2]), np.array(torso.xquat)
    dofs = [int(model.joint(joint.name).dofadr[0]) for joint in morphology.joints]
    largest = np.zeros(len(dofs))
    while data.time < DURATION:
        mujoco.mj_step(model, data)
        if data.time > 0.9 * DURATION:
            largest = np.maximum(largest, np.abs(data.qfrc_actuator[dofs]))

    change = np.zeros(3)
    mujoco.mju_subQuat(change, torso.xquat, orientation)
    finite = not has_diverged(data)
    return Rest(
        touches=touches,
        resting=tuple(_resting(morphology, data)),
        height=float(torso.xpos[2]) / height if height > 0 else 1.0,
        turn=float(np.linalg.norm(change)),
        loads=tuple(
            Load(joint.name, float(torque), limit_of(model, joint.name))
            for joint, torque in zip(morphology.joints, largest, strict=True)
        ),
        ground_force=_ground_force(morphology, data),
        limit_force=_limit_force(data),
        finite=finite,
    )


def limit_of(model: mujoco.MjModel, joint: str) -> float:
    """Largest torque that actuators can put on a joint [N m]; infinite where nothing limits it."""
    number = model.joint(joint).id
    limit = np.inf
    if model.jnt_actfrclimited[number]:
        limit = float(np.abs(model.jnt_actfrcrange[number]).max())

    on_joint = (model.actuator_trntype == mujoco.mjtTrn.mjTRN_JOINT) & (
        model.actuator_trnid[:, 0] == number
    )
    for actuator in np.flatnonzero(on_joint):
        gear = abs(float(model.actuator_gear[model.actuator_outadr[actuator], 0])) or 1.0
        control = model.actuator_ctrladr[actuator]
        gains = model.actuator_gainprm[actuator]
        if model.actuator_forcelimited[actuator]:
            limit = min(limit, gear * float(np.abs(model.actuator_forcerange[actuator]).max()))
        elif model.actuator_gaintype[actuator] == mujoco.mjtGain.mjGAIN_DCMOTOR and gains[7]:
            limit = min(limit, gear * float(gains[7] * gains[1] / gains[0]))  # V K / R
        elif (
            model.actuator_biastype[actuator] == mujoco.mjtBias.mjBIAS_NONE
            and model.actuator_gaintype[actuator] == mujoco.mjtGain.mjGAIN_FIXED
            and model.actuator_ctrllimited[control]
        ):
            largest = float(np.abs(model.actuator_ctrlrange[control]).max())
            limit = min(limit, gear * abs(float(gains[0])) * largest)
    return limit


def _touches(morphology: Morphology, data: mujoco.MjData) -> list[Touch]:
    """The contacts of a robot, the deepest of every pair of bodies."""
    model = morphology.model
    found: dict[tuple[str, str], Touch] = {}
    root = model.body_rootid[model.body(morphology.torso).id]
    for contact in data.contact[: data.ncon]:
        bodies = [int(model.geom_bodyid[geom]) for geom in contact.geom if geom >= 0]
        own = [model.body_rootid[body] == root and body > 0 for body in bodies]
        if len(bodies) == 2 and any(own):
            names = (str(model.body(bodies[0]).name), str(model.body(bodies[1]).name))
            depth = max(0.0, -float(contact.dist))
            if depth >= found.get(names, Touch(names, -1.0, False)).depth:
                found[names] = Touch(names, depth, all(own))
    return sorted(found.values(), key=lambda touch: -touch.depth)


def _resting(morphology: Morphology, data: mujoco.MjData) -> list[str]:
    """Bodies but the feet that touch the ground."""
    model, found = morphology.model, []
    for contact in data.contact[: data.ncon]:
        geoms = [int(geom) for geom in contact.geom]
        ground = [geom for geom in geoms if geom in morphology.floor]
        other = [geom for geom in geoms if geom not in morphology.floor]
        if ground and other and other[0] not in morphology.foot_geoms:
            found.append(str(model.body(model.geom_bodyid[other[0]]).name))
    return list(dict.fromkeys(found))


def _ground_force(morphology: Morphology, data: mujoco.MjData) -> float:
    """Upward force of the ground on a robot, over its weight [1]."""
    model, total, wrench = morphology.model, 0.0, np.zeros(6)
    for number, contact in enumerate(data.contact[: data.ncon]):
        ground = [geom in morphology.floor for geom in contact.geom]
        if any(ground) and not all(ground):
            mujoco.mj_contactForce(model, data, number, wrench)
            upward: Array = wrench[:3] @ np.asarray(contact.frame).reshape(3, 3)
            total += float(upward[2]) * (1 if ground[0] else -1)
    return total / morphology.weight


def _limit_force(data: mujoco.MjData) -> float:
    """Largest force of a joint's limit [N m]."""
    kinds = np.asarray(data.efc_type[: data.nefc])
    at_limit = kinds == int(mujoco.mjtConstraint.mjCNSTR_LIMIT_JOINT)
    forces = np.abs(np.asarray(data.efc_force[: data.nefc])[at_limit])
    return float(forces.max()) if len(forces) else 0.0
