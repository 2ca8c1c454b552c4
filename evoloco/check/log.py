"""What a check has measured so far, in a file that grows, so that it can go on."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evoloco.errors import unwritten

FILE = "check.partial"

Values = dict[str, Any]
"""What one measurement found, as JSON has it."""


class Log:
    """Measurements by name, one JSON object a line; the first line says what they belong to.

    A line that a killed process left unfinished is dropped. Measurements that belong to something
    else are, too.

    Args:
        path: The file.
        about: What they belong to, as JSON has it.
        again: What to do when the file can be written again, for the message.

    Raises:
        StorageError: The file cannot be written.
    """

    def __init__(self, path: Path, about: Values, again: str = "") -> None:
        self._path = path
        self._again = again or f"go on with: evoloco check {path.parent}"
        head, *rest = _lines(path) or [{}]
        self._found = {line["name"]: line for line in rest} if head == about else {}
        self.resumed = len(self._found)
        self._write([about, *self._found.values()], "w")

    def measured(self, name: str, measure: Callable[[], Values]) -> Values:
        """Returns what a measurement found, now or before."""
        if name not in self._found:
            line = {"name": name, "values": measure()}
            self._write([line], "a")
            self._found[name] = line
        values: Values = self._found[name]["values"]
        return values

    def has(self, name: str) -> bool:
        """Returns whether a measurement is finished."""
        return name in self._found

    def remove(self) -> None:
        """Removes the file."""
        self._path.unlink(missing_ok=True)

    def _write(self, lines: list[Values], mode: str) -> None:
        try:
            with self._path.open(mode, encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise unwritten(
                error,
                f"{self._path} cannot be written: {error.strerror}. Free some space or fix the "
                f"permissions, then {self._again}",
            ) from None


def _lines(path: Path) -> list[Values]:
    """Returns the lines of a file that are whole; none where there is no file."""
    found: list[Values] = []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return found

    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found
