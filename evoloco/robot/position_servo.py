"""Position servos within the limits that a file gives, made of its motors or added."""

import math

import mujoco
import numpy as np

from evoloco.robot.actuator import (
    DAMPING,
    GAIN,
    INTEGRAL_GAIN,
    MOTOR_CONSTANT,
    POSITION,
    RESISTANCE,
    SUPPLY,
    VELOCITY_GAIN,
    Actuator,
    take_gear_off,
    torque_range,
    torque_range_of_joint,
)
from evoloco.robot.plant import Plant
from evoloco.robot.sizing import Gains, size
from evoloco.robot.telling import Telling
from evoloco.servo import Servo, blank, bound

WHAT = {"torque": "motor", "voltage": "DC motor that takes a voltage", "velocity": "velocity servo"}
"""Kinds of actuators that become position servos, in words."""


def from_actuator(
    spec: mujoco.MjSpec, plant: Plant, actuator: Actuator, name: str, path: str, told: Telling
) -> None:
    """Adds a position servo within the torques of a file's motor, with its gear and armature.

    A stiffness k and a damping c at the joint are k / g² and c / g² behind the gear g, and the gain
    of a control that is the joint's angle is k / g.

    Args:
        spec: It goes here.
        plant: The robot at home.
        actuator: Of the file, on a joint.
        name: Of the servo.
        path: Of the file, for messages.
        told: What was done.
    """
    model, gear = plant.model, float(actuator.fields["gear"][0])
    torque, own = torque_range(model, actuator.index), 0.0
    if actuator.kind == "velocity":
        own = -float(model.actuator_biasprm[actuator.index, DAMPING]) * gear**2
    if actuator.kind == "voltage":
        gains = model.actuator_gainprm[actuator.index]
        own = float(gains[MOTOR_CONSTANT] ** 2 / gains[RESISTANCE]) * gear**2
    gains_at_joint = size(plant, actuator.joint, torque, own)

    servo = actuator.add(spec, name)
    if actuator.kind == "voltage":
        _control(servo, model, actuator, gains_at_joint, path)
    else:
        _make_position(servo, gains_at_joint, gear)
        _limit_force(servo, model, actuator)
    servo.ctrlrange, servo.ctrllimited = [0, 0], mujoco.mjtLimited.mjLIMITED_AUTO
    servo.inheritrange = 0
    bound(servo, spec.joint(actuator.joint))
    _tell(told, actuator, gains_at_joint)


def _make_position(servo: mujoco.MjsActuator, gains: Gains, gear: float) -> None:
    """Lets the force of an actuator be that of a spring and a damper at the joint."""
    rest = np.zeros(len(servo.gainprm) - 1)
    servo.gaintype, servo.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_AFFINE
    servo.gainprm = [gains.stiffness / gear, *rest]
    bias = [0.0, -gains.stiffness / gear**2, -gains.damping / gear**2]
    servo.biasprm = [*bias, *np.zeros(len(servo.biasprm) - len(bias))]
    servo.ctrlspec = POSITION


def _limit_force(servo: mujoco.MjsActuator, model: mujoco.MjModel, actuator: Actuator) -> None:
    """Limits the force to that of the motor, and to what its joint lets through."""
    torque = torque_range(model, actuator.index)
    if np.isfinite(torque).all():
        servo.forcerange = np.sort(torque / model.actuator_gear[actuator.index, 0])
        servo.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE


def _control(
    servo: mujoco.MjsActuator, model: mujoco.MjModel, actuator: Actuator, gains: Gains, path: str
) -> None:
    """Puts a position controller in front of a DC motor, with all the voltage that it may have."""
    if servo.gear[0] != 1:
        take_gear_off(servo, float(servo.gear[0]), path)
    numbers = np.array(servo.gainprm)
    numbers[[GAIN, INTEGRAL_GAIN, VELOCITY_GAIN]] = gains.stiffness, 0.0, gains.damping

    place = model.actuator_ctrladr[actuator.index]
    if numbers[SUPPLY] <= 0 and model.actuator_ctrllimited[place]:
        numbers[SUPPLY] = np.abs(model.actuator_ctrlrange[place]).max()
    servo.gainprm, servo.ctrlspec = numbers, POSITION


def _tell(told: Telling, actuator: Actuator, gains: Gains) -> None:
    numbers = {"stiffness": gains.stiffness, "damping": gains.damping}
    limit = float(np.abs(gains.torque).max())
    became = "became a position servo of {stiffness} N m/rad and {damping} N m s/rad"
    if math.isfinite(limit):
        told.add(
            f"the {WHAT[actuator.kind]} of ±{{limit}} N m {became} within the same torque.",
            actuator.joint,
            limit=limit,
            **numbers,
        )
    else:
        told.add(
            f"the {WHAT[actuator.kind]} without a limit {became} without one.",
            actuator.joint,
            **numbers,
        )


def from_joint(spec: mujoco.MjSpec, plant: Plant, joint: str, speed: float, told: Telling) -> None:
    """Adds a servo to a joint without an actuator, within the joint's own limits.

    Where the file has a largest torque and a largest speed, as a URDF does, it is a DC motor with
    these as its stall torque and its speed without load. Where the file has no torque, the servo
    has one that can hold the robot (see `Plant.strength`).

    Args:
        spec: It goes here.
        plant: The robot at home.
        joint: Its joint.
        speed: Largest speed [rad/s]; 0 where the file has none.
        told: What was done.
    """
    torque = torque_range_of_joint(plant.model, plant.model.joint(joint).id)
    limited = bool(np.isfinite(torque).all())
    if not limited:
        strength = float(f"{plant.strength(joint):.2g}")
        torque = np.array([-strength, strength])
    limit = float(np.abs(torque).max())

    if limited and speed > 0:
        _add_motor(spec, joint, size(plant, joint, torque, limit / speed), speed, told)
        return

    gains = size(plant, joint, torque)
    servo = blank(spec, joint)
    _make_position(servo, gains, 1.0)
    servo.forcerange, servo.forcelimited = torque, mujoco.mjtLimited.mjLIMITED_TRUE
    bound(servo, spec.joint(joint))
    source = "the file's limit" if limited else "which can hold the robot; the file has no limit"
    told.add(
        "without an actuator; got a position servo of {stiffness} N m/rad, {damping} N m s/rad and "
        f"±{{limit}} N m ({source}).",
        joint,
        stiffness=gains.stiffness,
        damping=gains.damping,
        limit=limit,
    )


def _add_motor(spec: mujoco.MjSpec, joint: str, gains: Gains, speed: float, told: Telling) -> None:
    """Adds a DC motor with a speed without load, whose controller has the gains."""
    limit = float(np.abs(gains.torque).max())
    Servo(stall_torque=limit, no_load_speed=speed, stiffness=gains.stiffness).drive(spec, joint)
    motor = spec.actuator(joint)
    numbers = np.array(motor.gainprm)
    numbers[VELOCITY_GAIN] = gains.damping
    motor.gainprm = numbers
    motor.forcerange, motor.forcelimited = gains.torque, mujoco.mjtLimited.mjLIMITED_TRUE
    told.add(
        "without an actuator; got a servo of {stiffness} N m/rad and {damping} N m s/rad with the "
        "limits of the file, {limit} N m at rest and {speed} rad/s without load.",
        joint,
        stiffness=gains.stiffness,
        damping=gains.damping,
        limit=limit,
        speed=speed,
    )


def merge(
    servo: mujoco.MjsActuator, model: mujoco.MjModel, main: Actuator, companion: Actuator
) -> bool:
    """Takes a velocity actuator at speed 0 into a position actuator, where their sum is the same.

    It is where neither has a limit. Its damping c behind its gear is c times the squared ratio of
    the gears behind the other one.

    Args:
        servo: The position actuator in the new spec.
        model: Compiled from the file.
        main: It in the file.
        companion: The velocity actuator on the same joint.

    Returns:
        Whether it was done.
    """
    either = [main.index, companion.index]
    affine = servo.biastype == mujoco.mjtBias.mjBIAS_AFFINE
    plain = companion.fields["dyntype"] == mujoco.mjtDyn.mjDYN_NONE
    constant = model.actuator_biasprm[companion.index, 0]
    if not affine or not plain or constant or model.actuator_forcelimited[either].any():
        return False

    gears = model.actuator_gear[:, 0]
    ratio = float(gears[companion.index] / servo.gear[0]) ** 2
    bias = np.array(servo.biasprm)
    if bias[DAMPING] > 0:  # still a damping ratio
        bias[DAMPING] = model.actuator_biasprm[main.index, DAMPING]
    bias[DAMPING] += ratio * model.actuator_biasprm[companion.index, DAMPING]
    servo.biasprm = bias
    servo.damping = np.array(servo.damping) + ratio * np.array(companion.fields["damping"])
    servo.armature += ratio * companion.fields["armature"]
    return True
