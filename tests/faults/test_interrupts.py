"""Ctrl-C at every stage of a command: exit code 130, the way on, and no half-written file."""

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evoloco.record.journal import FILE

from .injection import ENVIRONMENT, Ended, copied, ended, started

CONTROLLER = """
import os, signal, time
from pathlib import Path

from evoloco.controllers.sine import Controller as Sine

HERE = Path(__file__).parent


class Controller(Sine):
    def outputs(self, params, states):
        if len(states) > 2 and (HERE / "interrupt").exists():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        return {}
"""
MEASURE = """
import os, signal, time

UNIT = "1"


def measure(episode):
    if episode.planned > 20:  # a held-out episode
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    return 0.0
"""


def files(folder: Path) -> dict[str, object]:
    """What a folder holds; of the journal its rows, for SQLite moves pages between its files."""
    return {
        path.name: rows(path) if path.name == FILE else path.read_bytes()
        for path in folder.iterdir()
        if not path.name.endswith(("-shm", "-wal"))
    }


def rows(database: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


@pytest.mark.slow
def test_an_interrupt_while_the_report_is_made_names_the_command_that_makes_it(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(CONTROLLER, encoding="utf-8")
    (tmp_path / "interrupt").touch()
    folder = tmp_path / "run"
    stopped = evoloco("evolve", file, f"controller.name={tmp_path / 'mine.py'}", "--out", folder)
    assert stopped.code == 130
    assert "The run and its champion are safe" in stopped.message
    assert stopped.message.endswith(f"Make the report again with: evoloco report {folder}")

    before = files(folder)
    assert "champion.json" in before
    assert not [name for name in before if ".tmp" in name or name == "report.html"]
    again = evoloco("report", folder)
    assert (again.code, again.message) == (130, stopped.message)
    assert files(folder) == before

    (tmp_path / "interrupt").unlink()
    assert evoloco("report", folder).code == 0
    assert "report.html" in files(folder)


@pytest.mark.slow
def test_an_interrupt_while_the_champion_is_chosen_leaves_a_run_to_resume(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    (tmp_path / "stops.py").write_text(MEASURE, encoding="utf-8")
    folder = tmp_path / "run"
    term = f"fitness.stops={{measure='{tmp_path / 'stops.py'}', weight=0}}"
    longer = "evaluation.heldout_duration=0.6"
    stopped = evoloco("evolve", file, term, longer, "--out", folder)
    assert stopped.code == 130
    assert stopped.message.endswith(f"Continue with: evoloco resume {folder}")
    assert not [name for name in files(folder) if ".tmp" in name or "champion" in name]


def test_a_file_that_a_replay_writes_is_whole_or_as_it_was(
    evoloco: Callable[..., Ended], whole: Path, tmp_path: Path
) -> None:
    (tmp_path / "old.npz").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    assert evoloco("replay", whole, "--trace", tmp_path / "old.npz").code == 0
    refused = evoloco("replay", whole, "--model", tmp_path / "folder")
    assert refused.code == 2
    assert refused.message.endswith("then give the command once more.")
    assert {path.name for path in tmp_path.iterdir()} == {"old.npz", "folder"}
    assert (tmp_path / "old.npz").read_bytes() != b"old"


@pytest.mark.film
@pytest.mark.slow
def test_an_interrupt_of_a_film_leaves_the_old_film_and_report(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "run")
    (folder / "champion.mp4").write_bytes(b"the old film")
    (folder / "report.html").write_bytes(b"the old report")
    before = files(folder)

    environment = {name: value for name, value in ENVIRONMENT.items() if name != "MUJOCO_GL"}
    process = started("report", folder, env=environment, start_new_session=True)
    while not (folder / "champion.tmp.mp4").exists() and process.poll() is None:
        time.sleep(0.01)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the encoder too
    stopped = ended(process)
    if "cannot draw off screen" in stopped.err:
        pytest.skip("this machine cannot film")
    assert stopped.code == 130, stopped
    assert f"evoloco report {folder}" in stopped.message
    assert files(folder) == before
