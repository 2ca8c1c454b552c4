"""What a deployment would do, without a robot."""

import numpy as np

from evoloco.deploy.champion import Champion
from evoloco.deploy.commands import allowed
from evoloco.deploy.gait import FADE
from evoloco.deploy.robot import Robot
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


def sentences(champion: Champion, robot: Robot, host: Host, duration: float) -> list[str]:
    """What would happen, in the order in which it would.

    Args:
        champion: Whose gait it is.
        robot: With the joints in the order of the commands.
        host: Of the controller.
        duration: Of the gait [s].
    """
    start, dt = robot.start, host.control_dt
    return [
        f"It would find {len(robot.joints)} servos and the IMU (id {robot.imu.id}) at "
        f"{robot.bus.baud} bit/s, and switch torque on where the robot stands.",
        f"It would go home at {start.velocity:g} rad/s at most, and stand for {start.settle:g} s.",
        f"It would walk for {duration:g} s in control steps of {1e3 * dt:g} ms, fade out in "
        f"{FADE:g} s, stand again, and switch torque off.",
        _limited(champion, robot, host, duration),
    ]


def _limited(champion: Champion, robot: Robot, host: Host, duration: float) -> str:
    """How much the robot's limits would change the commands of a simulated episode."""
    episode = Individual(champion.experiment, 0, 0, champion.genome).simulate(duration)
    goals = np.clip(episode["ctrl"], host.low, host.high)
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
    return f"Commands of a simulated episode that the robot's limits would change: {told}."
