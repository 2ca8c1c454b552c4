"""Notices when an episode takes longer than it may, and ends the process."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import TimeLimitError

LOOKS = 8
"""Looks at an episode before its limit is over."""

SHORTEST, LONGEST = 0.05, 1.0
"""Bounds on the time between looks [s]."""


class Watchdog:
    """Watches the simulations that run while a `watching` block does.

    One thread serves all blocks; it starts with the first one and ends with `close`. Time in which
    the process itself did not run, such as while a laptop slept, does not count.

    Args:
        limit: Wall time that one simulation may take within a block [s]; 0 for any.
        running: Tells which simulations run now (nsim,).
        late: Called with the first simulation that takes longer, from a thread of its own.
    """

    def __init__(
        self, limit: float, running: Callable[[], NDArray[np.bool_]], late: Callable[[int], object]
    ) -> None:
        self._limit, self._running, self._late = limit, running, late
        self._active, self._closed = threading.Event(), threading.Event()
        self._blocks = 0
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watches while the block runs."""
        if self._limit <= 0:
            yield
            return
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._watch, name="evoloco-watchdog", daemon=True
            )
            self._thread.start()

        self._blocks += 1
        self._active.set()
        try:
            yield
        finally:
            self._active.clear()

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()
        self._active.set()

    def _watch(self) -> None:
        """Adds up the time that each simulation has taken within a block."""
        pause = min(max(self._limit / LOOKS, SHORTEST), LONGEST)
        block, taken = -1, np.zeros(0)
        last = time.monotonic()
        while True:
            self._active.wait()
            if self._closed.wait(pause):
                return

            now = time.monotonic()
            running = self._running()
            if block != self._blocks or not self._active.is_set():
                block, taken = self._blocks, np.zeros(running.shape)
            taken += min(now - last, 2 * pause)
            taken[~running] = 0.0
            last = now

            if np.any(taken > self._limit) and self._active.is_set():
                self._late(int(np.argmax(taken)))
                return


def end(message: str) -> None:
    """Says a last word and ends the process at once, as if killed: what is recorded is whole.

    A compiled step that never returns cannot be stopped in another way.
    """
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""  # a progress bar has hidden it
    os.write(2, f"{show_cursor}\nevoloco: {message}\n".encode())
    os._exit(TimeLimitError.code)
