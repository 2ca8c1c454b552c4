"""A generation in chunks: how many genomes a worker gets, and what happens if it dies."""

import math
from dataclasses import dataclass

TARGET = 0.3
"""Time that a worker should need for a chunk [s]; much longer than the cost of a call."""

CALL = 0.001
"""Measured time that a call costs the searching process [s]; hundreds of workers keep it busy."""

SHORTEST = 0.03
"""Chunks are not made shorter than this time [s], however few genomes are left."""

FATAL = 3
"""Deaths of workers after which a chunk is split, or given up if it is one genome."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive genomes of a generation, or scenarios of a single genome.

    Attributes:
        first: Index of the first one.
        last: Index after the last one.
        deaths: Number of workers that died with this chunk.
        of: What they are.
    """

    first: int
    last: int
    deaths: int = 0
    of: str = "genome"

    def __str__(self) -> str:
        if len(self) == 1:
            return f"{self.of} {self.first}"
        return f"{self.of}s {self.first} to {self.last - 1}"

    def __len__(self) -> int:
        return self.last - self.first


class Chunks:
    """Hands out the genomes of a generation; only one worker at a time has a genome.

    At first a chunk takes its worker about `TARGET`, or longer if so many
    workers would call too often. Later chunks get shorter, so that all workers
    finish at about the same time (guided self-scheduling).

    Args:
        size: Number of genomes.
        of: What is divided: "genome", or "scenario" where one genome is tried in many.

    References:
        Polychronopoulos and Kuck, 1987, Guided self-scheduling: a practical scheduling
        scheme for parallel supercomputers, doi:10.1109/TC.1987.5009495.
    """

    def __init__(self, size: int, of: str = "genome") -> None:
        self._size, self._of = size, of
        self._next = 0
        self._again: list[Chunk] = []

    def take(self, pace: float, workers: int) -> Chunk | None:
        """Returns the next genomes for a worker, or None if there are none.

        Args:
            pace: Time that this worker needed for a genome before [s]; 0 if that is unknown.
            workers: Number of workers that share the generation.
        """
        if self._again:
            return self._again.pop()
        left = self._size - self._next
        if not left:
            return None

        count = 1
        if pace:
            share = math.ceil(left / (2 * workers))
            least = math.ceil(SHORTEST / pace)
            target = max(TARGET, 2 * CALL * workers)
            most = max(round(target / pace), 1)
            count = min(max(share, least), most, left)

        first, self._next = self._next, self._next + count
        return Chunk(first, self._next, of=self._of)

    def lose(self, chunk: Chunk) -> bool:
        """Puts back a chunk whose worker died.

        The third death splits the chunk. A half is split again at its first
        death, until every genome is alone. A genome that is alone gets three
        workers of its own before it is given up.

        Returns:
            True if the chunk is given up instead: one genome that ended three workers.
        """
        deaths = chunk.deaths + 1
        if deaths < FATAL:
            self._again.append(Chunk(chunk.first, chunk.last, deaths, self._of))
            return False
        if len(chunk) == 1:
            return True

        middle = (chunk.first + chunk.last) // 2
        for first, last in ((chunk.first, middle), (middle, chunk.last)):
            alone = last - first == 1
            self._again.append(Chunk(first, last, 0 if alone else FATAL - 1, self._of))
        return False
