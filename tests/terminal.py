"""A process in a pseudo-terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from typing import NamedTuple

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""Sequences that move the cursor or change a style."""


class Shown(NamedTuple):
    """What a process wrote to a terminal.

    Attributes:
        code: Its exit code.
        raw: Everything, with control sequences.
    """

    code: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """Every line that was drawn, also those that were drawn over later."""
        return [line for line in re.split(r"[\r\n]+", CONTROL.sub("", self.raw)) if line]


def evoloco(
    *arguments: object, columns: int = 80, environment: Mapping[str, str] | None = None
) -> Shown:
    """Runs the command line in a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "evoloco.cli", *map(str, arguments)]
    named = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**named, "TERM": "xterm-256color", **(environment or {})},
    )
    os.close(theirs)

    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the process has ended
            break
        if not part:
            break
        written += part
    os.close(ours)
    return Shown(process.wait(), written.decode())
