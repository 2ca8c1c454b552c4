"""Commands of a file as a robot's course: home, the commands, home."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evoloco import robot_log
from evoloco.deploy.commands import ramp
from evoloco.deploy.course import Goals, at_home, to_home
from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot
from evoloco.deploy.sensing import check_body
from evoloco.errors import SpecError, UnknownNameError
from evoloco.genome import Array
from evoloco.host import Host

ROUNDING = 1e-6
"""By which a command may exceed a limit [rad], and a time a control period [s]."""


@dataclass(frozen=True, eq=False)
class Played:
    """Commands of a file, in place of a controller's.

    Attributes:
        robot: With the joints in the order of the commands.
        host: Whose home and control period the robot has.
        commands: Of each control step [rad] (T, J).
    """

    robot: Robot
    host: Host
    commands: Array

    @property
    def doing(self) -> str:
        """What the robot does (see `Course.doing`)."""
        dt = self.host.control_dt
        return (
            f"play {len(self.commands) * dt:g} s of commands in control steps of {1e3 * dt:g} ms, "
            "go home"
        )

    def check(self) -> None:
        """Checks that the robot fits the body.

        Raises:
            SpecError: It does not.
        """
        check_body(self.robot, self.host)

    def goals(self, first: Readings) -> Goals:
        """What the robot is to do in each control step (see `Course.goals`)."""
        robot, host, speed = self.robot, self.host, self.robot.start.velocity
        yield from to_home(robot, host, first)

        for goal in ramp(host.home, self.commands[0], speed, host.control_dt):
            yield "to the first command", goal
        for goal in self.commands:
            yield "playing", goal
        for goal in ramp(self.commands[-1], host.home, speed, host.control_dt):
            yield "back home", goal

        yield from at_home(robot, host)


def read(path: Path, robot: Robot, control_dt: float, duration: float | None = None) -> Array:
    """Commands of a log at control steps, interpolated linearly [rad] (T, J).

    Args:
        path: Of the log.
        robot: With the joints in the order of the commands.
        control_dt: Time between control steps [s].
        duration: How much of the log is played [s]; all of it where None.

    Raises:
        SpecError: It is no log, it lacks commands of a joint, a command is beyond the robot's
            limits, or commands are rarer than control steps.
        UnknownNameError: The robot has no joint of a name in it.
    """
    log = robot_log.read(path)
    joints = tuple(robot.joints)
    for name in log.joints:
        if name not in joints:
            raise UnknownNameError("joint", name, joints, str(path))
    goals = log.of_joints("command", joints)
    time = log.time - log.time[0]
    _check_limits(path, robot, time, goals)
    _check_period(path, time, control_dt)

    last = time[-1] if duration is None else min(duration, time[-1])
    steps = np.arange(int((last + ROUNDING) / control_dt) + 1) * control_dt
    return np.stack([np.interp(steps, time, column) for column in goals.T], axis=1)


def _check_limits(path: Path, robot: Robot, time: Array, goals: Array) -> None:
    """Raises a SpecError where a command is beyond the robot's limits."""
    beyond = (goals < robot.low - ROUNDING) | (goals > robot.high + ROUNDING)
    for row, place in np.argwhere(beyond)[:1]:
        low, high = robot.low[place], robot.high[place]
        raise SpecError(
            f"{path}: the command of {list(robot.joints)[place]} at {time[row]:.3f} s is "
            f"{goals[row, place]:.3f} rad, beyond the limits of robot '{robot.name}', {low:g} to "
            f"{high:g} rad: make commands with a smaller --swing."
        )


def _check_period(path: Path, time: Array, control_dt: float) -> None:
    """Raises a SpecError where commands are rarer than control steps."""
    gaps = np.diff(time)
    for row in np.flatnonzero(gaps > control_dt + ROUNDING)[:1]:
        raise SpecError(
            f"{path}: {1e3 * gaps[row]:g} ms lie between the commands at {time[row]:.3f} s and the "
            f"next, but the run's control period is {1e3 * control_dt:g} ms: make commands with "
            "that --period, or a shorter one."
        )
