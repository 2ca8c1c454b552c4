"""The run on disk: every genome, its fitness, measures and outcome, in one SQLite file.

Written one transaction per generation (write-ahead log), so a run that is
killed at any moment leaves whole generations. Schema: docs/journal.md.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from evoloco.episode import Outcome
from evoloco.errors import EvolocoError, JournalError, StorageError
from evoloco.evaluation import Evaluation
from evoloco.genome import Array
from evoloco.record import schema

FILE = "journal.sqlite"
UNREADABLE = (sqlite3.Error, ValueError, TypeError, OverflowError, IndexError)
"""What reading a damaged file may raise."""

_PLACE = (
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
)  # fmt: skip
"""Errors of SQLite that are the place's and not the file's."""


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
            raise JournalError(
                f"No journal {path}. The folder is not a run, or the run never began."
            )
        self.path = path
        try:
            self._database = _opened(path)
        except UNREADABLE as error:
            raise self._refused(error) from None
        try:
            self.genes, self.terms, self.objectives = self._open()
        except UNREADABLE as error:
            self._database.close()
            raise self._refused(error) from None
        except BaseException:
            self._database.close()
            raise

    def _open(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Genes, terms and objectives; a file that is no whole journal is read only, and left as it is."""
        tables = schema.tables_of(self._database)
        if tables.get("notes") != schema.tables(())["notes"]:
            raise ValueError("it has no notes of a run")
        version = self.note("schema")
        if isinstance(version, int) and version != schema.VERSION:
            raise JournalError(
                f"{self.path} was recorded by another version of evoloco: its schema is {version}, "
                f"and this one reads {schema.VERSION}. Read it with the version that provenance.json "
                f"names, or begin the run again with: evoloco evolve {self.path.parent / 'run.toml'}"
            )
        if self.note("sha256") != _digest_of_notes(self._database):
            raise ValueError("its notes do not match their checksum")
        genes, terms, objectives = (
            tuple(self.note(key)) for key in ("genes", "terms", "objectives")
        )
        if tables != schema.tables(terms, objectives):
            raise ValueError("its tables are not those of a journal")
        faults = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if faults != "ok":
            raise ValueError(" ".join(faults.split()))
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        return genes, terms, objectives

    def _refused(self, error: Exception) -> EvolocoError:
        """Why the file cannot be used, and what to do: an error of its place, or damage."""
        if _of_the_place(error):
            return StorageError(
                f"The journal {self.path} cannot be opened: {error}. Make room or mend the place, then go on with: "
                f"evoloco resume {self.path.parent}"
            )
        return self._damaged(str(error))

    def _damaged(self, reason: str) -> JournalError:
        whole = sum(1 for _ in whole_generations(self.path))
        kept = (
            f"Generations 0 to {whole - 1} of it are whole"
            if whole
            else "No generation of it is whole"
        )
        return JournalError(
            f"The journal {self.path} is damaged or no journal: {reason}. {kept}. Go on from there with: "
            f"evoloco resume {self.path.parent} --salvage (the damaged file is kept; the same seed gives the same run)."
        )

    @classmethod
    def create(
        cls, path: Path, genes: Sequence[str], terms: Sequence[str], objectives: Sequence[str] = ()
    ) -> "Journal":
        """Makes an empty journal for genomes of these genes, fitness terms and objectives, where there are several.

        Raises:
            JournalError: The file exists, or a term cannot be a column.
            StorageError: The file cannot be written.
        """
        if path.exists():
            raise JournalError(f"{path} exists.")
        schema.check(terms, objectives)
        notes = {
            "schema": schema.VERSION,
            "genes": list(genes),
            "terms": list(terms),
            "objectives": list(objectives),
        }
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("BEGIN")
                for table in schema.tables(terms, objectives).values():
                    database.execute(table)
                for key, value in notes.items():
                    database.execute("INSERT INTO notes VALUES (?, ?)", (key, json.dumps(value)))
                _sign_notes(database)
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise StorageError(
                f"The journal {path} cannot be made: {error}. Make room or mend the place, or choose another folder."
            ) from None
        return cls(path)

    def close(self) -> None:
        """Folds the write-ahead log into the file."""
        self._database.close()

    def note(self, key: str) -> Any:
        """A fact about the whole run; None where it was not noted."""
        row = self._database.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        try:
            return json.loads(row[0]) if row else None
        except RecursionError:
            raise ValueError(f"the note '{key}' is nested too deep") from None

    def write_note(self, key: str, value: Any) -> None:
        """Notes a fact about the whole run, such as why it stopped.

        Raises:
            StorageError: The file cannot be written.
        """
        with self._writing(f"The note '{key}'"):
            self._database.execute(
                "INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, json.dumps(value))
            )
            _sign_notes(self._database)

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """A transaction: what its block writes is there wholly or not at all."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):  # SQLite has ended the transaction itself, or cannot
                self._database.execute("ROLLBACK")
            if not isinstance(error, sqlite3.Error) or isinstance(error, sqlite3.IntegrityError):
                raise
            last = len(self) - 1
            kept = (
                f"Generations 0 to {last} are recorded whole"
                if last >= 0
                else "No generation is recorded yet"
            )
            raise StorageError(
                f"{what} cannot be written to the journal {self.path}: {error}. {kept}. Make room or mend the place, "
                f"then go on with: evoloco resume {self.path.parent}"
            ) from None

    def write_event(self, generation: int, happened: float, what: str) -> None:
        """Records what happened in a generation, at a Unix time [s], such as the loss of a worker."""
        self._database.execute("INSERT INTO events VALUES (?, ?, ?)", (generation, happened, what))

    def events(self) -> list[tuple[int, float, str]]:
        """What happened: generation, Unix time [s], what; in the order of recording."""
        return self._database.execute(
            "SELECT generation, happened, what FROM events ORDER BY rowid"
        ).fetchall()

    def append(self, record: Generation) -> None:
        """Records a generation, wholly or not at all.

        Raises:
            JournalError: The generation is recorded already.
            StorageError: The file cannot be written.
        """
        g, evaluation = record.generation, record.evaluation
        worst = np.argmin(evaluation.fitness, axis=1)
        lasting, way, values = evaluation.duration, evaluation.distance, evaluation.values
        columns = (
            (genome.astype("<f8").tobytes() for genome in record.genomes), record.fitness.tolist(),
            evaluation.outcome[np.arange(len(worst)), worst].tolist(), lasting.mean(axis=1).tolist(),
            way.mean(axis=1).tolist(), values.mean(axis=1).tolist(),
        )  # fmt: skip
        goals = record.objectives.tolist() if self.objectives else [()] * len(record.genomes)
        individuals = [
            _stored(g, i, *row[:-1], *row[-1], *goal)
            for i, (goal, *row) in enumerate(zip(goals, *columns, strict=True))
        ]
        count = evaluation.fitness.shape[1]
        parts = (
            evaluation.fitness.ravel().tolist(), evaluation.outcome.ravel().tolist(), lasting.ravel().tolist(),
            way.ravel().tolist(), values.reshape(-1, len(self.terms)).tolist(),
        )  # fmt: skip
        episodes = [
            _stored(g, *divmod(n, count), *row[:-1], *row[-1])
            for n, row in enumerate(zip(*parts, strict=True))
        ]
        head = (
            g,
            *map(
                float, (record.support, record.finished, record.wall_time, record.simulation_time)
            ),
        )
        places = ", ".join("?" * (7 + len(self.terms)))
        try:
            with self._writing(f"Generation {g}"):
                self._database.execute(
                    "INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?)",
                    (*head, _digest(head, individuals, episodes)),
                )
                more = ", ?" * len(self.objectives)
                self._database.executemany(
                    f"INSERT INTO individuals VALUES ({places}{more})", individuals
                )
                self._database.executemany(f"INSERT INTO episodes VALUES ({places})", episodes)
        except sqlite3.IntegrityError:
            raise JournalError(
                f"Generation {g} is already in the journal {self.path}: another process goes on with this run."
            ) from None

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
            JournalError: It is not recorded, or damaged.
        """
        generation, count = int(generation), len(self)  # SQLite finds nothing by NumPy's integers
        if not 0 <= generation < count:
            known = f"0 to {count - 1}" if count else "none"
            raise JournalError(
                f"The journal {self.path} has no generation {generation}. Recorded: {known}."
            )
        try:
            record = _read(self._database, generation)
            if record.genomes.shape[1] != len(self.genes):
                raise ValueError(
                    f"genomes of generation {generation} do not have {len(self.genes)} genes"
                )
        except UNREADABLE as error:
            raise self._refused(error) from None
        return record


def whole_generations(path: Path) -> Iterator[Generation]:
    """The generations before the first damage of a journal, whose file is left as it is."""
    with suppress(*UNREADABLE), _copied(path) as database:
        if schema.tables_of(database) != schema.tables(*schema.named_in(database)):
            return
        generation = 0
        while True:
            yield _read(database, generation)
            generation += 1


def _read(database: sqlite3.Connection, generation: int) -> Generation:
    """One generation, checked against its checksum.

    Raises:
        ValueError: It is not there, or its checksum does not match.
        sqlite3.Error: It cannot be read.
    """
    head, rows, episodes = _rows(database, generation)
    if head is None:
        raise ValueError(f"generation {generation} is missing")
    if head[-1] != _digest(head[:-1], rows, episodes):
        raise ValueError(f"generation {generation} does not match its checksum")
    shape = (len(rows), len(episodes) // len(rows))
    outcome = np.array([row[4] for row in episodes])
    if not set(outcome) <= set(Outcome):
        raise ValueError(f"generation {generation} has outcomes that do not exist")
    numbers = np.array([[row[3], *row[5:]] for row in episodes], dtype=np.float64)
    evaluation = Evaluation(
        fitness=numbers[:, 0].reshape(shape),
        values=numbers[:, 3:].reshape(*shape, -1),
        outcome=outcome.reshape(shape),
        duration=numbers[:, 1].reshape(shape),
        distance=numbers[:, 2].reshape(shape),
    )
    genomes = np.array([np.frombuffer(row[2], "<f8") for row in rows])
    fitness = np.array([row[3] for row in rows], dtype=np.float64)
    objectives = np.array(
        [row[7 + evaluation.values.shape[-1] :] for row in rows], dtype=np.float64
    )
    support, finished, wall_time, simulation_time = map(float, head[1:5])
    return Generation(
        generation,
        genomes,
        fitness,
        evaluation,
        support,
        finished,
        wall_time,
        simulation_time,
        objectives,
    )


Row = tuple[Any, ...]


def _rows(database: sqlite3.Connection, generation: int) -> tuple[Row | None, list[Row], list[Row]]:
    """The rows of a generation in `generations`, `individuals` and `episodes`."""
    head = database.execute(
        "SELECT * FROM generations WHERE generation = ?", (generation,)
    ).fetchone()
    rows, episodes = (
        database.execute(
            f"SELECT * FROM {table} WHERE generation = ? ORDER BY {order}", (generation,)
        ).fetchall()
        for table, order in (("individuals", "individual"), ("episodes", "individual, episode"))
    )
    return head, rows, episodes


def _stored(*row: Any) -> Row:
    """A row as it will be read: SQLite stores a NaN as NULL."""
    return tuple(None if value != value else value for value in row)


def _digest(head: Row, rows: list[Row], episodes: list[Row]) -> str:
    """SHA-256 of a generation's rows, written as Python writes them."""
    found = hashlib.sha256()
    for row in (head, *rows, *episodes):
        found.update(repr(row).encode())
    return found.hexdigest()


def _digest_of_notes(database: sqlite3.Connection) -> str:
    rows = database.execute(
        "SELECT key, value FROM notes WHERE key != 'sha256' ORDER BY key"
    ).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _sign_notes(database: sqlite3.Connection) -> None:
    digest = json.dumps(_digest_of_notes(database))
    database.execute("INSERT OR REPLACE INTO notes VALUES ('sha256', ?)", (digest,))


def _opened(path: Path) -> sqlite3.Connection:
    """A connection; to a copy in memory where the folder is read-only, because SQLite writes beside what it reads."""
    if os.access(path.parent, os.W_OK):
        return sqlite3.connect(path, isolation_level=None)
    memory = sqlite3.connect(":memory:", isolation_level=None)
    with _copied(path) as database:
        database.backup(memory)
    memory.execute("PRAGMA query_only = ON")
    return memory


@contextmanager
def _copied(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a copy of a file and its write-ahead log, which are left as they are."""
    with TemporaryDirectory() as folder:
        for name in (path.name, f"{path.name}-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(path.with_name(name), Path(folder) / name)
        with closing(sqlite3.connect(Path(folder) / path.name, isolation_level=None)) as database:
            yield database


def _of_the_place(error: Exception) -> bool:
    """Whether an error is that of a disk or folder, and says nothing about the file."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _PLACE  # the low byte is the kind of error
