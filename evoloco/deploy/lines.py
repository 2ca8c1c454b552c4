"""Messages between two processes: one JSON object per line."""

import json
import os
import select
import time
from typing import Any

CHUNK = 65536
"""Bytes that are read at once."""

Message = dict[str, Any]


class Lines:
    """Sends and receives messages.

    Numbers that are not finite are sent as they are, as JSON of Python has them.

    Args:
        source: File descriptor that messages come from.
        sink: File descriptor that they go to.
    """

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._buffer = b""

    def send(self, message: Message) -> None:
        """Sends a message.

        Raises:
            BrokenPipeError: The other process has gone.
        """
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self._sink, data) :]

    def receive(self, patience: float | None) -> Message | None:
        """The next message; None where none comes in time.

        Args:
            patience: Longest time to wait [s]; None for no limit.

        Raises:
            EOFError: The other process has gone.
        """
        due = None if patience is None else time.monotonic() + patience
        while b"\n" not in self._buffer:
            left = None if due is None else max(0.0, due - time.monotonic())
            if not select.select([self._source], [], [], left)[0]:
                return None
            data = os.read(self._source, CHUNK)
            if not data:
                raise EOFError
            self._buffer += data

        line, self._buffer = self._buffer.split(b"\n", 1)
        message: Message = json.loads(line)
        return message
