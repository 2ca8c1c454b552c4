"""An emulated bus in a process of its own, like a robot: no work of the host slows it down."""

import contextlib
import importlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from evoloco.bus.emulator import in_thread
from evoloco.bus.machine import Event
from evoloco.bus.setup import Setup
from evoloco.errors import EvolocoError


@dataclass(frozen=True)
class Asked:
    """What the process is to emulate.

    Attributes:
        plant: What makes the robot, as MODULE:FUNCTION.
        options: Of that function.
        setup: The bus.
    """

    plant: str
    options: dict[str, Any]
    setup: Setup


BODY = "evoloco.bus.body:of_run"
"""Makes the body of a run; its option is `run`."""


class Report(NamedTuple):
    """What an emulated bus tells at its end.

    Attributes:
        truth: What only the simulation knows: time, place and lean of the robot.
        events: What happened.
    """

    truth: dict[str, float]
    events: list[Event]


class BusProcess:
    """A process that emulates a bus, as a context.

    Args:
        setup: The bus.
        plant: What makes the robot, as MODULE:FUNCTION.
        options: Of that function, as JSON has them.

    Attributes:
        port: Path of the serial port.

    Raises:
        EvolocoError: The process did not start; it has told why.
    """

    def __init__(
        self, setup: Setup, plant: str = BODY, options: Mapping[str, Any] | None = None
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "evoloco.bus", "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        asked = Asked(plant, dict(options or {}), setup)
        try:
            self.port = str(self._answer(json_of(asked)))
        except EvolocoError:
            self._end()
            raise

    def __enter__(self) -> "BusProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def report(self) -> Report:
        """Tells what became of the robot so far; the emulation goes on."""
        truth, events = self._answer("report")
        return Report(truth, [Event(*event) for event in events])

    def _answer(self, line: str) -> Any:
        """Sends a line to the process, and returns the line that it answers."""
        if self._process.stdin is None or self._process.stdout is None:
            raise EvolocoError("The bus has ended.")
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise EvolocoError("The emulated bus has ended. Why stands above.")
        return json.loads(answer)

    def _end(self) -> None:
        """Ends the process, which ends once nobody can tell it anything."""
        self._process.communicate()


def json_of(asked: Asked) -> str:
    """A line of JSON that `read_asked` reads."""
    return json.dumps(_ASKED.dump_python(asked, mode="json"))


def read_asked(line: str) -> Asked:
    """Reads what `json_of` wrote."""
    return _ASKED.validate_json(line)


def serve() -> None:
    """The process: emulates what the first line of its input asks for.

    It answers with the port. To every further line it answers with a report. It ends with its
    input.
    """
    asked = read_asked(sys.stdin.readline())
    module, _, name = asked.plant.partition(":")
    plant = getattr(importlib.import_module(module), name)(**asked.options)
    with in_thread(plant, asked.setup) as emulator:
        _tell(emulator.port)
        for _ in sys.stdin:
            _tell(Report(emulator.machine.truth(), emulator.machine.events))


def _tell(what: Any) -> None:
    print(json.dumps(what), flush=True)


_ASKED: TypeAdapter[Asked] = TypeAdapter(Asked)
