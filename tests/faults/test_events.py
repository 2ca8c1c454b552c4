"""What happened in a run: recorded with its generation, once, whatever stops the run."""

import resource
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evoloco.errors import SpecError
from evoloco.evaluation import Event
from evoloco.loop import evolve
from evoloco.record.journal import Journal
from evoloco.run import Run
from evoloco.salvage import salvage
from evoloco.spec import read

from .injection import copied, kill_at_random, own
from .injection import evoloco as process
from .test_damage import harmed

DIVERGES = "ctrl[0] = math.nan"

OPTIMIZER = """
from pathlib import Path

from evoloco.optimizers.uniform import Optimizer as Uniform

FAILS = Path(__file__).with_name("fails")


class Optimizer(Uniform):
    def tell(self, genomes, fitness, values):
        if FAILS.exists():
            raise ValueError("no memory left")
"""


def events(folder: Path) -> Counter[int]:
    """How many events each generation of a run has."""
    journal = Journal(folder / "journal.sqlite")
    found = Counter(generation for generation, _, _ in journal.events())
    journal.close()
    return found


@pytest.mark.slow
def test_an_event_is_recorded_once_though_its_generation_was_evaluated_twice(
    file: Path, tmp_path: Path
) -> None:
    (tmp_path / "failing.py").write_text(OPTIMIZER, encoding="utf-8")
    settings = own(tmp_path, DIVERGES), f"optimizer.name={tmp_path / 'failing.py'}"
    run = Run.create(read(file, settings), tmp_path / "run")

    (tmp_path / "fails").touch()
    for _ in range(2):
        with pytest.raises(SpecError, match="failed with ValueError: no memory left"):
            evolve(run)
    assert len(run.journal) == 0
    assert run.journal.events() == []

    (tmp_path / "fails").unlink()
    evolve(run, 3)
    run.journal.close()
    assert events(run.folder) == {0: 1, 1: 1, 2: 1}


@pytest.mark.slow
def test_a_run_killed_at_random_moments_has_every_event_once(file: Path, tmp_path: Path) -> None:
    settings = own(tmp_path, DIVERGES), "optimizer.name=uniform", "optimizer.generations=60"
    random = np.random.default_rng(3)
    assert len(list(kill_at_random(file, tmp_path / "run", 4, random, *settings))) == 4
    assert events(tmp_path / "run") == dict.fromkeys(range(60), 1)


@pytest.mark.slow
def test_a_disk_that_is_full_while_an_event_is_written_is_told(file: Path, tmp_path: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # Python ignores SIGXFSZ

    folder = tmp_path / "run"
    settings = own(tmp_path, DIVERGES), "optimizer.name=uniform", "optimizer.generations=200"
    compiled = process("evolve", file, *settings[:2], "--out", tmp_path / "compiled")
    assert compiled.code == 0, compiled.err
    full = process("evolve", file, *settings, "--out", folder, preexec_fn=limited)
    assert full.code == 3, full.err
    assert full.message.endswith(f"continue with: evoloco resume {folder}")

    run = Run(folder)
    kept = len(run.journal)
    run.journal.close()
    assert 0 < kept < 200
    assert events(folder) == dict.fromkeys(range(kept), 1)

    assert process("resume", folder).code == 0
    assert events(folder) == dict.fromkeys(range(200), 1)


def test_an_event_that_cannot_be_written_is_told_like_a_generation(
    whole: Path, tmp_path: Path
) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from evoloco.record.journal import "
        "Journal; from evoloco.errors import StorageError\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "try: journal.write_event(3, 0.0, 'A worker died.' * 1000)\n"
        "except StorageError as error: print(error)\n"
    )
    folder = copied(whole, tmp_path / "run")
    path = str(folder / "journal.sqlite")
    ended = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert "An event cannot be written to the journal" in ended.stdout
    assert "Generations 0 to 7 are recorded completely" in ended.stdout


def test_events_and_extended_length_outlive_a_salvage(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path / "run")
    run = Run(folder)
    run.journal.write_note("generations", 12)
    for generation in (2, 6):
        run.journal.write_event(generation, 1.5, f"Something in {generation}.")
    run.journal.close()
    harmed(folder)

    salvage(folder)
    run = Run(folder)
    kept, salvaged = run.journal.events()
    assert kept == (2, 1.5, "Something in 2.")
    assert salvaged[0] == 5
    assert run.generations == 12
    run.journal.close()


def test_events_of_an_evaluation_are_recorded_with_its_generation(
    whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path / "run")
    run = Run(folder)
    record = run.journal[7]
    happened = (Event(1.0, "one"), Event(2.0, "two"))
    evaluation = replace(record.evaluation, events=happened)
    run.journal.append(replace(record, generation=8, evaluation=evaluation))
    assert run.journal.events() == [(8, 1.0, "one"), (8, 2.0, "two")]
    run.journal.close()
