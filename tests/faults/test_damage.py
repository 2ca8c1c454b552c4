"""Damaged journals: what was recorded before the damage is kept, and the run ends as without it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from evoloco.errors import JournalError
from evoloco.loop import evolve
from evoloco.record.journal import Generation, Journal, intact_generations
from evoloco.run import Run
from evoloco.salvage import salvage

from .injection import Ended, copied, flip, goes_on, record

FLIPS = 15


def test_a_flipped_bit_never_gives_a_wrong_result(
    whole: Path, expected: list[bytes], tmp_path: Path
) -> None:
    random, ways = np.random.default_rng(0), set()
    for _ in range(FLIPS):
        folder = copied(whole, tmp_path / "run")
        path = folder / "journal.sqlite"
        flip(path, int(random.integers(8 * path.stat().st_size)))
        ways.add(goes_on(folder)[0])
        assert record(folder) == expected
    assert ways == {"whole", "salvaged"}


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9])
def test_a_truncated_journal_is_salvaged(
    whole: Path, expected: list[bytes], tmp_path: Path, part: float
) -> None:
    folder = copied(whole, tmp_path / "run")
    path = folder / "journal.sqlite"
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    assert goes_on(folder)[0] == "salvaged"
    assert record(folder) == expected


def harmed(folder: Path) -> bytes:
    """Changes a recorded measure of generation 5 in a way that SQLite does not notice."""
    path = folder / "journal.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "UPDATE individuals SET speed = speed + 1e-9 WHERE generation = 5 AND individual = 2"
        )
    return path.read_bytes()


@pytest.mark.slow
def test_a_changed_number_is_told_with_the_last_good_generation_and_the_way_on(
    evoloco: Callable[..., Ended], whole: Path, expected: list[bytes], tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")
    damaged = harmed(folder)
    refused = evoloco("resume", folder)
    assert refused.code == 2
    assert (
        "generation 5 does not match its checksum. Generations 0 to 4 are intact."
        in refused.message
    )
    assert f"Continue from there with: evoloco resume {folder} --salvage" in refused.message
    assert (folder / "journal.sqlite").read_bytes() == damaged
    assert evoloco("replay", folder, "--individual", "4:0").code == 0
    going_on = evoloco("resume", folder, "--salvage")
    assert going_on.code == 0, going_on.err
    aside = folder / "journal.damaged.sqlite"
    assert f"5 intact generations are kept; the damaged journal is {aside}." in going_on.out
    assert aside.read_bytes() == damaged
    assert record(folder) == expected


def times(record: Generation) -> tuple[float, ...]:
    return (
        record.finished,
        record.wall_time,
        record.simulation_time,
        record.cpu_time,
        record.support,
    )


def test_salvaged_generations_are_those_recorded_times_included(
    whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")
    harmed(folder)
    before = [times(generation) for generation in intact_generations(folder / "journal.sqlite")]
    assert len(before) == 5
    salvage(folder)
    journal = Journal(folder / "journal.sqlite")
    assert [times(generation) for generation in journal.generations()] == before
    journal.close()


def test_a_whole_journal_is_left_as_it_is_by_salvage(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "run")
    before = (folder / "journal.sqlite").read_bytes()
    assert "is intact: nothing to salvage" in salvage(folder)
    assert (folder / "journal.sqlite").read_bytes() == before
    assert not list(folder.glob("*damaged*"))


def test_a_second_salvage_keeps_the_first_damaged_file(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "run")
    first = harmed(folder)
    salvage(folder)
    second = (folder / "journal.sqlite").read_bytes()[:9000]
    (folder / "journal.sqlite").write_bytes(second)
    salvage(folder)
    assert (folder / "journal.damaged.sqlite").read_bytes() == first
    assert (folder / "journal.damaged-2.sqlite").read_bytes() == second


def test_generations_in_the_write_ahead_log_are_salvaged_too(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "run")
    run = Run(folder)
    evolve(run, 12)  # these stay in the log while the journal is open
    crashed = copied(folder, tmp_path / "crashed")
    run.journal.close()
    assert (crashed / "journal.sqlite-wal").stat().st_size > 0
    content = bytearray((crashed / "journal.sqlite-wal").read_bytes())
    assert sum(1 for _ in intact_generations(crashed / "journal.sqlite")) == 12
    content[len(content) // 2] ^= 1  # SQLite ends the log at its first frame that does not match
    (crashed / "journal.sqlite-wal").write_bytes(content)
    again = Run(crashed)
    assert 8 <= len(again.journal) < 12
    evolve(again, 12)
    again.journal.close()
    assert record(crashed) == record(folder)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE notes SET value = '[\"hip_pitch\"]' WHERE key = 'genes'",
        "UPDATE notes SET value = '3' WHERE key = 'generations'",
        "DELETE FROM notes WHERE key = 'stop_reason'",
        "DELETE FROM generations WHERE generation = 3",
        "UPDATE generations SET support = 1 WHERE generation = 3",
        "UPDATE generations SET sha256 = '' WHERE generation = 3",
        "UPDATE episodes SET outcome = 'flew' WHERE generation = 3",
        "INSERT INTO episodes "
        "SELECT generation, individual, 9, 1, outcome, ending, 1, 1, 1 FROM individuals",
    ],
)
def test_any_change_of_any_table_is_noticed(whole: Path, tmp_path: Path, harm: str) -> None:
    folder = copied(whole, tmp_path / "run")
    run = Run(folder)
    run.journal.write_note("generations", 8)
    run.journal.close()
    with closing(sqlite3.connect(folder / "journal.sqlite")) as database, database:
        assert database.execute(harm).rowcount
    with pytest.raises(JournalError, match="is damaged or not a journal"):
        list(Run(folder).journal.generations())
