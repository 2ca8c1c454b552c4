"""What a robot is asked to do, step by step: home, stand, walk, fade out, stand."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from evoloco.deploy.commands import ramp
from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot
from evoloco.deploy.sensing import named
from evoloco.genome import Array
from evoloco.host import Host

FADE = 1.0
"""Time in which the gait's movements become smaller until the robot stands at home [s]."""

LAST = "standing, until torque goes off: hold the robot"
"""The last phase."""


@dataclass(frozen=True)
class Gait:
    """A deployment's course.

    Attributes:
        robot: With the joints in the order of the commands.
        host: Of the controller.
        duration: Of the gait [s].
        asked: Speed [m/s], heading [rad] and turning rate [rad/s] asked for.
    """

    robot: Robot
    host: Host
    duration: float
    asked: tuple[float, float, float]

    def goals(self, first: Readings) -> Generator[tuple[str, Array], Readings, None]:
        """Yields the phase and the goal [rad] (J,) of each control step, and is sent readings.

        The ramp home begins where the robot stands.

        Args:
            first: Readings before the first goal.
        """
        host, start = self.host, self.robot.start
        now = first
        for goal in ramp(first.position, host.home, start.velocity, host.control_dt):
            now = yield "to home", goal
        for _ in range(round(start.settle / host.control_dt)):
            now = yield "standing", host.home

        host.reset()
        host.asked[:] = self.asked
        walking, fading = (round(time / host.control_dt) for time in (self.duration, FADE))
        for step in range(walking + fading):
            command = np.clip(
                host.step(named(self.robot, now, host.morphology.feet)), host.low, host.high
            )
            share = min(1.0, (walking + fading - step) / (fading + 1))
            phase = "walking" if step < walking else "fading out"
            now = yield phase, host.home + share * (command - host.home)

        for _ in range(round(start.settle / host.control_dt)):
            now = yield LAST, host.home
