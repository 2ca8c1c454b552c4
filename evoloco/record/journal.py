"""The run on disk: every genome, its fitness, measures and outcome, in one SQLite file.

Each generation is one transaction (write-ahead log), so that a run killed at
any moment leaves only complete generations. Schema: docs/journal.md.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evoloco.errors import EvolocoError, JournalError, StorageError
from evoloco.evaluation import Evaluation
from evoloco.genome import Array
from evoloco.record import notes, rows, schema
from evoloco.record.database import UNREADABLE, copied, is_storage_error, opened

FILE = "journal.sqlite"


@dataclass(frozen=True)
class Generation:
    """One recorded generation.

    Attributes:
        generation: Its number, from 0.
        genomes: (G, n).
        fitness: Aggregated over episodes (G,).
        evaluation: Results of every episode.
        support: Strength of the virtual support, 0 to 1.
        finished: Unix time when it was recorded [s].
        wall_time: Time from ask to tell [s].
        simulation_time: Part of the wall time spent in evaluation [s].
        objectives: Aggregated over episodes (G, m). Empty (0, 0) if fitness is the only objective.
        cpu_time: CPU time from ask to tell, of all threads and workers [s]; NaN if unknown.
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
    cpu_time: float = np.nan

    def __repr__(self) -> str:
        return (
            f"Generation({self.generation}: {len(self.genomes)} genomes, "
            f"fitness {self.fitness.max():.4g} at best, {np.median(self.fitness):.4g} median)"
        )

    @property
    def told(self) -> Array:
        """What `Optimizer.tell` takes: objectives (G, m) if there are several, or fitness (G,)."""
        return self.objectives if self.objectives.size else self.fitness


class Span(NamedTuple):
    """The range of what was maximised in a generation.

    Attributes:
        low: Smallest fitness, or of several objectives the smallest of each.
        high: The largest.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]


class Journal:
    """The record of one run.

    Args:
        path: Path of an existing SQLite file; `create` makes a new one.

    Raises:
        JournalError: The file is missing, damaged, or has another schema version.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise JournalError(
                f"No journal {path}. The folder is not a run, or the run never started."
            )

        self.path = path
        try:
            self._database = opened(path)
        except UNREADABLE as error:
            raise self._unusable(error) from None

        try:
            self.genes, self.terms, self.objectives = self._open()
        except UNREADABLE as error:
            self._database.close()
            raise self._unusable(error) from None
        except BaseException:
            self._database.close()
            raise

    def _open(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Returns genes, terms and objectives; changes only a file that is a complete journal."""
        tables = schema.tables_of(self._database)
        if tables.get("notes") != schema.tables(())["notes"]:
            raise ValueError("it has no notes of a run")

        version = self.note("schema")
        if isinstance(version, int) and version not in (schema.VERSION, schema.UNTIMED):
            raise JournalError(
                f"{self.path} was recorded by another version of evoloco: its schema is {version}, "
                f"and this one reads {schema.VERSION}. Read it with the version that "
                "provenance.json names, or begin the run again with: "
                f"evoloco evolve {self.path.parent / 'run.toml'}"
            )
        if self.note("sha256") != notes.digest(self._database):
            raise ValueError("its notes do not match their checksum")

        genes = tuple(self.note("genes"))
        terms = tuple(self.note("terms"))
        objectives = tuple(self.note("objectives"))
        if tables != schema.tables(terms, objectives, version):
            raise ValueError("its tables are not those of a journal")

        faults = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if faults != "ok":
            raise ValueError(" ".join(faults.split()))

        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        return genes, terms, objectives

    def _unusable(self, error: Exception) -> EvolocoError:
        """Returns the error that says why the file cannot be used: disk or folder, or damage."""
        if is_storage_error(error):
            return StorageError(
                f"The journal {self.path} cannot be opened: {error}. Free some space or fix the "
                f"permissions, then continue with: evoloco resume {self.path.parent}"
            )
        return self._damaged(str(error))

    def _damaged(self, reason: str) -> JournalError:
        intact = sum(1 for _ in intact_generations(self.path))
        kept = f"Generations 0 to {intact - 1} are intact" if intact else "No generation is intact"
        return JournalError(
            f"The journal {self.path} is damaged or not a journal: {reason}. {kept}. Continue from "
            f"there with: evoloco resume {self.path.parent} --salvage (the damaged file is kept; "
            "the same seed gives the same run)."
        )

    @classmethod
    def create(
        cls, path: Path, genes: Sequence[str], terms: Sequence[str], objectives: Sequence[str] = ()
    ) -> "Journal":
        """Makes an empty journal.

        Args:
            path: Path of the new SQLite file.
            genes: Names of the genes of a genome.
            terms: Names of the fitness terms.
            objectives: Names of the objectives; empty if fitness is the only one.

        Raises:
            JournalError: The file exists, or a term cannot be a column.
            StorageError: The file cannot be written.
        """
        if path.exists():
            raise JournalError(f"{path} exists already. Choose another folder.")
        schema.check(terms, objectives)

        facts = {
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
                for key, value in facts.items():
                    database.execute("INSERT INTO notes VALUES (?, ?)", (key, json.dumps(value)))
                notes.sign(database)
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise StorageError(
                f"The journal {path} cannot be made: {error}. Free some space, fix the "
                "permissions, or choose another folder."
            ) from None

        return cls(path)

    def close(self) -> None:
        """Closes the file and folds the write-ahead log into it."""
        self._database.close()

    def note(self, key: str) -> Any:
        """Returns a fact about the whole run, or None if it was not noted."""
        return notes.read(self._database, key)

    def write_note(self, key: str, value: Any) -> None:
        """Notes a fact about the whole run, such as why it stopped.

        Raises:
            StorageError: The file cannot be written.
        """
        with self._writing(f"The note '{key}'"):
            self._database.execute(
                "INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, json.dumps(value))
            )
            notes.sign(self._database)

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        """A transaction: everything written in the block is recorded, or nothing."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except BaseException as error:
            # Fails if SQLite has ended the transaction itself.
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            if not isinstance(error, sqlite3.Error) or isinstance(error, sqlite3.IntegrityError):
                raise

            last = len(self) - 1
            kept = (
                f"Generations 0 to {last} are recorded completely"
                if last >= 0
                else "No generation is recorded yet"
            )
            raise StorageError(
                f"{what} cannot be written to the journal {self.path}: {error}. {kept}. Free some "
                "space or fix the permissions, then continue with: "
                f"evoloco resume {self.path.parent}"
            ) from None

    def write_event(self, generation: int, happened: float, what: str) -> None:
        """Records an event that no generation brings along, such as a salvage, at a Unix time [s].

        Raises:
            StorageError: The file cannot be written.
        """
        with self._writing("An event"):
            self._insert("events", [(generation, happened, what)])

    def events(self) -> list[tuple[int, float, str]]:
        """Returns all events in the order of recording: generation, Unix time [s], text."""
        return self._database.execute(
            "SELECT generation, happened, what FROM events ORDER BY rowid"
        ).fetchall()

    def outcomes(self) -> tuple[dict[str, int], float]:
        """Returns how many episodes ended in which way, and the longest time of one [s]."""
        found = self._database.execute(
            "SELECT outcome, count(*), max(duration) FROM episodes GROUP BY outcome"
        ).fetchall()
        counts = {outcome: count for outcome, count, _ in found}
        return counts, max((longest for _, _, longest in found), default=0.0)

    def spans(self) -> list[Span]:
        """Returns the range of the fitness, or of the objectives, of every generation."""
        goals = schema.goals(self.objectives)
        extremes = ", ".join(f"{each}({goal})" for each in ("min", "max") for goal in goals)
        found = self._database.execute(
            f"SELECT {extremes} FROM individuals GROUP BY generation ORDER BY generation"
        )
        return [Span(row[: len(goals)], row[len(goals) :]) for row in found]

    def best_outcomes(self, count: int) -> list[tuple[str, bool]]:
        """Returns of the last generations: how the fittest individual ended, and if one completed.

        Args:
            count: Number of generations.
        """
        found = self._database.execute(
            "SELECT outcome, max(fitness), sum(outcome = 'completed') FROM individuals "
            "WHERE generation >= ? GROUP BY generation ORDER BY generation",
            (len(self) - count,),
        )
        return [(outcome, bool(completed)) for outcome, _, completed in found]

    def last_ending(self) -> str:
        """Returns why the fittest individual of the last generation ended, as a clause."""
        row = self._database.execute(
            "SELECT ending, max(fitness) FROM individuals WHERE generation = ?", (len(self) - 1,)
        ).fetchone()
        return str(row[0])

    def append(self, record: Generation) -> None:
        """Records a generation and the events of its evaluation, completely or not at all.

        Raises:
            JournalError: The generation is recorded already.
            StorageError: The file cannot be written.
        """
        objectives = record.objectives if self.objectives else np.zeros((len(record.genomes), 0))
        individuals = rows.of_individuals(
            record.generation, record.genomes, record.fitness, objectives, record.evaluation
        )
        episodes = rows.of_episodes(record.generation, record.evaluation)
        events = [(record.generation, *event) for event in record.evaluation.events]
        head = (
            record.generation,
            float(record.support),
            float(record.finished),
            float(record.wall_time),
            float(record.simulation_time),
            *self._timed(record),
        )
        signed = (*head, rows.digest(head, individuals, episodes))

        try:
            with self._writing(f"Generation {record.generation}"):
                self._insert("generations", [signed])
                self._insert("individuals", individuals)
                self._insert("episodes", episodes)
                self._insert("events", events)
        except sqlite3.IntegrityError:
            raise JournalError(
                f"Generation {record.generation} is already in the journal {self.path}: another "
                "process continues this run. Wait until it ends, or stop it."
            ) from None

    def _timed(self, record: Generation) -> list[float | None]:
        """Returns the CPU time of a generation as it is stored; nothing in an older journal."""
        if self.note("schema") == schema.UNTIMED:
            return []
        return [None if np.isnan(record.cpu_time) else float(record.cpu_time)]

    def spent(self) -> tuple[float, float]:
        """Returns the simulated time [s] and the CPU time [s] of all recorded generations.

        The CPU time is NaN if that of a generation is unknown.
        """
        simulated = self._database.execute("SELECT sum(duration) FROM episodes").fetchone()[0]
        if self.note("schema") == schema.UNTIMED:
            return float(simulated or 0.0), np.nan if len(self) else 0.0
        query = "SELECT sum(cpu_time), count(*) - count(cpu_time) FROM generations"
        cpu, unknown = self._database.execute(query).fetchone()
        return float(simulated or 0.0), np.nan if unknown else float(cpu or 0.0)

    def _insert(self, table: str, given: list[rows.Row]) -> None:
        if given:
            places = ", ".join("?" * len(given[0]))
            self._database.executemany(f"INSERT INTO {table} VALUES ({places})", given)

    def __len__(self) -> int:
        """Number of recorded generations."""
        count = self._database.execute("SELECT count(*) FROM generations").fetchone()[0]
        return int(count)

    def best_fitness(self) -> float | None:
        """Returns the largest fitness that is recorded; None if nothing is."""
        found = self._database.execute("SELECT max(fitness) FROM individuals").fetchone()[0]
        return None if found is None else float(found)

    def generations(self) -> Iterator[Generation]:
        """Yields all recorded generations in order."""
        for generation in range(len(self)):
            yield self[generation]

    def __getitem__(self, generation: int) -> Generation:
        """Returns one recorded generation.

        Raises:
            JournalError: It is not recorded, or damaged.
        """
        generation = int(generation)  # SQLite does not match NumPy's integers
        count = len(self)
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
            raise self._unusable(error) from None
        return record


def intact_generations(path: Path) -> Iterator[Generation]:
    """Yields the generations before the first damage. The file itself is not changed."""
    with suppress(*UNREADABLE), copied(path) as database:
        named, version = schema.named_in(database), schema.version_of(database)
        if schema.tables_of(database) != schema.tables(*named, version):
            return
        generation = 0
        while True:
            yield _read(database, generation)
            generation += 1


def events_before(path: Path, generation: int) -> list[tuple[int, float, str]]:
    """Returns the events of the generations before one, as far as the file can be read."""
    events: list[tuple[int, float, str]] = []
    with suppress(*UNREADABLE), copied(path) as database:
        if schema.tables_of(database).get("events") != schema.tables(())["events"]:
            return []
        query = "SELECT generation, happened, what FROM events WHERE generation < ? ORDER BY rowid"
        for number, happened, what in database.execute(query, (generation,)):
            events.append((int(number), float(happened), str(what)))
    return events


def asked_generations(path: Path) -> int:
    """Returns the note of how many generations were asked for last; 0 if there is none."""
    with suppress(*UNREADABLE), copied(path) as database:
        if schema.tables_of(database).get("notes") != schema.tables(())["notes"]:
            return 0
        if notes.read(database, "sha256") == notes.digest(database):
            return int(notes.read(database, "generations") or 0)
    return 0


def _read(database: sqlite3.Connection, generation: int) -> Generation:
    """Reads one generation and checks it against its checksum.

    Raises:
        ValueError: It is missing, or its checksum does not match.
        sqlite3.Error: It cannot be read.
    """
    head, individuals, episodes = rows.of_generation(database, generation)
    if head is None:
        raise ValueError(f"generation {generation} is missing")
    if head[-1] != rows.digest(head[:-1], individuals, episodes):
        raise ValueError(f"generation {generation} does not match its checksum")

    evaluation = rows.evaluation(generation, episodes, len(individuals))
    first_objective = len(schema.FIXED) + evaluation.values.shape[-1]
    goals = [row[first_objective:] for row in individuals]
    _, support, finished, wall_time, simulation_time, *cpu_time, _ = head
    return Generation(
        generation,
        genomes=np.array([np.frombuffer(row[2], "<f8") for row in individuals]),
        fitness=np.array([row[3] for row in individuals], dtype=np.float64),
        evaluation=evaluation,
        support=float(support),
        finished=float(finished),
        wall_time=float(wall_time),
        simulation_time=float(simulation_time),
        objectives=np.array(goals, dtype=np.float64),
        cpu_time=np.nan if not cpu_time or cpu_time[0] is None else float(cpu_time[0]),
    )
