"""The tables of a journal and their columns. For users: docs/journal.md."""

import sqlite3
from collections.abc import Sequence

from evoloco.errors import JournalError

VERSION = 5
"""Version of the tables below."""

UNTIMED = 4
"""Version before, whose generations have no CPU time; read and continued as it is."""

MOST_TERMS = 1000
"""Largest number of fitness terms: SQLite allows about twice as many columns."""

FIXED = (
    "generation",
    "individual",
    "genome",
    "fitness",
    "outcome",
    "ending",
    "duration",
    "distance",
)
"""First columns of `individuals`; `episodes` has the episode's number instead of the genome."""


def tables_of(database: sqlite3.Connection) -> dict[str, str]:
    """Returns name and SQL of everything in a database, foreign views and triggers included."""
    return dict(database.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def version_of(database: sqlite3.Connection) -> int:
    """Returns the version of the tables: `VERSION`, or `UNTIMED`."""
    names = [row[1] for row in database.execute("PRAGMA table_xinfo(generations)")]
    return VERSION if "cpu_time" in names else UNTIMED


def named_in(database: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """Returns the fitness terms and objectives that the tables have columns for."""

    def variable_columns(table: str) -> list[str]:
        names = [row[1] for row in database.execute(f"PRAGMA table_xinfo({table})")]
        return names[len(FIXED) :]

    terms = variable_columns("episodes")
    objectives = variable_columns("individuals")[len(terms) :]
    return terms, [name.removeprefix(column("")) for name in objectives]


def tables(
    terms: Sequence[str], objectives: Sequence[str] = (), version: int = VERSION
) -> dict[str, str]:
    """Returns name and SQL of the tables of a journal with these fitness terms and objectives."""
    measures = "".join(f", {_quoted(term)} REAL" for term in terms)
    goals = "".join(f", {_quoted(column(name))} REAL NOT NULL" for name in objectives)

    notes = "key TEXT PRIMARY KEY, value TEXT NOT NULL"
    events = "generation INTEGER NOT NULL, happened REAL NOT NULL, what TEXT NOT NULL"
    cpu_time = "" if version == UNTIMED else "cpu_time REAL, "
    generations = (
        "generation INTEGER PRIMARY KEY, support REAL NOT NULL, finished REAL NOT NULL, "
        f"wall_time REAL NOT NULL, simulation_time REAL NOT NULL, {cpu_time}sha256 TEXT NOT NULL"
    )
    individuals = (
        "generation INTEGER NOT NULL REFERENCES generations, individual INTEGER NOT NULL, "
        "genome BLOB NOT NULL, fitness REAL NOT NULL, outcome TEXT NOT NULL, "
        f"ending TEXT NOT NULL, duration REAL NOT NULL, distance REAL{measures}{goals}, "
        "PRIMARY KEY (generation, individual)"
    )
    episodes = (
        "generation INTEGER NOT NULL, individual INTEGER NOT NULL, episode INTEGER NOT NULL, "
        "fitness REAL NOT NULL, outcome TEXT NOT NULL, ending TEXT NOT NULL, "
        "duration REAL NOT NULL, "
        f"distance REAL{measures}, PRIMARY KEY (generation, individual, episode)"
    )
    return {
        "notes": f"CREATE TABLE notes ({notes})",
        "events": f"CREATE TABLE events ({events})",
        "generations": f"CREATE TABLE generations ({generations})",
        "individuals": f"CREATE TABLE individuals ({individuals}) WITHOUT ROWID",
        "episodes": f"CREATE TABLE episodes ({episodes}) WITHOUT ROWID",
    }


def column(objective: str) -> str:
    """Returns the name of an objective's column."""
    return f"objective_{objective}"


def goals(objectives: Sequence[str]) -> list[str]:
    """Returns the columns of what is maximised, as SQL identifiers."""
    return [_quoted(column(name)) for name in objectives] or ["fitness"]


def check(terms: Sequence[str], objectives: Sequence[str] = ()) -> None:
    """Checks that fitness terms and objectives can be columns. SQLite's names ignore case.

    Raises:
        JournalError: There are too many terms, or a term or an objective has the name of a fixed
            column or of another term or objective.
    """
    taken = set(FIXED)
    if len(terms) > MOST_TERMS:
        raise JournalError(
            f"Too many fitness terms: {len(terms)}. The journal has columns for {MOST_TERMS}."
        )

    for term in terms:
        if not term.isprintable():
            raise JournalError(
                f"A fitness term cannot be called {term!r}: a column's name must be printable."
            )
        if term.lower() in taken:
            raise JournalError(
                f"A fitness term cannot be called '{term}': the journal has a column of that name "
                "already (upper and lower case count as equal)."
            )
        taken.add(term.lower())

    for name in objectives:
        if column(name).lower() in taken:
            raise JournalError(
                f"An objective cannot be called '{name}': the journal has a column "
                f"'{column(name)}' already."
            )
        taken.add(column(name).lower())


def _quoted(name: str) -> str:
    """Returns a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
