"""Journals that were edited by hand."""

import sqlite3
from contextlib import closing

from evoloco.record import rows
from evoloco.record.journal import Journal


def sign(journal: Journal, generation: int) -> None:
    """Makes the checksum of a generation match its rows again."""
    with closing(sqlite3.connect(journal.path)) as database, database:
        head, individuals, episodes = rows.of_generation(database, generation)
        assert head is not None
        database.execute(
            "UPDATE generations SET sha256 = ? WHERE generation = ?",
            (rows.digest(head[:-1], individuals, episodes), generation),
        )
