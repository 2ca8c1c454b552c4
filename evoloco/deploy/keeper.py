"""The keeper: the process that owns the bus, and switches torque off however a deployment ends.

It runs beside the session, which has the controller. Every control step it reads all devices, tells
the session, and gets a goal back, which it limits and sends. It ends, with torque off, when

* a guard trips, or the bus is lost,
* the session says so, dies, or is silent for too long,
* a deadline is missed too often in a row,
* it gets a signal, or has a fault of its own.

    checking -> holding: every servo is there, within its limits, and its goal is where it stands
    holding -> moving: torque is on
    moving -> off: one of the ends above
    checking -> off: something is wrong; nothing was written, or torque was never on
"""

import math
import signal
import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

import numpy as np
from pydantic import BaseModel

from evoloco.bus.sdk import BusLostError
from evoloco.deploy.clock import Clock
from evoloco.deploy.commands import allowed
from evoloco.deploy.guard import Guard, errors
from evoloco.deploy.lines import Lines, Message
from evoloco.deploy.port import DeviceError
from evoloco.deploy.readings import Readings
from evoloco.deploy.robot import Robot, parse
from evoloco.deploy.servos import Servos, listed
from evoloco.errors import EvolocoError, SpecError
from evoloco.genome import Array

BEYOND = math.radians(5)
"""How far a joint may stand beyond its limits at the start [rad]."""

SILENT = 3
"""Control steps besides `guard.missed` for which the session may be silent."""


class Task(BaseModel):
    """What the keeper is told at its start.

    Attributes:
        robot: Content of the robot's file.
        joints: Names of the joints in the order of the commands.
        port: Of the bus.
        control_dt: Time between control steps [s].
        real_time: Whether steps follow the clock; else each follows the last one at once.
        patience: Time that every answer on the bus may take at least [s].
        dry: Whether nothing is written.
    """

    robot: dict[str, Any]
    joints: tuple[str, ...]
    port: str
    control_dt: float
    real_time: bool = True
    patience: float = 0.0
    dry: bool = False


class _Signalled(BaseException):
    """A signal came."""


@dataclass
class Keeper:
    """Keeps a bus.

    Attributes:
        task: What is to be done.
        robot: With the joints in the order of the commands.
        servos: On the bus.
        session: What it talks to.
        on: Whether torque may be on.
        started: Whether the start went well.
    """

    task: Task
    robot: Robot
    servos: Servos
    session: Lines
    on: bool = False
    started: bool = False

    def keep(self) -> str:
        """Runs until the end.

        Returns:
            Why it ended: empty where the session wanted it so.

        Raises:
            EvolocoError: Something is wrong at the start, a guard tripped, or the bus is lost.
        """
        self.servos.check()
        readings = self.servos.read()
        _check_start(self.robot, readings)
        if not self.task.dry:
            self._hold()
        self.started = True
        return self._move(self.servos.read())

    def _hold(self) -> None:
        """Switches torque on where the robot stands."""
        self.servos.prepare()
        self.servos.stay()
        self.on = True
        self.servos.torque_on()

    def _move(self, readings: Readings) -> str:
        """Exchanges readings and goals until the end."""
        task = self.task
        guard, clock = Guard(self.robot, task.control_dt), Clock(task.control_dt, task.real_time)
        command = readings.position
        guard.judge(readings, np.zeros_like(command), self.on)
        while True:
            self.session.send(
                {
                    "time": clock.time,
                    "readings": readings.plain(),
                    "tilt": guard.tilt.tolist(),
                    "command": command.tolist(),
                    "took": clock.took,
                }
            )
            _refuse(guard)
            answer = self._answer()
            if "end" in answer:
                return str(answer["end"])

            before, command = command, self._sent(guard, command, np.array(answer["goal"], float))
            clock.tick()
            if clock.late >= self.robot.guard.missed:
                guard.trip("deadline", f"{clock.late} deadlines were missed in a row")
            _refuse(guard)
            readings = self._read(guard, readings, command - before)

    @property
    def _patience(self) -> float | None:
        """How long the session may be silent [s]; None for no limit, as where time stands still."""
        steps = self.robot.guard.missed + SILENT
        return steps * self.task.control_dt if self.task.real_time else None

    def _answer(self) -> Message:
        """What the session answers."""
        patience = self._patience
        try:
            answer = self.session.receive(patience)
        except EOFError:
            raise SessionLostError("The session has died") from None
        if answer is None:
            raise SessionLostError(f"The session was silent for {patience:.2f} s")
        return answer

    def _sent(self, guard: Guard, before: Array, goal: Array) -> Array:
        """Limits a goal, sends it, and returns what was sent."""
        robot = self.robot
        guard.command(goal)
        _refuse(guard)
        command = allowed(goal, before, robot.low, robot.high, robot.velocity, self.task.control_dt)
        if not self.task.dry:
            self.servos.send_goals(command)
        return command

    def _read(self, guard: Guard, before: Readings, moves: Array) -> Readings:
        """What the devices tell, judged; the last readings where one did not answer."""
        try:
            readings = self.servos.read()
        except DeviceError as error:
            guard.missed(error.device, error.what)
            return before
        guard.judge(readings, moves, self.on)
        return readings


class SessionLostError(EvolocoError):
    """The process with the controller has died, or is silent."""

    code = 6


class GuardError(EvolocoError):
    """A guard has switched the robot off."""

    code = 6


def _refuse(guard: Guard) -> None:
    """Raises a GuardError where a guard has tripped."""
    if guard.reason:
        raise GuardError(guard.reason)


def _check_start(robot: Robot, now: Readings) -> None:
    """Raises a SpecError where a robot is not fit to start."""
    for place, (name, joint) in enumerate(robot.joints.items()):
        low, high = joint.position
        angle = float(now.position[place])
        if now.error[place]:
            told = errors(int(now.error[place]))
            raise SpecError(f"The servo of {name} reports: {told}. Let it cool, or reboot it.")
        if low - BEYOND <= angle <= high + BEYOND:
            continue
        hint = " Its sign may be wrong." if low <= -angle <= high else ""
        raise SpecError(
            f"{name} stands at {angle:.2f} rad, beyond its limits of {low:g} to {high:g} rad."
            f"{hint} Move it, or find signs and zeros with --calibrate."
        )


def _end(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the contract's
    """Ends at a signal; those that follow are ignored."""
    _ignore()
    raise _Signalled(signal.Signals(signum).name)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _ignore() -> None:
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)


def run(task: Task, session: Lines) -> Message:
    """Keeps a bus until the end, and switches torque off.

    Returns:
        The last message: why it ended, the exit code, and of which servos it is not known whether
        torque is off.
    """
    why, code, left = "", 0, ""
    robot = parse(task.robot, "The robot's file").driving(task.joints)
    try:
        servos = Servos(robot, task.port, task.patience)
    except EvolocoError as error:
        return {"ended": str(error).rstrip("."), "code": 2, "left": ""}

    keeper = Keeper(task, robot, servos, session)
    try:
        why = keeper.keep()
    except EvolocoError as error:
        why, code = str(error).rstrip("."), 6 if keeper.on or keeper.started else 2
    except _Signalled as error:
        why, code = f"The keeper of the bus got {error}", 6
    except BrokenPipeError:
        why, code = "The session has died", 6
    finally:
        _ignore()
        if keeper.on:
            left = _off(servos)
        servos.close()
    return {"ended": why, "code": code, "left": left}


def _off(servos: Servos) -> str:
    """Switches torque off, and returns of which devices that is not known."""
    try:
        return listed(servos.torque_off())
    except BusLostError:
        return "all servos"


def main() -> None:
    """Entry point of the process."""
    for one in SIGNALS:
        signal.signal(one, _end)
    session = Lines(sys.stdin.fileno(), sys.stdout.fileno())
    try:
        task = session.receive(None)
        last = run(Task.model_validate(task), session)
        session.send(last)
    except (EOFError, BrokenPipeError, _Signalled):
        sys.exit(1)


if __name__ == "__main__":
    main()
