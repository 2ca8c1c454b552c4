"""What a robot is asked to do, step by step: home at first, and home at the end."""

from collections.abc import Generator
from typing import Protocol

from evoloco.deploy.commands import ramp
from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot
from evoloco.genome import Array
from evoloco.host import Host

LAST = "standing, until torque goes off: hold the robot"
"""The last phase."""

Goals = Generator[tuple[str, Array], Readings, None]
"""Yields the phase and the goal [rad] (J,) of each control step, and is sent readings."""


class Course(Protocol):
    """A deployment's course."""

    @property
    def host(self) -> Host:
        """Whose home and control period the robot has."""

    @property
    def doing(self) -> str:
        """What the robot does between the times at home, after "It would"."""

    def check(self) -> None:
        """Checks that the robot can do it.

        Raises:
            SpecError: It cannot.
        """

    def goals(self, first: Readings) -> Goals:
        """What the robot is to do in each control step.

        Args:
            first: Readings before the first goal.
        """


def to_home(
    robot: Robot, host: Host, first: Readings
) -> Generator[tuple[str, Array], Readings, Readings]:
    """The slow way home from where the robot stands, and the time to settle there.

    Returns:
        The last readings.
    """
    now, start = first, robot.start
    for goal in ramp(first.position, host.home, start.velocity, host.control_dt):
        now = yield "to home", goal
    for _ in range(round(start.settle / host.control_dt)):
        now = yield "standing", host.home
    return now


def at_home(robot: Robot, host: Host) -> Goals:
    """The time at home before torque goes off."""
    for _ in range(round(robot.start.settle / host.control_dt)):
        yield LAST, host.home
