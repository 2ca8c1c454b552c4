"""The first generations of a journal: what a shorter search would have recorded."""

from collections.abc import Iterator, Sequence

from evoloco.record.journal import Generation, Journal


class Beginning:
    """The first generations of a journal, for all who read generations and nothing else.

    Args:
        journal: The journal.
        records: Its first generations, read already.

    Attributes:
        path: Of the journal.
        objectives: Names of the objectives; empty if fitness is the only one.
    """

    def __init__(self, journal: Journal, records: Sequence[Generation]) -> None:
        self.path, self.objectives = journal.path, journal.objectives
        self._records = records

    def __len__(self) -> int:
        """Number of these generations."""
        return len(self._records)

    def __getitem__(self, generation: int) -> Generation:
        """Returns one of them."""
        return self._records[generation]

    def generations(self) -> Iterator[Generation]:
        """Yields them in order."""
        yield from self._records


Recorded = Journal | Beginning
"""What has recorded generations."""
