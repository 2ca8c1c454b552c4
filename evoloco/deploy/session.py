"""A deployment: the session has the controller, and the keeper beside it the bus."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import numpy as np

from evoloco.deploy.course import Course
from evoloco.deploy.deadlines import Deadlines
from evoloco.deploy.keeper import Task
from evoloco.deploy.lines import Lines, Message
from evoloco.deploy.readings import Readings
from evoloco.deploy.recorder import Recorder
from evoloco.deploy.robot import Robot
from evoloco.deploy.servos import Servos, listed
from evoloco.errors import EvolocoError, SpecError

STARTS = 60.0
"""Time that a keeper may take to start, or to answer in lock-step [s]."""

ANSWERS = 1.0
"""Time that it may take to answer or to end, besides that of the bus [s]."""


class RobotError(EvolocoError):
    """A deployment that ended before its time. The message says whether torque is off."""

    code = 6


class Stopped(EvolocoError):  # noqa: N818 - a wish, not an error
    """The user asked to stop."""

    code = 130


@dataclass
class Done:
    """What a deployment left.

    Attributes:
        deadlines: How well they were kept.
        phase: The last one.
    """

    deadlines: Deadlines
    phase: str = "starting"


class Keeper:
    """The keeper's process, which must be ended.

    Args:
        task: What it is told.
        robot: With the joints in the order of the commands.
    """

    def __init__(self, task: Task, robot: Robot) -> None:
        self._task, self._robot = task, robot
        self._process = subprocess.Popen(
            [sys.executable, "-m", "evoloco.deploy.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the session only, which ends the keeper
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise RobotError("The keeper of the bus has no pipes.")
        self._lines = Lines(self._process.stdout.fileno(), self._process.stdin.fileno())
        self._last: Message | None = None
        self._lines.send(task.model_dump())

    def receive(self) -> Message:
        """What the keeper tells next.

        Raises:
            EvolocoError: It has ended, or does not answer.
        """
        message = self._next(STARTS if self._last is None or not self._task.real_time else ANSWERS)
        if message is None:
            raise RobotError("The keeper of the bus does not answer.")
        self._last = message
        if "ended" in message:
            raise _ended(message)
        return message

    def send(self, goal: list[float]) -> None:
        """Tells the keeper a goal [rad] (J,)."""
        self._say({"goal": goal})

    def end(self, why: str) -> Message:
        """Lets the keeper end, and returns its last message."""
        if self._last is None:
            self._process.terminate()  # it is starting, and hears nothing yet
        if self._last is None or "ended" not in self._last:
            self._say({"end": why})
            self._last = self._last_message()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        return self._last

    def _say(self, message: Message) -> None:
        """Sends a message, if the keeper lives; else its last one says why it does not."""
        with suppress(BrokenPipeError):
            self._lines.send(message)

    def _last_message(self) -> Message:
        """The keeper's last message, or that of this process, which does its work if it must."""
        due = time.monotonic() + ANSWERS + 10 * self._task.patience
        while (left := due - time.monotonic()) > 0:
            message = self._next(left)
            if message is None:
                break
            if "ended" in message:
                return message
        self._process.kill()
        return {"ended": "The keeper of the bus has died", "code": 6, "left": self._off()}

    def _next(self, patience: float) -> Message | None:
        """The next message; None where none comes, or where the keeper has died."""
        try:
            return self._lines.receive(patience)
        except EOFError:
            return None

    def _off(self) -> str:
        """Switches torque off without the keeper, and returns of which devices it is not known."""
        if self._task.dry:
            return ""
        try:
            with Servos(self._robot, self._task.port, self._task.patience) as servos:
                return listed(servos.torque_off())
        except EvolocoError:
            return "all servos"


def deploy(
    task: Task, robot: Robot, course: Course, log: Path, tell: Callable[[str], None]
) -> Done:
    """Takes a robot through a course.

    Args:
        task: What the keeper is told.
        robot: With the joints in the order of the commands.
        course: What the robot is asked to do.
        log: Where the robot's log is written.
        tell: Called with each phase as it begins.

    Raises:
        SpecError: The robot is not fit to start; nothing moved.
        RobotError: A guard tripped, or a part died.
        Stopped: A signal came.
    """
    course.check()
    done = Done(Deadlines(task.control_dt))
    with _stoppable(), Recorder(log, tuple(robot.joints), tuple(robot.feet)) as recorder:
        keeper = Keeper(task, robot)
        try:
            _run(keeper, course, recorder, done, tell)
        except BaseException as error:
            _add(error, _torque(keeper.end(str(error)), task.dry))
            raise
        last = keeper.end("")
    if last["code"] or last["left"]:
        raise RobotError(f"{last['ended']}. {_torque(last, task.dry)}")
    return done


def _run(
    keeper: Keeper, course: Course, recorder: Recorder, done: Done, tell: Callable[[str], None]
) -> None:
    """Exchanges readings and goals until the end of the course."""
    message = keeper.receive()
    goals = course.goals(Readings.of(message["readings"]))
    phase, goal = next(goals)
    while True:
        if phase != done.phase:
            done.phase = phase
            tell(phase)
        keeper.send(goal.tolist())
        before, command = message, message["command"]
        try:
            message = keeper.receive()
            command = message["command"]
        finally:
            _record(recorder, before, command)
        done.deadlines.add(message["took"])
        try:
            phase, goal = goals.send(Readings.of(message["readings"]))
        except StopIteration:
            return


def _record(recorder: Recorder, message: Message, command: list[float]) -> None:
    """Records a step whose readings are numbers.

    Args:
        recorder: Of the log.
        message: What the keeper told.
        command: What was sent then [rad] (J,).
    """
    readings = Readings.of(message["readings"])
    if all(np.isfinite(values).all() for values in vars(readings).values()):
        recorder.add(message["time"], np.array(command), readings, np.array(message["tilt"]))


def _ended(message: Message) -> EvolocoError:
    """The error for a keeper's last message."""
    why = f"{message['ended']}."
    return SpecError(why) if message["code"] == SpecError.code else RobotError(why)


def _torque(last: Message, dry: bool) -> str:
    """What became of the torque, by a keeper's last message."""
    if dry or last["code"] == SpecError.code:
        return "Nothing moved."
    if last["left"]:
        return (
            f"It is not known whether torque is off on {last['left']}: switch the power off, and "
            "hold the robot."
        )
    return "Torque is off on all servos."


def _add(error: BaseException, sentence: str) -> None:
    """Adds a sentence to an error."""
    if isinstance(error, EvolocoError):
        error.args = (f"{str(error).rstrip('.')}. {sentence}",)
    else:
        error.add_note(sentence)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Raises Stopped in the block at the first signal to end; later ones are ignored."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - the contract's
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        raise Stopped(f"Stopped by {signal.Signals(signum).name}.")

    before = {one: signal.signal(one, stop) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
