"""One run with several seeds, and its summary."""

import csv
import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended
from faults.injection import ended, record, recorded, started, undisturbed

from evoloco import seeds
from evoloco.errors import JournalError, SpecError
from evoloco.run import Run
from evoloco.seeds import Result

Command = Callable[..., Ended]


def result(seed: int, fitness: float | None = 1.0, walks: int = 2) -> Result:
    gait = "walks" if walks else "falls"
    return Result(seed, f"seed{seed}", 4, "done", 3, 1, 2.0, fitness, 0.5, gait, walks, 2, 61.0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("0-3", [0, 1, 2, 3]), ("5", [5]), ("0,3,5", [0, 3, 5]), ("7, 1-2", [7, 1, 2])],
)
def test_seeds_are_a_list_of_numbers_and_ranges(text: str, wanted: list[int]) -> None:
    assert seeds.parse(text) == wanted


@pytest.mark.parametrize("text", ["", "a", "3-1", "1,1", "0-5,3", "-1", "1.5", "0-100000", "0..3"])
def test_a_list_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="--seeds"):
        seeds.parse(text)


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    results = [result(0), result(3, None, walks=0), result(5, -2.5)]
    seeds.write(tmp_path, "hop", results)
    assert list(seeds.read(tmp_path).values()) == results
    content = json.loads((tmp_path / seeds.FILE).read_text())
    assert content["walking"] == 2
    assert content["interval"] == "order statistics"
    assert content["medians"]["heldout_fitness"] == {
        "value": -2.5,
        "low": None,
        "high": 1.0,
        "confidence": 0.75,
    }
    with (tmp_path / seeds.TABLE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["seed"] for row in rows] == ["0", "3", "5"]
    assert rows[1]["heldout_fitness"] == ""
    assert seeds.read(tmp_path / "none") == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seeds": 3}', '{"seeds": [{"seed": "0"}]}'])
def test_another_content_is_refused_with_the_remedy(tmp_path: Path, text: str) -> None:
    (tmp_path / seeds.FILE).write_text(text)
    with pytest.raises(JournalError, match=r"is not a summary .* Delete it"):
        seeds.read(tmp_path)


def test_a_table_has_a_line_per_seed_and_says_what_its_intervals_are() -> None:
    walks = [2] * 9 + [0]
    text = seeds.table([result(seed, float(seed), walks[seed]) for seed in range(10)])
    assert max(map(len, text.split("\n\n")[0].splitlines())) <= 80
    assert "Median held-out fitness: 4.5, from 1 to 8\n" in text
    assert "order statistics of 10 seeds" in text
    assert "probability of 97.9%" in text
    assert text.endswith("Of 10 seeds, the champion walks in 9, falls in 1.")


@pytest.mark.slow
def test_seeds_give_the_runs_that_single_commands_give_and_finished_ones_are_skipped(
    evoloco: Command, hop: Path
) -> None:
    folder = hop.parent / "seeds"
    first = evoloco("evolve", hop, "--seeds", "0,2", "--out", folder)
    assert first.code == 0, first.err
    assert evoloco("evolve", hop, "--seed", "2", "--out", hop.parent / "alone").code == 0
    assert record(folder / "seed2") == record(hop.parent / "alone")
    written = {path: path.stat().st_mtime_ns for path in folder.glob("seed*/report.html")}
    assert len(written) == 2

    second = evoloco("evolve", hop, "--seeds", "0-2", "--out", folder)
    assert re.findall(r"Finished already: .*(seed\d)", second.out) == ["seed0", "seed2"]
    assert written == {path: path.stat().st_mtime_ns for path in written}
    assert [row["seed"] for row in json.loads((folder / "summary.json").read_text())["seeds"]] == [
        0,
        1,
        2,
    ]
    (folder / "summary.json").unlink()
    third = evoloco("evolve", hop, "--seeds", "0-2", "--out", folder)
    assert third.out.split("seed  ")[1] == second.out.split("seed  ")[1]

    more = evoloco("evolve", hop, "--seeds", "0", "--generations", "6", "--out", folder)
    assert more.code == 0
    assert len(Run(folder / "seed0").journal) == 6


def test_a_folder_of_another_run_is_refused_before_anything_is_evolved(
    evoloco: Command, hop: Path
) -> None:
    folder = hop.parent / "seeds"
    undisturbed(hop, folder / "seed1", "seed=1", "optimizer.generations=1")
    ended = evoloco("evolve", hop, "scenario.duration=0.5", "--seeds", "0-1", "--out", folder)
    assert ended.code == 2
    assert "differs in scenario.duration" in ended.message
    assert [path.name for path in folder.iterdir()] == ["seed1"]


def test_seed_and_seeds_exclude_each_other(evoloco: Command, hop: Path) -> None:
    ended = evoloco("evolve", hop, "--seed", "1", "--seeds", "0-1")
    assert (ended.code, "--seed and --seeds exclude each other" in ended.message) == (2, True)


@pytest.mark.slow
def test_after_ctrl_c_the_same_command_continues_and_gives_the_same_record(hop: Path) -> None:
    folder = hop.parent / "seeds"
    longer = "optimizer.generations=60"
    command = ("evolve", hop, longer, "--seeds", "0-1", "--out", folder)
    process = started(*command)
    while recorded(folder / "seed1") < 2 and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert stopped.code == 130
    assert "1 of 2 seeds are finished" in stopped.message
    assert stopped.message.endswith("Continue with the same command.")
    assert 2 <= recorded(folder / "seed1") < 60

    last = ended(started(*command))
    assert last.code == 0, last.err
    assert "Finished already: " in last.out
    for seed in (0, 1):
        run = undisturbed(hop, hop.parent / f"alone{seed}", longer, f"seed={seed}")
        run.journal.close()
        assert record(folder / f"seed{seed}") == record(run.folder)
