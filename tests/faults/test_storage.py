"""Disks that are full and folders that cannot be written."""

import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from evoloco.record.journal import Journal

from .injection import (
    ENVIRONMENT,
    Ended,
    can_mount,
    copied,
    read_only,
    record,
    tmpfs,
    undisturbed,
)
from .injection import evoloco as process

LONGER = "optimizer.generations=40"

needs_mounts = pytest.mark.skipif(not can_mount(), reason="needs root that may mount")


@pytest.mark.slow
def test_a_disk_that_is_full_loses_nothing_and_the_run_goes_on_when_there_is_room(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # Python ignores SIGXFSZ

    folder = tmp_path / "run"
    full = process("evolve", file, LONGER, "--out", folder, preexec_fn=limited)
    assert full.code == 3, full.err
    journal = Journal(folder / "journal.sqlite")
    kept = len(journal)
    journal.close()
    assert 0 < kept < 40
    assert (
        f"Generation {kept} cannot be written to the journal {folder / 'journal.sqlite'}: "
        in full.message
    )
    assert f"Generations 0 to {kept - 1} are recorded completely." in full.message
    assert full.message.endswith(f"continue with: evoloco resume {folder}")
    going_on = evoloco("resume", folder)
    assert going_on.code == 0, going_on.err
    whole = undisturbed(file, tmp_path / "whole", LONGER)
    whole.journal.close()
    assert record(folder) == record(whole.folder)
    champions = [(run / "champion.json").read_bytes() for run in (folder, whole.folder)]
    assert champions[0] == champions[1]


@pytest.mark.slow
@needs_mounts
def test_a_disk_without_any_room_is_told_before_and_after_the_search(
    evoloco: Callable[..., Ended], whole: Path, file: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with tmpfs(disk, "16k"):
        begun = evoloco("evolve", file, "--out", disk / "run")
        assert begun.code == 3
        assert "cannot be made: " in begun.message
        assert not list(disk.iterdir())
    with tmpfs(disk, "4m"):
        folder = Path(shutil.copytree(whole, disk / "run"))
        (folder / "champion.json").unlink()
        content = bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - 40_000)
        (disk / "filler").write_bytes(
            content
        )  # leaves room for SQLite's shared memory, but not for a page
        (disk / "filler2").write_bytes(bytes(4000))
        ended = evoloco("report", folder)
        assert ended.code == 3, ended
        assert f"evoloco resume {folder}" in ended.message
        assert not list(folder.glob("*.tmp*"))
        (disk / "filler").unlink()
        assert evoloco("report", folder).code == 0


@pytest.mark.slow
@needs_mounts
def test_a_read_only_run_can_be_replayed_but_not_gone_on_with(
    evoloco: Callable[..., Ended], whole: Path, file: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")
    before = sorted(path.name for path in folder.iterdir())
    with read_only(folder):
        assert "equals the record to the last bit" in evoloco("replay", folder).out
        for command, words in (
            ("resume", "cannot be written: "),
            ("report", "report.html cannot be written: "),
        ):
            refused = evoloco(command, folder)
            assert refused.code == 3
            assert words in refused.message
            assert f"evoloco resume {folder}" in refused.message
        parent = evoloco("evolve", file, "--out", folder / "new")
        assert parent.code == 3
        assert "The run folder" in parent.message
        assert "choose another folder with --out" in parent.message
        assert sorted(path.name for path in folder.iterdir()) == before


@needs_mounts
def test_a_read_only_journal_shows_what_its_write_ahead_log_holds(
    whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")
    journal = Journal(folder / "journal.sqlite")
    journal.write_note("stop_reason", "in the log")
    crashed = copied(folder, tmp_path / "crashed")
    journal.close()
    assert (crashed / "journal.sqlite-wal").stat().st_size
    with read_only(crashed):
        reader = Journal(crashed / "journal.sqlite")
        assert reader.note("stop_reason") == "in the log"
        assert len(reader) == 8
        reader.close()


@pytest.mark.slow
def test_without_a_home_folder_code_is_compiled_into_a_temporary_one(
    file: Path, tmp_path: Path, expected: list[bytes]
) -> None:
    (tmp_path / "temporary").mkdir()
    (tmp_path / "home").write_text("no folder")
    environment = {
        **ENVIRONMENT,
        "HOME": str(tmp_path / "home"),
        "XDG_CACHE_HOME": "",
        "TMPDIR": str(tmp_path / "temporary"),
        "MPLCONFIGDIR": str(tmp_path),
    }
    run = process("evolve", file, "--out", tmp_path / "run", env=environment)
    assert run.code == 0, run.err
    assert "Compiled code cannot be kept" in run.err
    assert "XDG_CACHE_HOME=DIR NUMBA_CACHE_DIR=DIR evoloco" in run.err
    assert record(tmp_path / "run") == expected
    assert not list((tmp_path / "temporary").glob("evoloco-*"))
