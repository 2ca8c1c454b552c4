"""A hidden robot behind the emulated bus, on which the real session of `evoloco deploy` runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from deployment import plain_robot
from hidden_body import Hidden
from numpy.typing import NDArray

from evoloco.bus.emulator import in_thread
from evoloco.bus.plant import Readings
from evoloco.deploy import emulation, played
from evoloco.deploy.gait import Gait
from evoloco.deploy.keeper import Task
from evoloco.deploy.played import Played
from evoloco.deploy.robot import parse
from evoloco.deploy.session import RobotError, deploy
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.host import Host

PATIENCE = 1.0
"""Wall time after which a device counts as silent [s]."""


class Driven:
    """A hidden robot with servos on some joints; the others are held at home.

    Args:
        hidden: The robot.
        joints: Names of the joints.

    Attributes:
        track: How far it has come after every advance [m].
    """

    def __init__(self, hidden: Hidden, joints: tuple[str, ...]) -> None:
        self._hidden = hidden
        self._places = [hidden.joints.index(name) for name in joints]
        self.joints, self.feet, self.home = joints, hidden.feet, hidden.home[self._places]
        self.track = [hidden.truth()["x [m]"]]

    def read(self) -> Readings:
        """What is felt now."""
        now: Readings = self._hidden.read()
        angle, velocity, torque = (
            values[self._places] for values in (now.angle, now.velocity, now.torque)
        )
        return replace(now, angle=angle, velocity=velocity, torque=torque)

    def advance(self, targets: Array, driven: NDArray[np.bool_], duration: float) -> None:
        """Lets time pass."""
        goals, on = self._hidden.home.copy(), np.ones(len(self._hidden.joints), bool)
        goals[self._places], on[self._places] = targets, driven
        self._hidden.advance(goals, on, duration)
        self.track.append(self.truth()["x [m]"])

    def truth(self) -> dict[str, float]:
        """Where the torso is, and how far it leans."""
        return dict(self._hidden.truth())


class Deployment:
    """A champion that is deployed on hidden robots.

    Args:
        experiment: Of its run.
        genome: (n,).
    """

    def __init__(self, experiment: Experiment, genome: Array) -> None:
        self.host = Host(experiment, genome)
        self.joints = tuple(joint.name for joint in self.host.morphology.joints)
        self.content = plain_robot(self.host.morphology)
        self.robot = parse(self.content, "the robot").driving(self.joints)

    def walk(self, seed: int, speed: float, duration: float, log: Path) -> tuple[float, float, str]:
        """How long a hidden robot walks [s], how far [m], and why it was switched off."""
        course = Gait(self.robot, self.host, duration, (speed, 0.0, 0.0))
        track, began, why = self._run(Hidden(seed), course, seed, log)
        first, last = began["walking"], began.get("fading out", len(track) - 1)
        return (last - first) * self.host.control_dt, track[last] - track[first], why

    def play(self, seed: int, commands: Path, log: Path) -> None:
        """Plays the commands of a file to a hidden robot that hangs.

        Raises:
            RuntimeError: It was switched off.
        """
        goals = played.read(commands, self.robot, self.host.control_dt)
        _, _, why = self._run(
            Hidden(seed, hung=True), Played(self.robot, self.host, goals), seed, log
        )
        if why:
            raise RuntimeError(why)

    def _run(
        self, hidden: Hidden, course: Gait | Played, seed: int, log: Path
    ) -> tuple[list[float], dict[str, int], str]:
        """Runs a course: the way [m], when phases began, and why it was switched off."""
        plant, began, why = Driven(hidden, self.joints), {}, ""
        setup = emulation.setup(self.robot, self.host.control_dt, seed=seed)
        with in_thread(plant, setup) as emulator:
            task = Task(
                robot=self.content,
                joints=self.joints,
                port=emulator.port,
                control_dt=self.host.control_dt,
                real_time=False,
                patience=PATIENCE,
            )
            try:
                deploy(
                    task,
                    self.robot,
                    course,
                    log,
                    lambda phase: began.setdefault(phase, len(plant.track) - 1),
                )
            except RobotError as error:
                why = str(error)
            track = list(plant.track)
        hidden.close()
        return track, began, why
