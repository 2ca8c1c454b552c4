"""A gait as a robot's course: home, stand, walk, fade out, stand."""

from dataclasses import dataclass

import numpy as np

from evoloco.deploy.course import Goals, at_home, to_home
from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot
from evoloco.deploy.sensing import check, named
from evoloco.host import Host

FADE = 1.0
"""Time in which the gait's movements become smaller until the robot stands at home [s]."""


@dataclass(frozen=True)
class Gait:
    """A controller that walks.

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

    @property
    def doing(self) -> str:
        """What the robot does (see `Course.doing`)."""
        return (
            f"walk for {self.duration:g} s in control steps of {1e3 * self.host.control_dt:g} ms, "
            f"fade out in {FADE:g} s"
        )

    def check(self) -> None:
        """Checks that the robot fits the body, and tells what the controller reads.

        Raises:
            SpecError: It does not.
        """
        check(self.robot, self.host)

    def goals(self, first: Readings) -> Goals:
        """What the robot is to do in each control step (see `Course.goals`)."""
        host = self.host
        now = yield from to_home(self.robot, host, first)

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

        yield from at_home(self.robot, host)
