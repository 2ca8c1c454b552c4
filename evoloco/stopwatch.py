"""Wall time and CPU time since a moment."""

import time


class Stopwatch:
    """Runs from its construction on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    @property
    def wall(self) -> float:
        """Wall time so far [s]."""
        return time.perf_counter() - self._wall

    @property
    def cpu(self) -> float:
        """CPU time of all threads of this process so far [s]."""
        return time.process_time() - self._cpu
