"""Processes that are killed, that meet each other, and whose clock is wrong."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from evoloco import lock
from evoloco.errors import BusyError

from .injection import ENVIRONMENT, copied, ended, evoloco, kill_at_random, record, started, undisturbed, until

KILLS = 12


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
    assert {path.name for path in folder.iterdir()} == {path.name for path in run.folder.iterdir()} | {"report.html"}


@contextmanager
def busy(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that goes on with a run until it is stopped."""
    process = started("resume", folder, "--generations", 1_000_000)
    try:
        until(10, folder, process)
        assert process.poll() is None, ended(process)
        yield process
    finally:
        process.kill()
        ended(process)


def test_a_second_process_is_refused_at_once_while_others_may_read(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "run")
    with busy(folder) as process:
        second = evoloco("resume", folder)
        assert second.code == 4
        assert f"{folder} is in use: process {process.pid} on " in second.message
        assert evoloco("resume", folder, "--salvage").code == 4
        assert evoloco("replay", folder, "--individual", "9:0").code == 0
        assert evoloco("report", folder).code == 0
        assert process.poll() is None
    with lock.held(folder):  # the kernel has released it
        assert (folder / lock.FILE).read_text().startswith(f"{os.getpid()} on ")
    assert (folder / lock.FILE).read_text() == ""


def test_the_lock_is_held_once_and_given_back_whatever_happens(tmp_path: Path) -> None:
    with lock.held(tmp_path), pytest.raises(BusyError, match=f"process {os.getpid()} on "), lock.held(tmp_path):
        pass
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path):
        _ = 1 / 0
    with lock.held(tmp_path):
        pass


def test_what_stands_in_a_foreign_lock_file_is_not_repeated(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        (tmp_path / lock.FILE).write_text("\x1b[2J 7 on earth")
        with pytest.raises(BusyError, match="another process goes on with it"), lock.held(tmp_path):
            pass


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("not to be emptied")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / lock.FILE).symlink_to(precious)
    ended = evoloco_lock(tmp_path / "run")
    assert ended == "StorageError"
    assert precious.read_text() == "not to be emptied"


def evoloco_lock(folder: Path) -> str:
    """Class of what holding the lock of a folder raises."""
    try:
        with lock.held(folder):
            return ""
    except Exception as error:
        return type(error).__name__


JUMPING_CLOCK = """
import time
real, calls = time.time, 0

def jumping():
    global calls
    calls += 1
    return real() - 3600.0 * calls

time.time = jumping
"""


def test_a_clock_that_jumps_back_changes_no_result_and_no_time_is_negative(
    file: Path, tmp_path: Path, expected: list[bytes]
) -> None:
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(JUMPING_CLOCK)
    paths = f"{tmp_path / 'clock'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    environment = {**ENVIRONMENT, "PYTHONPATH": paths}
    code = "import time; print(time.time() > time.time())"
    jumps = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert jumps.stdout == "True\n"
    run = evoloco("evolve", file, "--out", tmp_path / "run", env=environment)
    assert run.code == 0, run.err
    assert record(tmp_path / "run") == expected
    figures = re.findall(r"(-?[\d.]+) sim s/s  left (-?\d+) s", run.err)
    assert figures
    assert all(float(pace) > 0 and int(left) >= 0 for pace, left in figures)


def test_ctrl_c_has_an_exit_code_of_its_own(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "run")
    process = started("resume", folder, "--generations", 1_000_000)
    until(10, folder, process)
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert stopped.code == 130
    assert f"Go on with: evoloco resume {folder}" in stopped.message
