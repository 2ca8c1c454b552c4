"""A generation in pieces: how many genomes a worker takes at once, and what becomes of those whose worker died."""

import math
from dataclasses import dataclass

TARGET = 0.3
"""Time that a chunk should take its worker [s]: long beside the cost of a call."""

CALL = 0.001
"""Time that a call takes the process that searches [s], as measured; hundreds of workers keep it busy."""

SHORTEST = 0.03
"""Time below which chunks are not made shorter, however few genomes are left [s]."""

FATAL = 3
"""Workers that a chunk may take with it before it is split, or given up when it is one genome."""


@dataclass(frozen=True)
class Chunk:
    """Neighbouring genomes of a generation.

    Attributes:
        first: Index of the first one.
        last: Index after the last one.
        deaths: Workers that died while they had it.
    """

    first: int
    last: int
    deaths: int = 0

    def __str__(self) -> str:
        return (
            f"genome {self.first}" if len(self) == 1 else f"genomes {self.first} to {self.last - 1}"
        )

    def __len__(self) -> int:
        return self.last - self.first


class Chunks:
    """Hands out the genomes of a generation; every one is in the hands of one worker at a time.

    While many genomes are left, a chunk takes its worker about `TARGET`, or
    longer where so many workers would call too often. Later
    chunks get shorter, so that all workers finish at about the same time
    (guided self-scheduling).

    Args:
        size: Number of genomes.

    References:
        Polychronopoulos and Kuck, 1987, Guided self-scheduling: a practical scheduling
        scheme for parallel supercomputers, doi:10.1109/TC.1987.5009495.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._next = 0
        self._again: list[Chunk] = []

    def take(self, pace: float, workers: int) -> Chunk | None:
        """The next genomes for a worker; None where all are handed out.

        Args:
            pace: What one genome took this worker before [s]; 0 where that is not known yet.
            workers: Workers that share the generation.
        """
        if self._again:
            return self._again.pop()
        left = self._size - self._next
        if not left:
            return None
        count = 1
        if pace:
            share = math.ceil(left / (2 * workers))
            target = max(TARGET, 2 * CALL * workers)
            count = min(max(share, math.ceil(SHORTEST / pace)), max(round(target / pace), 1), left)
        first, self._next = self._next, self._next + count
        return Chunk(first, self._next)

    def lose(self, chunk: Chunk) -> bool:
        """Puts back a chunk whose worker died.

        The third death splits it. A half is split further at its first death,
        until genomes stand alone; a lone genome must end three workers itself.

        Returns:
            Whether it is given up instead: one genome that ended three workers.
        """
        deaths = chunk.deaths + 1
        if deaths < FATAL:
            self._again.append(Chunk(chunk.first, chunk.last, deaths))
            return False
        if len(chunk) == 1:
            return True
        middle = (chunk.first + chunk.last) // 2
        for first, last in ((chunk.first, middle), (middle, chunk.last)):
            self._again.append(Chunk(first, last, 0 if last - first == 1 else FATAL - 1))
        return False
