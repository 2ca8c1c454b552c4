"""Notices when an episode takes longer than it may, and ends the process."""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import TimeLimitError

LOOKS = 8
"""How often an episode is looked at before its limit is over."""

SHORTEST, LONGEST = 0.05, 1.0
"""Bounds on the time between looks [s]."""


class Watchdog:
    """Watches the episodes that run while its block does.

    Time in which the process itself did not run, such as while a laptop slept,
    does not count.

    Args:
        limit: Wall time that one episode may take [s]; 0 for any.
        running: Tells which episodes run now (nsim,).
        late: Called with the first episode that takes longer, from a thread of its own.
    """

    def __init__(
        self, limit: float, running: Callable[[], NDArray[np.bool_]], late: Callable[[int], object]
    ) -> None:
        self._limit, self._running, self._late = limit, running, late
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="evoloco-watchdog", daemon=True)

    def __enter__(self) -> Self:
        if self._limit > 0:
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        if self._limit > 0:
            self._thread.join()

    def _watch(self) -> None:
        pause = min(max(self._limit / LOOKS, SHORTEST), LONGEST)
        taken = np.zeros(self._running().shape)
        last = time.monotonic()
        while not self._over.wait(pause):
            now = time.monotonic()
            taken += min(now - last, 2 * pause)
            taken[~self._running()] = 0.0
            last = now
            if np.any(taken > self._limit) and not self._over.is_set():
                self._late(int(np.argmax(taken)))
                return


def end(message: str) -> None:
    """Says a last word and ends the process at once, as if killed: what is recorded is whole.

    A compiled step that never returns cannot be stopped in another way.
    """
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""  # a progress bar has hidden it
    os.write(2, f"{show_cursor}\nevoloco: {message}\n".encode())
    os._exit(TimeLimitError.code)
