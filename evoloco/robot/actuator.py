"""One actuator of a robot's file: what kind it is, and how it takes an angle of its joint."""

from copy import copy
from dataclasses import dataclass
from typing import Any, Literal

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.genome import Array
from evoloco.servo import FIELDS
from evoloco.subtree import OF_JOINT, moved_by

Kind = Literal["position", "integrated", "velocity", "torque", "voltage", "muscle", "other"]
"""What an actuator's control is; "integrated" is a velocity whose integral is a position."""

POSITION = int(mujoco.mjtCtrlInput.mjINPUT_POS)
VOLTAGE = int(mujoco.mjtCtrlInput.mjINPUT_VOLTAGE)
"""Bits of an actuator's input signature."""

SCALAR = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
"""Kinds of joints with one angle or one length."""

CONSTANT, SLOPE, DAMPING = 0, 1, 2
"""Places in an affine bias: force = constant + slope length + damping velocity."""

RESISTANCE, MOTOR_CONSTANT, GAIN, INTEGRAL_GAIN, VELOCITY_GAIN, SUPPLY = 0, 1, 4, 5, 6, 7
"""Places in the gain of a DC motor: R [Ohm], K [N m/A], gains of its controller, supply [V]."""

SLEW = {mujoco.mjtDyn.mjDYN_PID: 1, mujoco.mjtDyn.mjDYN_DCMOTOR: 7}
"""Kind of dynamics -> place of the setpoint's largest rate in its parameters; 0 for none."""

WINDUP = {mujoco.mjtDyn.mjDYN_PID: 0, mujoco.mjtDyn.mjDYN_DCMOTOR: 8}
"""Kind of dynamics -> place of the limit of the integral in its parameters; 0 for none."""


@dataclass(frozen=True)
class Actuator:
    """An actuator of a file.

    Attributes:
        index: Its place in the file.
        name: Its name in the file; empty where it has none.
        kind: What its control is.
        joint: Joint that it acts on directly; empty for a tendon, a site or a body.
        own: Whether it acts on the robot, not on other bodies.
        fields: What makes it, by the names in `evoloco.servo.FIELDS`.
        user: Its user data.
    """

    index: int
    name: str
    kind: Kind
    joint: str
    own: bool
    fields: dict[str, Any]
    user: list[float]

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        return f"'{self.name}'" if self.name else f"number {self.index} of the file"

    def add(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsActuator:
        """Adds this actuator to a spec under a name."""
        added = spec.add_actuator(name=name)
        for field, value in self.fields.items():
            setattr(added, field, value)
        added.userdata = self.user
        return added


def read(spec: mujoco.MjSpec, model: mujoco.MjModel, bodies: set[int]) -> list[Actuator]:
    """The actuators of a file, in their order.

    Args:
        spec: Of the file.
        model: Compiled from it.
        bodies: Ids of the robot's bodies.
    """
    return [
        Actuator(
            index=index,
            name=actuator.name,
            kind=kind_of(model, index) if acts(model, index) else "other",
            joint=_joint_of(model, index),
            own=bool(bodies & moved_by(model, index)),
            fields={field: copy(getattr(actuator, field)) for field in FIELDS},
            user=list(actuator.userdata),
        )
        for index, actuator in enumerate(spec.actuators)
    ]


def acts(model: mujoco.MjModel, index: int) -> bool:
    """Whether an actuator has an effect: its gear is not 0, and its group is not switched off."""
    group, gear = int(model.actuator_group[index]), model.actuator_gear[index]
    return bool(np.any(gear)) and not is_off(int(model.opt.disableactuator), group)


def is_off(disabled: int, group: int) -> bool:
    """Whether a group of actuators is switched off, by the option with a bit for every group."""
    return bool(disabled >> group & 1)


def _joint_of(model: mujoco.MjModel, index: int) -> str:
    """The hinge or slide that an actuator acts on directly; empty where there is none."""
    joint = model.actuator_trnid[index, 0]
    if mujoco.mjtTrn(model.actuator_trntype[index]) not in OF_JOINT:
        return ""
    scalar = mujoco.mjtJoint(model.jnt_type[joint]) in SCALAR
    return str(model.joint(joint).name) if scalar else ""


def kind_of(model: mujoco.MjModel, index: int) -> Kind:
    """What the control of a compiled actuator is."""
    gain = mujoco.mjtGain(model.actuator_gaintype[index])
    inputs = int(model.actuator_ctrlspec[index])
    if gain == mujoco.mjtGain.mjGAIN_MUSCLE:
        return "muscle"
    if gain == mujoco.mjtGain.mjGAIN_PID:
        return "position" if inputs & POSITION else "torque"
    if gain == mujoco.mjtGain.mjGAIN_DCMOTOR:
        if not inputs:
            return "other"
        answers = model.actuator_gainprm[index, GAIN] > 0 and inputs & POSITION
        return "position" if answers else "voltage"
    if gain == mujoco.mjtGain.mjGAIN_FIXED and model.actuator_gainprm[index, 0] != 0:
        return _kind_of_affine(model, index)
    return "other"


def _kind_of_affine(model: mujoco.MjModel, index: int) -> Kind:
    """The kind of an actuator whose force is its control times a constant, plus a bias."""
    dynamics = mujoco.mjtDyn(model.actuator_dyntype[index])
    integrates = dynamics == mujoco.mjtDyn.mjDYN_INTEGRATOR
    filters = (mujoco.mjtDyn.mjDYN_FILTER, mujoco.mjtDyn.mjDYN_FILTEREXACT)
    if dynamics not in (*filters, mujoco.mjtDyn.mjDYN_NONE) and not integrates:
        return "other"

    bias = mujoco.mjtBias(model.actuator_biastype[index])
    if bias not in (mujoco.mjtBias.mjBIAS_NONE, mujoco.mjtBias.mjBIAS_AFFINE):
        return "other"
    affine = bias == mujoco.mjtBias.mjBIAS_AFFINE
    _, slope, damping = model.actuator_biasprm[index, :3] if affine else (0, 0, 0)
    if slope < 0:
        return "integrated" if integrates else "position"
    if integrates or slope > 0:
        return "other"
    return "velocity" if damping < 0 else "torque"


def take_angle(
    actuator: mujoco.MjsActuator, model: mujoco.MjModel, index: int, path: str
) -> list[str]:
    """Lets an actuator that takes a position take its joint's angle, at the same torques.

    With gain G, bias b0 + b1 length + b2 velocity, and a gear g, the force at the control u is

        G u + b0 + b1 g angle + b2 g velocity      (1)

    It is 0 at rest where u = -(b1 g angle + b0) / G. So a control that is the angle has the gain
    -b1 g, and no b0.

    Args:
        actuator: In the new spec; it is changed.
        model: Compiled from the file.
        index: Place of the actuator in the file.
        path: Of the file, for messages.

    Returns:
        What was changed, in words.
    """
    changed, gear = [], float(model.actuator_gear[index, 0])
    fixed = actuator.gaintype == mujoco.mjtGain.mjGAIN_FIXED
    inputs = int(model.actuator_ctrlnum[index])
    if inputs > 1:
        actuator.ctrlspec = POSITION
        changed.append("takes a position only; its other inputs stay 0")

    if actuator.dyntype == mujoco.mjtDyn.mjDYN_INTEGRATOR:
        actuator.dyntype = mujoco.mjtDyn.mjDYN_NONE
        actuator.dynprm = [1.0, *np.zeros(len(actuator.dynprm) - 1)]
        actuator.ctrlrange, actuator.ctrllimited = actuator.actrange, actuator.actlimited
        actuator.actrange, actuator.actlimited = [0, 0], mujoco.mjtLimited.mjLIMITED_FALSE
        if fixed:
            actuator.ctrlspec = POSITION
        changed.append("takes a position, no longer a velocity to integrate")

    constant, slope, damping = model.actuator_biasprm[index, :3]
    gain = float(model.actuator_gainprm[index, 0])
    if fixed and (gear != 1 or gain != -slope or constant != 0):
        actuator.gainprm = [-slope * gear, *actuator.gainprm[1:]]
        actuator.biasprm = [0.0, slope, damping, *actuator.biasprm[3:]]
        _convert_ranges(actuator, model, index, lambda u: (gain * u + constant) / (-slope * gear))
        changed.append(f"takes an angle of the joint; {gear:g} is its gear")
    elif not fixed and gear != 1:
        take_gear_off(actuator, gear, path)
        _convert_ranges(actuator, model, index, lambda u: u / gear)
        changed.append(f"takes an angle of the joint; its gear of {gear:g} is in its gains")
    return changed


def _convert_ranges(
    actuator: mujoco.MjsActuator, model: mujoco.MjModel, index: int, convert: Any
) -> None:
    """Converts the limits of an actuator's control and activation."""
    place = model.actuator_ctrladr[index]
    if model.actuator_ctrllimited[place]:
        actuator.ctrlrange = sorted(convert(model.actuator_ctrlrange[place]))
        actuator.ctrllimited = mujoco.mjtLimited.mjLIMITED_TRUE
    elif actuator.ctrlrange[0] < actuator.ctrlrange[1]:
        actuator.ctrlrange = sorted(convert(np.array(actuator.ctrlrange)))
    if model.actuator_actlimited[index] and actuator.dyntype != mujoco.mjtDyn.mjDYN_NONE:
        actuator.actrange = sorted(convert(model.actuator_actrange[index]))
    actuator.inheritrange = 0


def take_gear_off(actuator: mujoco.MjsActuator, gear: float, path: str) -> None:
    """Gives a PID controller or a DC motor the numbers that it has at the joint.

    Gains, damping and inertia are those of the actuator times the squared gear; forces and the
    motor constant times the gear; setpoints, their rate and their integral over the gear.

    Raises:
        ModelError: It has friction or cogging of its own.
    """
    gains, dynamics = np.array(actuator.gainprm), np.array(actuator.dynprm)
    bias, size = np.array(actuator.biasprm), abs(gear)
    if actuator.gaintype == mujoco.mjtGain.mjGAIN_DCMOTOR:
        if np.any(bias):
            raise ModelError(
                f"{path}: the dcmotor at joint '{actuator.target}' has cogging or LuGre friction, "
                f"and a gear of {gear:g}. Give its numbers as they are at the joint, without gear."
            )
        gains[[GAIN, INTEGRAL_GAIN, VELOCITY_GAIN]] *= gear**2
        gains[MOTOR_CONSTANT] *= size
    else:
        gains[0] *= gear**2
        bias[[SLOPE, DAMPING]] *= gear**2

    for place in (SLEW.get(actuator.dyntype), WINDUP.get(actuator.dyntype)):
        if place is not None:
            dynamics[place] /= size
    actuator.gainprm, actuator.biasprm, actuator.dynprm = gains, bias, dynamics
    actuator.damping = gear**2 * np.array(actuator.damping)
    actuator.armature *= gear**2
    actuator.forcerange = sorted(gear * np.array(actuator.forcerange))
    actuator.gear = [1.0, *actuator.gear[1:]]


def torque_range(model: mujoco.MjModel, index: int) -> Array:
    """Smallest and largest torque of an actuator at its joint [N m] (2,); infinite for no limit.

    The joint's own limit of the torques of its actuators counts too.
    """
    force = np.array([-np.inf, np.inf])
    place, kind = model.actuator_ctrladr[index], kind_of(model, index)
    controls = model.actuator_ctrlrange[place]
    gain = model.actuator_gainprm[index]
    if model.actuator_ctrllimited[place] and kind == "torque":
        force = np.sort(gain[0] * controls)
    if kind == "voltage":
        largest = np.abs(controls).max() if model.actuator_ctrllimited[place] else np.inf
        largest = gain[SUPPLY] if gain[SUPPLY] > 0 else largest
        force = gain[MOTOR_CONSTANT] / gain[RESISTANCE] * largest * np.array([-1.0, 1.0])
    if model.actuator_forcelimited[index]:
        force = np.clip(force, *model.actuator_forcerange[index])

    gear = model.actuator_gear[index, 0]
    limits = np.sort(gear * force) if gear != 0 else force
    joint = model.actuator_trnid[index, 0]
    return np.asarray(np.clip(limits, *torque_range_of_joint(model, joint)))


def torque_range_of_joint(model: mujoco.MjModel, joint: int) -> Array:
    """Smallest and largest torque of all actuators at a joint [N m] (2,); infinite for no limit."""
    if model.jnt_actfrclimited[joint]:
        return np.array(model.jnt_actfrcrange[joint])
    return np.array([-np.inf, np.inf])
