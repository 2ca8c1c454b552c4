"""Processes that are killed, that meet each other, and whose clock is wrong."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from evoloco.errors import BusyError, StorageError
from evoloco.record import lock
from evoloco.salvage import salvage

from .injection import (
    Ended,
    ended,
    jumping_clock,
    kill_at_random,
    record,
    started,
    undisturbed,
    until,
)
from .injection import evoloco as process

KILLS = 6


@pytest.mark.slow
def test_a_run_killed_at_random_moments_loses_nothing_and_counts_nothing_twice(file: Path) -> None:
    longer = "optimizer.generations=40"
    run = undisturbed(file, file.parent / "whole", longer)
    run.journal.close()
    folder = file.parent / "killed"
    struck = list(kill_at_random(file, folder, KILLS, np.random.default_rng(1), longer))
    assert len(struck) == KILLS
    assert {"starting", "searching"} <= set(struck)
    assert record(folder) == record(run.folder)
    assert (folder / "champion.json").read_bytes() == (run.folder / "champion.json").read_bytes()
    assert {path.name for path in folder.iterdir()} == {
        path.name for path in run.folder.iterdir()
    } | {"report.html"}


ENDLESS = ("optimizer.name=uniform", "optimizer.generations=1000000")
RESTING = """
import time

FLOORS = 0.0, 0.0


def measure(episode):
    time.sleep(0.02)
    return 0.0
"""


@contextmanager
def busy(file: Path, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that evolves until it is stopped, and leaves the processor to others."""
    rests = file.with_name("rests.py")
    rests.write_text(RESTING, encoding="utf-8")
    resting = f"fitness.rest={{measure='{rests}', weight=1}}"
    process = started("evolve", file, *ENDLESS, resting, "--out", folder)
    try:
        until(3, folder, process)
        assert process.poll() is None, ended(process)
        yield process
    finally:
        process.kill()
        ended(process)


@pytest.mark.slow
def test_a_second_process_is_refused_at_once_while_others_may_read(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with busy(file, folder) as first:
        second = evoloco("resume", folder)
        assert second.code == 4
        assert f"{folder} is in use: process {first.pid} on " in second.message
        with pytest.raises(BusyError, match=f"process {first.pid} on "):
            salvage(folder)
        assert evoloco("replay", folder, "--individual", "2:0").code == 0
        assert evoloco("report", folder).code == 0
        assert first.poll() is None
    with lock.held(folder):  # the kernel has released it
        assert (folder / lock.FILE).read_text().startswith(f"{os.getpid()} on ")
    assert (folder / lock.FILE).read_text() == ""


def test_the_lock_is_held_once_and_given_back_whatever_happens(tmp_path: Path) -> None:
    with (
        lock.held(tmp_path),
        pytest.raises(BusyError, match=f"process {os.getpid()} on "),
        lock.held(tmp_path),
    ):
        pass
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path):
        _ = 1 / 0
    with lock.held(tmp_path):
        pass


def test_what_stands_in_a_foreign_lock_file_is_not_repeated(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        (tmp_path / lock.FILE).write_text("\x1b[2J 7 on earth")
        with (
            pytest.raises(BusyError, match="another process continues this run"),
            lock.held(tmp_path),
        ):
            pass


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("not to be emptied")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / lock.FILE).symlink_to(precious)
    with pytest.raises(StorageError), lock.held(tmp_path / "run"):
        pass
    assert precious.read_text() == "not to be emptied"


@pytest.mark.slow
def test_a_clock_that_jumps_back_changes_no_result_and_no_time_is_negative(
    file: Path, tmp_path: Path, expected: list[bytes]
) -> None:
    environment = jumping_clock(tmp_path / "clock")
    code = "import time; print(time.time() > time.time())"
    jumps = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert jumps.stdout == "True\n"
    run = process("evolve", file, "--out", tmp_path / "run", env=environment)
    assert run.code == 0, run.err
    assert record(tmp_path / "run") == expected
    figures = re.findall(r"(-?[\d.]+) sim s/s .* left (-?\d+) s", run.err)
    assert figures
    assert all(float(pace) > 0 and int(left) >= 0 for pace, left in figures)
