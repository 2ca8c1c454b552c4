"""What a deployment would do, without a robot."""

import numpy as np

from evoloco.deploy.champion import Champion
from evoloco.deploy.commands import allowed
from evoloco.deploy.course import Course
from evoloco.deploy.robot import Robot
from evoloco.genome import Array
from evoloco.host import Host
from evoloco.individual import Individual
from evoloco.text_table import aligned

HEADER = ("joint", "id", "servo", "sign", "zero [rad]", "home [rad]", "limits [rad]")

TOUCHED = 1e-6
"""Change of a command that counts as one [rad]."""


def table(robot: Robot, host: Host) -> str:
    """The joints, their servos, home and limits, as a text."""
    rows = [
        (
            name,
            str(joint.id),
            joint.model,
            f"{joint.sign:+d}",
            f"{joint.zero:.3f}",
            f"{host.home[place]:.3f}",
            "{:.2f} to {:.2f}".format(*joint.position),
        )
        for place, (name, joint) in enumerate(robot.joints.items())
    ]
    return aligned(HEADER, rows)


def sentences(robot: Robot, course: Course, goals: Array) -> list[str]:
    """What would happen, in the order in which it would.

    Args:
        robot: With the joints in the order of the commands.
        course: What it is asked to do.
        goals: Commands between the times at home [rad] (T, J).
    """
    start = robot.start
    return [
        f"It would find {len(robot.joints)} servos and the IMU (id {robot.imu.id}) at "
        f"{robot.bus.baud} bit/s, and switch torque on where the robot stands.",
        f"It would go home at {start.velocity:g} rad/s at most, and stand for {start.settle:g} s.",
        f"It would {course.doing}, stand again, and switch torque off.",
        _limited(robot, course.host, goals),
    ]


def simulated(champion: Champion, host: Host, duration: float) -> Array:
    """Commands of a gait in its own simulation [rad] (T, J), for some time [s]."""
    episode = Individual(champion.experiment, 0, 0, champion.genome).simulate(duration)
    return np.clip(episode["ctrl"], host.low, host.high)


def _limited(robot: Robot, host: Host, goals: Array) -> str:
    """How much the robot's limits would change commands."""
    sent, before = np.empty_like(goals), host.home
    for place, goal in enumerate(goals):
        before = allowed(goal, before, robot.low, robot.high, robot.velocity, host.control_dt)
        sent[place] = before

    change = np.abs(sent - goals).max(axis=0)
    touched = [
        f"{name} by up to {change[place]:.3f} rad"
        for place, name in enumerate(robot.joints)
        if change[place] > TOUCHED
    ]
    told = ", ".join(touched) or "none"
    return f"Commands that the robot's limits would change: {told}."
