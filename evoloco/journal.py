"""The run on disk: every genome, its fitness, measures and outcome, in one SQLite file.

Written one transaction per generation (write-ahead log), so a run that is
killed at any moment leaves whole generations. Schema: docs/journal.md.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evoloco.errors import JournalError
from evoloco.evaluators import Evaluation
from evoloco.genome import Array

FILE = "journal.sqlite"
SCHEMA = 1
"""Version of the tables below."""

_FIXED_COLUMNS = ("generation", "individual", "genome", "fitness", "outcome", "duration", "distance")


@dataclass(frozen=True)
class Generation:
    """One recorded generation.

    Attributes:
        generation: Its number, from 0.
        genomes: (G, n).
        fitness: Aggregated over episodes (G,).
        evaluation: The episodes.
        support: Strength of the virtual support, 0 to 1.
        finished: Unix time when it was recorded [s].
        wall_time: It took from ask to tell [s].
        simulation_time: Of that, evaluation [s].
        objectives: Aggregated over episodes (G, m); none where a run's only one is its fitness.
    """

    generation: int
    genomes: Array
    fitness: Array
    evaluation: Evaluation
    support: float
    finished: float
    wall_time: float
    simulation_time: float
    objectives: Array = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def told(self) -> Array:
        """What the optimizer was told: the objectives (G, m) where there are several, else the fitness (G,)."""
        return self.objectives if self.objectives.size else self.fitness


class Journal:
    """The record of one run.

    Args:
        path: Of the SQLite file, which must exist; `create` makes one.

    Raises:
        JournalError: The file is missing, damaged, or of another version.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise JournalError(f"No journal {path}. The folder is not a run, or the run never began.")
        self.path = path
        self._database = sqlite3.connect(path, isolation_level=None)
        try:
            self.genes, self.terms = self._open()
            self.objectives = tuple(self.note("objectives") or ())
        except BaseException:
            self._database.close()
            raise

    def _open(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Genes and terms; a file that is no whole journal is read only, and left as it is."""
        try:
            faults = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
            if faults != "ok":
                raise ValueError(" ".join(faults.split()))
            schema = self.note("schema")
            if schema != SCHEMA:
                raise JournalError(f"The journal {self.path} has schema {schema}, this evoloco reads {SCHEMA}.")
            genes, terms = tuple(self.note("genes")), tuple(self.note("terms"))
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            raise JournalError(
                f"The journal {self.path} is damaged or no journal: {error}. Restore the file from a copy, or begin "
                "the run anew in another folder: the same seed gives the same run."
            ) from None
        return genes, terms

    @classmethod
    def create(
        cls, path: Path, genes: Sequence[str], terms: Sequence[str], objectives: Sequence[str] = ()
    ) -> "Journal":
        """Makes an empty journal for genomes of these genes, fitness terms and objectives, where there are several.

        Raises:
            JournalError: The file exists, or a term cannot be a column.
        """
        if path.exists():
            raise JournalError(f"{path} exists.")
        check_terms(terms, objectives)
        goals = "".join(f", {_quoted(column(name))} REAL NOT NULL" for name in objectives)
        measures = "".join(f", {_quoted(term)} REAL" for term in terms)
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(f"""
                BEGIN;
                CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL);
                CREATE TABLE generations (
                    generation INTEGER PRIMARY KEY, support REAL NOT NULL, finished REAL NOT NULL,
                    wall_time REAL NOT NULL, simulation_time REAL NOT NULL);
                CREATE TABLE individuals (
                    generation INTEGER NOT NULL REFERENCES generations, individual INTEGER NOT NULL,
                    genome BLOB NOT NULL, fitness REAL NOT NULL, outcome TEXT NOT NULL,
                    duration REAL NOT NULL, distance REAL{measures}{goals},
                    PRIMARY KEY (generation, individual)) WITHOUT ROWID;
                CREATE TABLE episodes (
                    generation INTEGER NOT NULL, individual INTEGER NOT NULL, episode INTEGER NOT NULL,
                    fitness REAL NOT NULL, outcome TEXT NOT NULL, duration REAL NOT NULL, distance REAL{measures},
                    PRIMARY KEY (generation, individual, episode)) WITHOUT ROWID;
                INSERT INTO notes VALUES
                    ('schema', '{SCHEMA}'),
                    ('genes', {_text(json.dumps(list(genes)))}),
                    ('terms', {_text(json.dumps(list(terms)))});
                COMMIT;
            """)
            if objectives:
                database.execute("INSERT INTO notes VALUES ('objectives', ?)", (json.dumps(list(objectives)),))
        return cls(path)

    def close(self) -> None:
        """Folds the write-ahead log into the file."""
        self._database.close()

    def note(self, key: str) -> Any:
        """A fact about the whole run; None where it was not noted."""
        row = self._database.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def write_note(self, key: str, value: Any) -> None:
        """Notes a fact about the whole run, such as why it stopped."""
        self._database.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, json.dumps(value)))

    def append(self, record: Generation) -> None:
        """Records a generation, wholly or not at all.

        Raises:
            JournalError: The generation is recorded already, or the file cannot be written.
        """
        g, evaluation = record.generation, record.evaluation
        worst = np.argmin(evaluation.fitness, axis=1)
        lasting, way, values = evaluation.duration, evaluation.distance, evaluation.values
        # SQLite stores a NaN as NULL.
        columns = (
            (genome.astype("<f8").tobytes() for genome in record.genomes), record.fitness.tolist(),
            evaluation.outcome[np.arange(len(worst)), worst].tolist(), lasting.mean(axis=1).tolist(),
            way.mean(axis=1).tolist(), values.mean(axis=1).tolist(),
        )  # fmt: skip
        goals = record.objectives.tolist() if self.objectives else [()] * len(record.genomes)
        individuals = [
            (g, i, *row[:-1], *row[-1], *goal) for i, (goal, *row) in enumerate(zip(goals, *columns, strict=True))
        ]
        count = evaluation.fitness.shape[1]
        parts = (
            evaluation.fitness.ravel().tolist(), evaluation.outcome.ravel().tolist(), lasting.ravel().tolist(),
            way.ravel().tolist(), values.reshape(-1, len(self.terms)).tolist(),
        )  # fmt: skip
        episodes = [(g, *divmod(n, count), *row[:-1], *row[-1]) for n, row in enumerate(zip(*parts, strict=True))]
        places = ", ".join("?" * (7 + len(self.terms)))
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.execute(
                "INSERT INTO generations VALUES (?, ?, ?, ?, ?)",
                (g, record.support, record.finished, record.wall_time, record.simulation_time),
            )
            more = ", ?" * len(self.objectives)
            self._database.executemany(f"INSERT INTO individuals VALUES ({places}{more})", individuals)
            self._database.executemany(f"INSERT INTO episodes VALUES ({places})", episodes)
            self._database.execute("COMMIT")
        except sqlite3.IntegrityError:
            self._database.execute("ROLLBACK")
            raise JournalError(
                f"Generation {g} is already in the journal {self.path}: another process goes on with this run."
            ) from None
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def __len__(self) -> int:
        """Number of recorded generations."""
        count = self._database.execute("SELECT count(*) FROM generations").fetchone()[0]
        return int(count)

    def generations(self) -> Iterator[Generation]:
        """Everything recorded, generation by generation."""
        for generation in range(len(self)):
            yield self[generation]

    def __getitem__(self, generation: int) -> Generation:
        """One recorded generation.

        Raises:
            JournalError: It is not recorded, or not wholly.
        """
        head = self._database.execute(
            "SELECT support, finished, wall_time, simulation_time FROM generations WHERE generation = ?", (generation,)
        ).fetchone()
        if head is None:
            last = len(self) - 1
            known = f"0 to {last}" if last >= 0 else "none"
            raise JournalError(f"The journal {self.path} has no generation {generation}. Recorded: {known}.")
        goals = "".join(f", {_quoted(column(name))}" for name in self.objectives)
        rows = self._database.execute(
            f"SELECT genome, fitness{goals} FROM individuals WHERE generation = ? ORDER BY individual", (generation,)
        ).fetchall()
        measures = "".join(f", {_quoted(term)}" for term in self.terms)
        episodes = self._database.execute(
            f"SELECT fitness, outcome, duration, distance{measures} FROM episodes "
            "WHERE generation = ? ORDER BY individual, episode",
            (generation,),
        ).fetchall()
        size = 8 * len(self.genes)
        if not rows or len(episodes) % len(rows) or any(len(row[0]) != size for row in rows):
            raise JournalError(f"Generation {generation} of the journal {self.path} is damaged.")
        shape = (len(rows), len(episodes) // len(rows))
        numbers = np.array([[row[0], row[2], *row[3:]] for row in episodes], dtype=np.float64)
        evaluation = Evaluation(
            fitness=numbers[:, 0].reshape(shape),
            values=numbers[:, 3:].reshape(*shape, -1),
            outcome=np.array([row[1] for row in episodes]).reshape(shape),
            duration=numbers[:, 1].reshape(shape),
            distance=numbers[:, 2].reshape(shape),
        )
        genomes = np.array([np.frombuffer(row[0], "<f8") for row in rows])
        objectives = np.array([row[2:] for row in rows], dtype=np.float64)
        fitness = np.array([row[1] for row in rows])
        support, finished, wall_time, simulation_time = head
        return Generation(
            generation, genomes, fitness, evaluation, support, finished, wall_time, simulation_time, objectives
        )


def column(objective: str) -> str:
    """Name of an objective's column."""
    return f"objective_{objective}"


def check_terms(terms: Sequence[str], objectives: Sequence[str] = ()) -> None:
    """Checks that fitness terms, and objectives, can be columns, whose names ignore case.

    Raises:
        JournalError: A term or objective has the name of a fixed column, or of another one.
    """
    taken = set(_FIXED_COLUMNS)
    for term in terms:
        if term.lower() in taken:
            raise JournalError(
                f"A fitness term cannot be called '{term}': the journal has a column of that name, whatever its case."
            )
        taken.add(term.lower())
    for name in objectives:
        if column(name).lower() in taken:
            raise JournalError(f"An objective cannot be called '{name}': the journal has a column '{column(name)}'.")
        taken.add(column(name).lower())


def _quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    """An SQL string."""
    return "'" + value.replace("'", "''") + "'"
