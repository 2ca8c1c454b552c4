"""The bus on a pseudo-terminal: a serial port that any program can open."""

import contextlib
import os
import select
import time
import tty
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from evoloco.bus.bus import Bus
from evoloco.bus.machine import Machine
from evoloco.bus.plant import Plant
from evoloco.bus.setup import Setup

CHUNK = 4096
"""Bytes that are read at once."""

PATIENCE = 0.02
"""Longest time for which the emulator waits without looking whether it is to end [s]."""


class Emulator:
    """A bus on a pseudo-terminal.

    Args:
        plant: The robot.
        setup: Its devices, time and faults.

    Attributes:
        port: Path of the serial port.
        machine: The robot with its devices.
    """

    def __init__(self, plant: Plant, setup: Setup) -> None:
        self.machine = Machine(plant, setup)
        self._bus = Bus(self.machine, None if setup.real_time else setup.period, setup.seed)
        self._period, self._real_time = setup.period, setup.real_time
        self._master, self._slave = os.openpty()
        self._open = {self._master, self._slave}
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._heard, self._ended = False, False

    def serve(self) -> None:
        """Answers until `end` is called; then closes the port."""
        due = time.monotonic() + self._period
        try:
            while not self._ended:
                due = self._serve_once(due)
        finally:
            self._close()

    def _serve_once(self, due: float) -> float:
        """Answers what is there, or waits a little.

        Args:
            due: When the next period is over, in real time [s].

        Returns:
            When the one after it is.
        """
        if self._real_time:
            due = self._keep_up(due)
        wait = min(max(due - time.monotonic(), 0.0), PATIENCE) if self._real_time else PATIENCE
        if not self.machine.plugged:
            self._close()
            time.sleep(wait)
        elif select.select([self._master], [], [], wait)[0]:
            self._exchange()
        return due

    def end(self) -> None:
        """Lets `serve` return soon."""
        self._ended = True

    def _close(self) -> None:
        """Closes the port."""
        while self._open:
            os.close(self._open.pop())

    def _keep_up(self, due: float) -> float:
        """Advances to the present in real time, and returns when the next period is over [s]."""
        while time.monotonic() >= due:
            self.machine.advance(self._period)
            due += self._period
        return due

    def _exchange(self) -> None:
        """Answers what the host has sent; or follows the robot once the host has gone."""
        try:
            data = os.read(self._master, CHUNK)
        except OSError:  # nobody has the port open
            if self._heard:
                self._fall_silent()
            self._heard = False
            time.sleep(PATIENCE)
            return

        self._heard = True
        if self._slave in self._open:  # from now on, a host that closes the port is noticed
            self._open.remove(self._slave)
            os.close(self._slave)
        with contextlib.suppress(BlockingIOError):  # a host that does not read loses answers
            os.write(self._master, self._bus.feed(data))
        if not self.machine.plugged:
            self._fall_silent()

    def _fall_silent(self) -> None:
        """In lock-step, lets the time pass in which watchdogs expire."""
        if not self._real_time:
            self._bus.fall_silent(self._period)


@contextlib.contextmanager
def in_thread(plant: Plant, setup: Setup) -> Iterator[Emulator]:
    """Runs an emulator beside the caller, in its process.

    A host that waits without a pause, as the SDK's own port does, slows it down. What goes wrong in
    the robot closes the port, and is raised at the end.
    """
    emulator = Emulator(plant, setup)
    with ThreadPoolExecutor(1, "servo bus") as threads:
        serving = threads.submit(emulator.serve)
        try:
            yield emulator
        finally:
            emulator.end()
    serving.result()
