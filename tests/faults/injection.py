"""Faults on purpose: processes that are killed, disks that are full, files that are damaged.

The tests beside it try each fault a few times, benchmarks/faults.py many times.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tomli_w

from evoloco import provenance
from evoloco.errors import JournalError
from evoloco.loop import evolve
from evoloco.run import Run
from evoloco.salvage import salvage
from evoloco.spec import read

SHORT = """
[morphology]
name = "hopper"

[controller]
name = "sine"

[fitness.speed]
measure = "forward_speed"
weight = 1.0

[scenario]
duration = 0.4
joint_noise = 0.02

[evaluation]
heldout_episodes = 2
elite = 2

[optimizer]
generations = 8
population_size = 4
"""
"""A run of a tenth of a second."""

CONTROLLER = """
import math

from evoloco.controllers.sine import Controller as Sine


def step(params, state, obs, time, dt, ctrl):
    ctrl[:] = 0.3
    if time > 0.2 and {when}:
        {what}


class Controller(Sine):
    step = staticmethod(step)
"""
NEVER_ENDS = "while state.phase < 1e300:\n            state.phase = 0.5 * state.phase"
"""What a step does that never ends."""

JUMPING_CLOCK = """
import time
real, calls = time.time, 0

def jumping():
    global calls
    calls += 1
    return real() - 3600.0 * calls

time.time = jumping
"""

ENVIRONMENT = {**os.environ, "MUJOCO_GL": "off"}
PATIENCE = 400
"""Time after which a process counts as hanging [s]."""


class Ended(NamedTuple):
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The one message of a failed command."""
        lines = [line for line in self.err.splitlines() if line.startswith("evoloco: ")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


def started(*arguments: object, **options: Any) -> "subprocess.Popen[str]":
    """`evoloco` with arguments, as a process of its own."""
    command = [sys.executable, "-m", "evoloco.cli", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **{"env": ENVIRONMENT, **pipes, **options})


def ended(process: "subprocess.Popen[str]") -> Ended:
    """Waits for a process."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise

    # `python -m` ends by the signal where Ctrl-C struck inside an `exec`, as when a dataclass is
    # made, although it was handled. A shell shows 130 for both.
    by_signal = process.returncode == -signal.SIGINT
    return Ended(128 + signal.SIGINT if by_signal else process.returncode, out, err)


def evoloco(*arguments: object, **options: Any) -> Ended:
    """`evoloco` with arguments, from beginning to end."""
    return ended(started(*arguments, **options))


def short(folder: Path) -> Path:
    """The run file of a short run, in a folder."""
    path = folder / "short.toml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def undisturbed(file: Path, folder: Path, *overrides: str) -> Run:
    """A run that nobody disturbs, made in this process."""
    run = Run.create(read(file, overrides), folder)
    evolve(run)
    run.choose_champion()
    return run


def own(folder: Path, what: str, when: str = "True") -> str:
    """The override for a controller of one's own that does something 0.2 s into its episodes."""
    path = folder / "own.py"
    path.write_text(CONTROLLER.format(what=what, when=when), encoding="utf-8")
    return f"controller.name={path}"


def jumping_clock(folder: Path) -> dict[str, str]:
    """The environment of a process whose clock jumps back by an hour whenever it is read."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(JUMPING_CLOCK, encoding="utf-8")
    return {**ENVIRONMENT, "PYTHONPATH": f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def record(folder: Path) -> list[bytes]:
    """Returns the journal's content per generation, in order and without the times."""
    run = Run(folder)
    found = [
        b"".join(
            np.ascontiguousarray(array).tobytes()
            for array in (
                g.genomes,
                g.fitness,
                g.evaluation.fitness,
                g.evaluation.values,
                g.evaluation.duration,
            )
        )
        for g in run.journal.generations()
    ]
    run.journal.close()
    return found


def recorded(folder: Path) -> int:
    """Generations in the journal of a run that another process writes."""
    try:
        with closing(
            sqlite3.connect(f"file:{folder / 'journal.sqlite'}?mode=ro", uri=True)
        ) as database:
            return int(database.execute("SELECT count(*) FROM generations").fetchone()[0])
    except sqlite3.Error:
        return 0


def until(generations: int, folder: Path, process: "subprocess.Popen[str]") -> None:
    """Waits until a process has recorded that many generations, or has ended."""
    while recorded(folder) < generations and process.poll() is None:
        time.sleep(0.01)


def kill_at_random(
    file: Path,
    folder: Path,
    kills: int,
    random: np.random.Generator,
    *overrides: str,
    options: Sequence[str] = (),
    start: float = 1.5,
) -> Iterator[str]:
    """Starts a run, kills it at random moments, and lets the last process end by itself.

    Args:
        file: The run file.
        folder: Of the run.
        kills: How often.
        random: Of the moments.
        overrides: Of the run file.
        options: Of every process.
        start: Time that a process takes to start [s].

    Yields:
        For each kill, where it struck.
    """
    total = read(file, overrides).optimizer.generations
    struck = 0
    while struck < kills:
        began = folder.is_dir()
        command = ("resume", folder) if began else ("evolve", file, *overrides, "--out", folder)
        process = started(*command, *options)
        before = recorded(folder)
        if random.random() < 0.2:
            time.sleep(random.uniform(0.0, start))  # while it starts
        else:
            most = max(before + 1, total - (kills - struck))
            until(int(random.integers(before, most + 1)), folder, process)
            time.sleep(
                random.exponential(0.01) if recorded(folder) < total else random.uniform(0.0, 1.0)
            )
        process.kill()
        code = ended(process).code
        assert code in (0, -signal.SIGKILL), code
        if code:
            struck += 1
            generations = recorded(folder)
            yield (
                "starting"
                if generations == before
                else "searching"
                if generations < total
                else "finishing"
            )
    last = evoloco("resume", folder, *options)
    assert last.code == 0, last.err


def flip(path: Path, bit: int) -> None:
    """Turns one bit of a file."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(content))


def copied(folder: Path, to: Path) -> Path:
    """A fresh copy of a run folder."""
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to))


def _merged(content: dict[str, Any], change: dict[str, Any], value: str) -> dict[str, Any]:
    """A content with other values; "{}" in a value is replaced."""
    result = {**content}
    for key, one in change.items():
        if isinstance(one, dict):
            result[key] = _merged(result.get(key, {}), one, value)
        else:
            result[key] = one.replace("{}", value) if isinstance(one, str) else one
    return result


def forge(folder: Path, change: dict[str, Any], value: str) -> None:
    """Changes the run file of a run folder as a forger would, its digest included."""
    file = folder / "run.toml"
    content = _merged(tomllib.loads(file.read_text(encoding="utf-8")), change, value)
    file.write_text(tomli_w.dumps(content), encoding="utf-8")

    facts = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    facts["spec_sha256"] = provenance.digest(file)
    (folder / "provenance.json").write_text(json.dumps(facts), encoding="utf-8")


def goes_on(folder: Path) -> tuple[str, int]:
    """Reads a run whose journal was damaged, and salvages it where it is told to.

    Returns:
        "whole" if the damage did not matter, or "salvaged"; and the number of generations that were
        kept.
    """
    try:
        return "whole", len(record(folder))
    except JournalError as error:
        if f"evoloco resume {folder} --salvage" not in str(error):
            raise
    kept = int(salvage(folder).partition(" ")[0])
    run = Run(folder)
    assert len(run.journal) == kept
    evolve(run)
    run.journal.close()
    return "salvaged", kept


@contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[None]:
    """Puts a small disk on a folder; needs root."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Makes a folder read-only: to root by a mount, to others by its mode."""
    if os.geteuid():
        mode = folder.stat().st_mode
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(mode)
        return
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def can_mount() -> bool:
    """Whether this process may mount: root may, but not in every container."""
    return (
        os.geteuid() == 0
        and subprocess.run(
            ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
