"""Signs and zeros of a robot's joints: found with a person who turns them by hand, and checked."""

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from evoloco.deploy.guard import errors
from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot
from evoloco.deploy.servos import Servos
from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.robot_log import STANDARD_GRAVITY
from evoloco.text_table import aligned
from evoloco.tilt import leaning

LEAST = math.radians(5)
"""Smallest turn by hand that tells a direction [rad]."""

NEAR = math.radians(10)
"""How far a joint may be from where a person holds it [rad]."""

UPRIGHT = math.radians(15)
"""How far a torso may lean that a person holds upright [rad]."""

HEAVY = 0.1
"""How much the measured gravity may differ from the true one, as a share of it."""

Ask = Callable[[str], None]
"""Asks a person to do something, and returns once it is done."""


def calibrate(content: dict[str, Any], robot: Robot, servos: Servos, ask: Ask) -> dict[str, Any]:
    """Finds the signs and zeros of all joints. Torque goes off.

    Args:
        content: Of the robot's file.
        robot: That it describes.
        servos: On the bus.
        ask: Asks a person.

    Returns:
        The content with other signs and zeros.

    Raises:
        SpecError: A joint was not turned.
    """
    ask("Hold the robot: torque goes off on all servos.")
    servos.torque_off()
    found = copy.deepcopy(content)
    for place, (name, joint) in enumerate(robot.joints.items()):
        ask(f"{name}: hold it where its angle is 0")
        zero = joint.servo_angle(servos.read().position[place])
        low, high = joint.position
        way = "rises" if high > -low else "falls"
        ask(f"{name}: turn it so that its angle {way}, towards {max(high, low, key=abs):.2f} rad")
        turned = joint.servo_angle(servos.read().position[place]) - zero
        if abs(turned) < LEAST:
            raise SpecError(
                f"{name} (id {joint.id}) turned by {math.degrees(turned):.1f} degrees only, so its "
                "direction is not known. Is it this servo that you turned?"
            )
        up = (turned > 0) == (way == "rises")
        found["joints"][name] |= {"sign": 1 if up else -1, "zero": f"{zero:.4f} rad"}
    return found


def differences(robot: Robot, expected: Array, measured: Array) -> list[str]:
    """What is wrong with joints that a person holds in a posture, a sentence each.

    Args:
        robot: With the joints in this order.
        expected: Angles of the posture [rad] (J,).
        measured: That the servos tell [rad] (J,).
    """
    found = []
    for name, wanted, told in zip(robot.joints, expected, measured, strict=True):
        if abs(told - wanted) <= NEAR:
            continue
        mirrored = abs(told + wanted) <= NEAR
        why = "its sign is wrong" if mirrored else "its zero is wrong, or it is held elsewhere"
        found.append(f"{name} should be at {wanted:.2f} rad and tells {told:.2f} rad: {why}.")
    return found


def imu_differences(now: Readings) -> list[str]:
    """What is wrong with the IMU of a robot that is held upright and still, a sentence each."""
    weight = float(np.linalg.norm(now.acceleration))
    if abs(weight - STANDARD_GRAVITY) > HEAVY * STANDARD_GRAVITY:
        return [
            f"The accelerometer tells {weight:.2f} m/s2 at rest: its step is wrong, or it moves."
        ]
    roll, pitch = np.degrees(leaning(now.acceleration))
    if max(abs(roll), abs(pitch)) > math.degrees(UPRIGHT):
        return [
            f"The IMU tells a roll of {roll:.0f} and a pitch of {pitch:.0f} degrees of an upright "
            "torso: its axes are wrong."
        ]
    return []


def table(robot: Robot, now: Readings) -> str:
    """What every servo tells, as a text."""
    rows = [
        (
            name,
            str(joint.id),
            f"{now.position[place]:.3f}",
            f"{now.voltage[place]:.1f}",
            f"{now.temperature[place]:.0f}",
            errors(int(now.error[place])) if now.error[place] else "none",
        )
        for place, (name, joint) in enumerate(robot.joints.items())
    ]
    return aligned(("joint", "id", "angle [rad]", "supply [V]", "[degC]", "errors"), rows)


def check(robot: Robot, servos: Servos, home: Array, ask: Ask) -> list[str]:
    """Checks signs, zeros and the IMU with a person. Nothing is written.

    Args:
        robot: With the joints in the order of the commands.
        servos: On the bus.
        home: Angles of the home posture [rad] (J,).
        ask: Asks a person.

    Returns:
        What is wrong, a sentence each.

    Raises:
        SpecError: Torque is on, so that no joint can be turned by hand.
    """
    if servos.read().torque.any():
        raise SpecError("Torque is on: switch the servos' power off and on again.")
    for name, angle in zip(robot.joints, home, strict=True):
        ask(f"{name}: bring it to {angle:.2f} rad ({math.degrees(angle):.0f} degrees)")
    ask("Hold the robot upright and still, with its joints so: this is its home posture")
    found = differences(robot, home, servos.read().position)
    found += imu_differences(servos.read())

    for place, (name, joint) in enumerate(robot.joints.items()):
        before = servos.read().position[place]
        high = joint.position[1]
        ask(f"{name}: turn it so that its angle rises, towards {high:.2f} rad")
        turned = servos.read().position[place] - before
        if turned < LEAST:
            what = "did not turn" if abs(turned) < LEAST else "its angle fell: its sign is wrong"
            found.append(f"{name} (id {joint.id}): {what}.")
    for way, place, expected in (("forward", 1, "pitch"), ("onto its right side", 0, "roll")):
        ask(f"Lean the robot {way}, by 20 degrees or more, and hold it still")
        if leaning(servos.read().acceleration)[place] < LEAST:
            found.append(f"The {expected} did not rise as the robot leaned {way}: see imu.axes.")
    return found
