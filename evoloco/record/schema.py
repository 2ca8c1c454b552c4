"""The tables of a journal: their columns, and what may be one. The user's view of them: docs/journal.md."""

import sqlite3
from collections.abc import Sequence

from evoloco.errors import JournalError

VERSION = 3
"""Version of the tables below."""

MOST_TERMS = 1000
"""Most fitness terms: SQLite allows about twice as many columns."""

FIXED = ("generation", "individual", "genome", "fitness", "outcome", "duration", "distance")
"""First columns of a row for an individual or an episode."""


def tables_of(database: sqlite3.Connection) -> dict[str, str]:
    """Name and SQL of everything in a database; a view or trigger of somebody else's is among it."""
    return dict(database.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def named_in(database: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """Fitness terms and objectives, by the columns that the tables have for them."""
    each, episode = (
        [row[1] for row in database.execute(f"PRAGMA table_xinfo({table})")][len(FIXED) :]
        for table in ("individuals", "episodes")
    )
    return episode, [name.removeprefix(column("")) for name in each[len(episode) :]]


def tables(terms: Sequence[str], objectives: Sequence[str] = ()) -> dict[str, str]:
    """Name and SQL of the tables of a journal with these fitness terms and objectives."""
    measures = "".join(f", {_quoted(term)} REAL" for term in terms)
    goals = "".join(f", {_quoted(column(name))} REAL NOT NULL" for name in objectives)
    columns = {
        "notes": "key TEXT PRIMARY KEY, value TEXT NOT NULL",
        "events": "generation INTEGER NOT NULL, happened REAL NOT NULL, what TEXT NOT NULL",
        "generations": (
            "generation INTEGER PRIMARY KEY, support REAL NOT NULL, finished REAL NOT NULL, wall_time REAL NOT NULL, "
            "simulation_time REAL NOT NULL, sha256 TEXT NOT NULL"
        ),
        "individuals": (
            "generation INTEGER NOT NULL REFERENCES generations, individual INTEGER NOT NULL, genome BLOB NOT NULL, "
            "fitness REAL NOT NULL, outcome TEXT NOT NULL, duration REAL NOT NULL, "
            f"distance REAL{measures}{goals}, PRIMARY KEY (generation, individual)"
        ),
        "episodes": (
            "generation INTEGER NOT NULL, individual INTEGER NOT NULL, episode INTEGER NOT NULL, "
            f"fitness REAL NOT NULL, outcome TEXT NOT NULL, duration REAL NOT NULL, distance REAL{measures}, "
            "PRIMARY KEY (generation, individual, episode)"
        ),
    }
    return {
        name: f"CREATE TABLE {name} ({text}){' WITHOUT ROWID' if name in ('individuals', 'episodes') else ''}"
        for name, text in columns.items()
    }


def column(objective: str) -> str:
    """Name of an objective's column."""
    return f"objective_{objective}"


def check(terms: Sequence[str], objectives: Sequence[str] = ()) -> None:
    """Checks that fitness terms, and objectives, can be columns, whose names ignore case.

    Raises:
        JournalError: A term or objective has the name of a fixed column or of another one, or there are too many.
    """
    taken = set(FIXED)
    if len(terms) > MOST_TERMS:
        raise JournalError(
            f"{len(terms)} fitness terms came; the journal has columns for {MOST_TERMS}."
        )
    for term in terms:
        if not term.isprintable():
            raise JournalError(
                f"A fitness term cannot be called {term!r}: a column's name must be printable."
            )
        if term.lower() in taken:
            raise JournalError(
                f"A fitness term cannot be called '{term}': the journal has a column of that name, whatever its case."
            )
        taken.add(term.lower())
    for name in objectives:
        if column(name).lower() in taken:
            raise JournalError(
                f"An objective cannot be called '{name}': the journal has a column '{column(name)}'."
            )
        taken.add(column(name).lower())


def _quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
