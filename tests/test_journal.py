import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from evoloco.errors import JournalError
from evoloco.evaluation import Evaluation
from evoloco.record import schema
from evoloco.record.journal import Generation, Journal, intact_generations

GENES, TERMS = ("hip.amplitude", "knee.phase", "period"), ("speed", "odd name; DROP")


def generation(number: int, size: int = 4, episodes: int = 2) -> Generation:
    """A generation drawn at random; its last individual was unstable in its last episode."""
    random = np.random.default_rng(number)
    fitness = random.normal(size=(size, episodes))
    values, distance = (
        random.normal(size=(size, episodes, len(TERMS))),
        random.normal(size=(size, episodes)),
    )
    outcome = np.full((size, episodes), "completed", dtype="<U9")
    outcome[0, 0] = "fell"
    fitness[-1, -1], values[-1, -1], distance[-1, -1], outcome[-1, -1] = (
        -np.inf,
        np.nan,
        np.nan,
        "unstable",
    )
    ending = np.char.add("it was ", outcome)
    evaluation = Evaluation(
        fitness, values, outcome, random.random((size, episodes)), distance, ending=ending
    )
    genomes = random.random((size, len(GENES)))
    return Generation(
        number, genomes, fitness.min(axis=1), evaluation, 0.5, 1e9 + number, 0.25, 0.125
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed journal with two generations."""
    path = tmp_path / "journal.sqlite"
    journal = Journal.create(path, GENES, TERMS)
    for number in range(2):
        journal.append(generation(number))
    journal.close()
    return path


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path)


# What is read is what was recorded


def test_a_generation_comes_back_to_the_last_bit(path: Path) -> None:
    journal = Journal(path)
    assert (journal.genes, journal.terms, len(journal)) == (GENES, TERMS, 2)
    for number, found in enumerate(journal.generations()):
        written = generation(number)
        assert found.genomes.tobytes() == written.genomes.tobytes()
        assert found.fitness.tobytes() == written.fitness.tobytes()
        for name in ("fitness", "values", "duration", "distance"):
            np.testing.assert_array_equal(
                getattr(found.evaluation, name), getattr(written.evaluation, name)
            )
        for name in ("outcome", "ending"):
            assert np.array_equal(
                getattr(found.evaluation, name), getattr(written.evaluation, name)
            )
        assert (found.generation, found.support, found.finished) == (number, 0.5, 1e9 + number)
        assert (found.wall_time, found.simulation_time) == (0.25, 0.125)
    journal.close()


def test_numbers_without_a_short_decimal_form_survive(tmp_path: Path) -> None:
    record = generation(0, size=2)
    record.genomes[:] = np.nextafter(np.array([[0.1, 1 / 3, 1.0], [0.0, 5e-324, 0.7]]), 0.5)
    journal = Journal.create(tmp_path / "journal.sqlite", GENES, TERMS)
    journal.append(record)
    assert journal[0].genomes.tobytes() == record.genomes.tobytes()
    journal.close()


def test_notes_come_back_and_the_last_one_holds(path: Path) -> None:
    journal = Journal(path)
    assert journal.note("stop_reason") is None
    journal.write_note("stop_reason", 'it\'s "enough"')
    journal.write_note("stop_reason", ["tolfun", 1e-11])
    journal.close()
    again = Journal(path)
    assert again.note("stop_reason") == ["tolfun", 1e-11]
    again.close()


# The schema that others read


def test_an_individual_is_a_row_with_the_documented_columns(path: Path) -> None:
    with closing(opened(path)) as database:
        rows = pd.read_sql("SELECT * FROM individuals", database)
        episodes = pd.read_sql("SELECT * FROM episodes", database)
        generations = pd.read_sql("SELECT * FROM generations", database)
    fixed = ["fitness", "outcome", "ending", "duration", "distance"]
    assert list(rows) == ["generation", "individual", "genome", *fixed, *TERMS]
    assert list(episodes) == [
        "generation",
        "individual",
        "episode",
        *fixed,
        *TERMS,
    ]
    assert list(generations) == [
        "generation",
        "support",
        "finished",
        "wall_time",
        "simulation_time",
        "cpu_time",
        "sha256",
    ]
    assert (len(rows), len(episodes), len(generations)) == (8, 16, 2)
    record = generation(1)
    last = rows[rows.generation == 1].reset_index(drop=True)
    assert np.array_equal(
        np.stack([np.frombuffer(genome) for genome in last.genome]), record.genomes
    )
    np.testing.assert_array_equal(last.fitness, record.fitness)
    np.testing.assert_allclose(last.speed[:3], record.evaluation.values[:3, :, 0].mean(axis=1))
    assert np.isnan(last.speed[3])
    assert last.outcome[3] == "unstable"


def test_an_individuals_outcome_is_that_of_its_worst_episode(tmp_path: Path) -> None:
    record = generation(0)
    record.evaluation.fitness[0] = [5.0, 1.0]
    record.evaluation.outcome[0] = ["fell", "completed"]
    journal = Journal.create(tmp_path / "journal.sqlite", GENES, TERMS)
    journal.append(record)
    journal.close()
    with closing(opened(tmp_path / "journal.sqlite")) as database:
        assert database.execute(
            "SELECT outcome FROM individuals WHERE individual = 0"
        ).fetchone() == ("completed",)


# Whole or not at all


def test_a_generation_that_cannot_be_recorded_whole_is_not_recorded_at_all(path: Path) -> None:
    journal, record = Journal(path), generation(2)
    record.evaluation.duration[3, 1] = np.nan  # NULL where a number must stand, in the last row
    with pytest.raises(JournalError):
        journal.append(record)
    assert len(journal) == 2
    journal.append(generation(2))
    assert len(journal) == 3
    journal.close()


def test_a_generation_is_recorded_once(path: Path) -> None:
    first, second = Journal(path), Journal(path)
    first.append(generation(2))
    with pytest.raises(JournalError, match=r"Generation 2 is already in .*another process"):
        second.append(generation(2))
    second.append(generation(3))
    assert len(first) == 4
    first.close()
    second.close()


def test_a_generation_that_was_not_recorded_is_told_with_those_that_were(path: Path) -> None:
    journal = Journal(path)
    with pytest.raises(JournalError, match=r"has no generation 2\. Recorded: 0 to 1\."):
        journal[2]
    journal.close()


def test_numpy_integers_are_generations_too(path: Path) -> None:
    journal = Journal(path)
    assert np.array_equal(journal[np.int64(1)].genomes, journal[1].genomes)
    journal.close()


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM individuals WHERE generation = 1",
        "DELETE FROM episodes WHERE generation = 1 AND individual = 2 AND episode = 1",
        "UPDATE individuals SET genome = x'00' WHERE generation = 1 AND individual = 3",
        "DELETE FROM individuals WHERE generation = 1 AND individual = 3",
        "DELETE FROM generations WHERE generation = 0",
    ],
)
def test_rows_that_are_missing_or_cut_are_noticed(path: Path, harm: str) -> None:
    with closing(opened(path)) as database, database:
        database.execute(harm)
    journal = Journal(path)
    with pytest.raises(JournalError, match="is damaged or not a journal"):
        list(journal.generations())
    journal.close()


# CPU time, and journals from before it


def test_what_a_run_has_spent_is_the_sum_over_its_generations(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal.sqlite", GENES, TERMS)
    assert journal.spent() == (0.0, 0.0)
    records = [replace(generation(number), cpu_time=1.5 + number) for number in range(2)]
    for record in records:
        journal.append(record)
    assert [record.cpu_time for record in journal.generations()] == [1.5, 2.5]
    lived = sum(record.evaluation.duration.sum() for record in records)
    assert journal.spent() == pytest.approx((lived, 4.0))

    journal.append(generation(2))
    assert np.isnan(journal[2].cpu_time)
    assert np.isnan(journal.spent()[1])
    journal.close()


def test_a_journal_without_cpu_times_is_read_and_continued_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.sqlite"
    with monkeypatch.context() as before:
        before.setattr(schema, "VERSION", schema.UNTIMED)
        before.setattr(schema.tables, "__defaults__", ((), schema.UNTIMED))
        Journal.create(path, GENES, TERMS).close()

    journal = Journal(path)
    assert journal.note("schema") == schema.UNTIMED
    for number in range(2):
        journal.append(replace(generation(number), cpu_time=1.0))
    assert [np.isnan(record.cpu_time) for record in journal.generations()] == [True, True]
    assert np.isnan(journal.spent()[1])
    journal.close()
    assert len(list(intact_generations(path))) == 2


# Files that are no journal are refused and left as they are


def refused_and_left(path: Path, words: str) -> None:
    before, beside = path.read_bytes(), sorted(path.parent.iterdir())
    with pytest.raises(JournalError, match=words):
        Journal(path)
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == beside


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_a_truncated_journal_is_refused(path: Path, part: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    refused_and_left(path, "is damaged or not a journal: .*the same seed gives the same run")


@pytest.mark.parametrize("page", range(7))
def test_a_journal_with_an_overwritten_page_is_refused(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    assert len(content) == 7 * 4096
    content[4096 * page : 4096 * page + 400] = b"\xa5" * 400
    path.write_bytes(bytes(content))
    refused_and_left(path, "is damaged or not a journal")


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_text("generation,fitness\n0,1.5\n" * 200, encoding="utf-8")
    refused_and_left(path, "file is not a database")


@pytest.mark.parametrize(
    "tables",
    [
        "CREATE TABLE people (name TEXT)",
        "CREATE TABLE notes (key TEXT, value TEXT); "
        "INSERT INTO notes VALUES ('schema', 'buy milk')",
        "CREATE TABLE notes (key TEXT, value TEXT); INSERT INTO notes VALUES ('schema', '1')",
    ],
)
def test_another_programs_database_is_refused(tmp_path: Path, tables: str) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(opened(path)) as database:
        database.executescript(tables)
    refused_and_left(path, "is damaged or not a journal")


def test_a_journal_of_another_version_is_refused(path: Path) -> None:
    with closing(opened(path)) as database, database:
        database.execute("UPDATE notes SET value = '99' WHERE key = 'schema'")
    with closing(opened(path)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
    refused_and_left(path, "its schema is 99, and this one reads 5")


def test_a_missing_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No journal "):
        Journal(tmp_path / "journal.sqlite")
    assert not list(tmp_path.iterdir())


def test_a_journal_is_not_made_over_another(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(JournalError, match="exists"):
        Journal.create(path, GENES, TERMS)
    assert path.read_bytes() == before


@pytest.mark.parametrize("terms", [("fitness",), ("Outcome",), ("speed", "Speed")])
def test_a_term_that_cannot_be_a_column_is_refused(tmp_path: Path, terms: tuple[str, ...]) -> None:
    with pytest.raises(JournalError, match=f"cannot be called '{terms[-1]}'"):
        Journal.create(tmp_path / "journal.sqlite", GENES, terms)
    assert not list(tmp_path.iterdir())


def test_events_are_told_in_the_order_in_which_they_were_recorded(path: Path) -> None:
    with closing(Journal(path)) as journal:
        assert journal.events() == []
        journal.write_event(3, 5.0, "A worker died; it's one of 'many'.")
        journal.write_event(1, 4.0, "Then another one.")
    with closing(Journal(path)) as journal:
        assert journal.events() == [
            (3, 5.0, "A worker died; it's one of 'many'."),
            (1, 4.0, "Then another one."),
        ]
