"""Run folders as a table, and published champions that are replayed by name."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended
from faults.injection import undisturbed

from evoloco import __version__
from evoloco.bundled import runs
from evoloco.loop import evolve
from evoloco.record import lock
from evoloco.run import Run
from evoloco.run_table import read_row
from evoloco.spec import read

Command = Callable[..., Ended]


def test_a_table_tells_finished_stopped_and_damaged_runs_apart(evoloco: Command, hop: Path) -> None:
    place = hop.parent / "out"
    run = undisturbed(hop, place / "whole")
    best = max(record.fitness.max() for record in run.journal.generations())
    run.journal.close()
    Run.create(read(hop, ["seed=7"]), place / "begun").journal.close()
    damaged = Path(shutil.copytree(place / "whole", place / "damaged"))
    (damaged / "journal.sqlite").write_bytes(b"no journal")

    header, *rows = evoloco("list", "runs", place).out.splitlines()
    assert header.split() == [
        "folder",
        "run",
        "seed",
        "generations",
        "best",
        "held-out",
        "completed",
        "state",
        "date",
    ]
    begun, broken, whole = (row.split() for row in rows)
    assert begun[:5] == ["begun", "hop", "7", "0/4", "stopped"]
    assert broken == ["damaged", "damaged"]
    heldout = json.loads((place / "whole" / "champion.json").read_text())["heldout_fitness"]
    assert whole[:6] == ["whole", "hop", "0", "4/4", f"{best:.4g}", f"{heldout:.4g}"]
    assert whole[7] == "finished"


def test_a_run_that_another_process_continues_is_running_and_a_longer_one_has_its_new_total(
    hop: Path,
) -> None:
    run = undisturbed(hop, hop.parent / "run")
    evolve(run, 5)
    run.journal.close()
    assert not lock.is_held(run.folder)
    with lock.held(run.folder):
        assert lock.is_held(run.folder)
        assert read_row(run.folder).state == "running"
    row = read_row(run.folder)
    assert (row.state, row.generations, row.total) == ("finished", 5, 5)


def test_a_folder_without_runs_is_told(evoloco: Command, tmp_path: Path) -> None:
    assert evoloco("list", "runs", tmp_path) == Ended(0, f"{tmp_path} holds no run folders.\n", "")
    assert evoloco("list", "runs", tmp_path / "none").code == 2


def test_every_bundled_run_says_in_one_sentence_what_it_is_for(evoloco: Command) -> None:
    lines = evoloco("list", "runs").out.splitlines()[1:]
    assert len(lines) == len(runs())
    for line in lines:
        name, sentence = line.split(maxsplit=1)
        first = runs()[name].read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(f"# {sentence[:40]}")
        assert sentence.endswith(".")


def test_a_bundled_run_is_replayed_by_its_name(
    evoloco: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    published = json.loads(runs()["hopper"].with_name("champion.json").read_text())
    ended = evoloco("replay", "hopper", "--trace", "hop.npz")
    assert ended.code == 0
    assert (
        f"Individual {published['generation']}:{published['individual']}" in ended.out + ended.err
    )
    assert (tmp_path / "hop.npz").is_file()

    other = evoloco("replay", "hopper", "--individual", "3:1")
    assert other.code == 2
    assert "only the champion is published" in other.message


def test_the_version_is_printed(evoloco: Command) -> None:
    assert evoloco("--version") == Ended(0, f"evoloco {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("evoloco evolve biped_h", ["biped_hopf"]),
        ("evoloco list contr", ["controllers"]),
        ("evoloco list controllers ho", ["hopf"]),
        ("evoloco list measures upri", ["upright"]),
        ("evoloco replay planar", ["planar_biped"]),
        ("evoloco evolve --dry", ["--dry-run"]),
    ],
)
def test_a_shell_completes_commands_options_and_names(
    evoloco: Command, monkeypatch: pytest.MonkeyPatch, words: str, completed: list[str]
) -> None:
    monkeypatch.setenv("_EVOLOCO_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert evoloco().out.split() == completed
