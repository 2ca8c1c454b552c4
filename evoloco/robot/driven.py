"""The actuators that a controller drives: muscles, or one for every driven joint."""

from collections.abc import Sequence

import mujoco

from evoloco.errors import ModelError
from evoloco.robot.actuator import Actuator, take_angle
from evoloco.robot.muscles import name_of
from evoloco.robot.position_servo import WHAT, from_actuator, from_joint, merge
from evoloco.robot.urdf import speeds
from evoloco.robot.work import Work, put_back
from evoloco.servo import Servo, bound

TAKES_POSITION = ("position", "integrated")
"""Kinds of actuators that stay what they are."""


def drive_by_muscles(work: Work) -> None:
    """Puts the muscles first, under names of their own."""
    taken = list(work.wish.joints)
    for muscle in [one for one in work.left if one.own and one.kind == "muscle"]:
        name = name_of(muscle, taken)
        taken.append(name)
        put_back(work, muscle, name, "muscle")


def drive_joint(work: Work, joint: str) -> None:
    """Puts the actuator of a driven joint in its place."""
    found = work.of_joint(joint)
    servo, by_pattern = work.wish.servo_of(joint)
    positions = [one for one in found if one.kind in TAKES_POSITION]
    others = [one for one in found if one.kind in WHAT]

    if work.wish.control == "torque":
        _keep_motor(work, joint, others)
        return
    if positions and not by_pattern:
        _keep_position(work, positions[0])
        return

    work.sources.append(None)
    if servo is not None:
        _replace(work, joint, servo, [*positions, *others])
    elif others:
        from_actuator(work.spec, work.plant, others[0], joint, work.path, work.told)
        work.take(others[0], joint)
    else:
        speed = speeds(work.path).get(joint, 0.0)
        from_joint(work.spec, work.plant, joint, speed, work.told)


def _keep_motor(work: Work, joint: str, motors: Sequence[Actuator]) -> None:
    """Puts a motor back that takes a torque.

    Raises:
        ModelError: There is no such motor at the joint.
    """
    plain = [
        motor
        for motor in motors
        if motor.kind == "torque" and motor.fields["dyntype"] == mujoco.mjtDyn.mjDYN_NONE
    ]
    if not plain:
        raise ModelError(
            f'{work.path}: `control = "torque"` needs a `motor` at every driven joint, and joint '
            f"'{joint}' has none."
        )
    plain[0].add(work.spec, joint)
    work.take(plain[0], joint)
    work.sources.append(plain[0].index)
    work.untouched.append(plain[0].index)


def _keep_position(work: Work, actuator: Actuator) -> None:
    """Puts an actuator back that takes a position, with a velocity actuator beside it."""
    joint, model = actuator.joint, work.model
    servo = actuator.add(work.spec, joint)
    work.take(actuator, joint)
    work.sources.append(None)
    changes = take_angle(servo, model, actuator.index, work.path)
    if not changes:
        work.untouched.append(actuator.index)
    for change in changes:
        work.told.add(f"its actuator {change}.", joint)

    for beside in work.of_joint(joint):
        if beside.kind == "velocity" and merge(servo, model, actuator, beside):
            work.take(beside, joint)
            work.told.add(
                "its velocity actuator became the damping of its position actuator, {damping} "
                "N m s/rad together.",
                joint,
                damping=-float(servo.biasprm[2]) * float(servo.gear[0]) ** 2,
            )
    if servo.ctrlrange[0] == servo.ctrlrange[1] and servo.inheritrange == 0:
        bound(servo, work.spec.joint(joint))
        if servo.ctrlrange[0] < servo.ctrlrange[1]:
            work.told.add("commands are bounded by the range of the joint.", joint)


def _replace(work: Work, joint: str, servo: Servo, replaced: Sequence[Actuator]) -> None:
    """Puts the servo that is asked for in the place of a joint's actuators."""
    shaft = work.spec.joint(joint)
    before = {"armature": shaft.armature, "friction": shaft.frictionloss}
    servo.drive(work.spec, joint)
    for actuator in replaced:
        work.take(actuator, joint)

    what = "of {torque} N m at rest, {speed} rad/s without load and {stiffness} N m/rad"
    gone = " in place of the file's actuator" if replaced else ""
    work.told.add(
        f"got the servo {what}{gone}, as `servo` asks.",
        joint,
        torque=servo.stall_torque,
        speed=servo.no_load_speed,
        stiffness=servo.stiffness,
    )
    after = {"armature": shaft.armature, "friction": shaft.frictionloss}
    for quantity, unit in (("armature", "kg m²"), ("friction", "N m")):
        if after[quantity] != before[quantity]:
            work.told.add(
                f"the {quantity} of the joint became that of the servo, {{after}} {unit}, from "
                "{before}.",
                joint,
                after=after[quantity],
                before=before[quantity],
            )
