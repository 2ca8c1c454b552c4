"""Runs of a comparison: their budget, what is kept, what is judged, and what is continued."""

import json
import re
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import HOP
from faults.injection import SHORT, Ended, ended, record, recorded, started, undisturbed

from evoloco.compare import contenders, folders, judging
from evoloco.compare.cost import control_cost
from evoloco.compare.entry import Entry
from evoloco.compare.make import make
from evoloco.compare.result import read
from evoloco.compare.searching import SPENT, Budget
from evoloco.experiment import Experiment
from evoloco.loop import evolve
from evoloco.record.beginning import Beginning
from evoloco.run import Run
from evoloco.spec import read as read_spec

Command = Callable[..., Ended]

FILE = """
seeds = "0-1"
simulated_time = 10.0
worlds = 2
gap_worlds = 0

[tasks.hop]
run = "short.toml"

[contenders.sine]

[contenders.phase]
controller.name = "phase"

[scenarios.flat]

[scenarios.pushed]
scenario.push.count = 1
scenario.push.impulse = 0.2
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A comparison file beside its run file."""
    (tmp_path / "short.toml").write_text(SHORT, encoding="utf-8")
    path = tmp_path / "two.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 8 generations."""
    folder = tmp_path_factory.mktemp("whole")
    file = folder / "short.toml"
    file.write_text(SHORT, encoding="utf-8")
    undisturbed(file, folder / "run").journal.close()
    return folder / "run"


# One run


def test_the_course_of_a_run_is_what_its_journal_says(whole: Path) -> None:
    entry = Entry(whole)
    with closing(entry):
        records = list(entry.run.journal.generations())
        course = entry.course
        assert course.simulated[-1] == pytest.approx(entry.run.spent()[0])
        assert course.cpu[-1] == pytest.approx(entry.run.spent()[1])
        assert (np.diff(course.cpu) > 0).all()
        best = max(record.fitness.max() for record in records[:3])
        assert course.best[2] == best


def test_the_champion_of_a_beginning_is_that_of_a_shorter_run(whole: Path, tmp_path: Path) -> None:
    short = undisturbed(whole.parent / "short.toml", tmp_path / "run", "optimizer.generations=3")
    wanted = short.read_champion()
    short.journal.close()
    entry = Entry(whole)
    with closing(entry):
        found = entry.champion(3)
        assert found.genome.tolist() == wanted["genome"]
        assert (found.generation, found.individual) == (wanted["generation"], wanted["individual"])
        last = entry.champion(8)
        assert last.genome.tolist() == entry.run.read_champion()["genome"]


def test_a_beginning_has_the_generations_of_its_journal(whole: Path) -> None:
    run = Run(whole)
    with closing(run.journal) as journal:
        begun = Beginning(journal, list(journal.generations())[:3])
        assert (len(begun), begun.path, begun.objectives) == (3, journal.path, ())
        assert [one.generation for one in begun.generations()] == [0, 1, 2]
        assert begun[2].fitness.tobytes() == journal[2].fitness.tobytes()


def test_a_search_ends_when_its_budget_is_spent(whole: Path, tmp_path: Path) -> None:
    spec = read_spec(whole.parent / "short.toml")
    run = Run.create(spec, tmp_path / "run")
    with closing(run.journal):
        reason = evolve(run, 1000, enough=Budget(5.0).spent)
        assert reason == run.journal.note("stop_reason") == SPENT
        lived = [record.evaluation.duration.sum() for record in run.journal.generations()]
        assert sum(lived) >= 5.0 > sum(lived[:-1])
        more = Budget(5.0, cpu=run.spent()[1] + 1e-3)
        before = len(run.journal)
        evolve(run, 1000, enough=more.spent)
        assert len(run.journal) > before


def test_an_extended_search_is_that_of_one_command(whole: Path, tmp_path: Path) -> None:
    spec = read_spec(whole.parent / "short.toml")
    run = Run.create(spec, tmp_path / "run")
    with closing(run.journal):
        evolve(run, 1000, enough=Budget(3.0).spent)
        evolve(run, 8)
    assert record(tmp_path / "run") == record(whole)


# The judge


def test_every_run_is_judged_in_the_same_worlds_by_the_same_fitness(file: Path) -> None:
    found, _ = contenders.lineup(file)
    judge = found.tasks["hop"].judges["pushed"]
    drawn = []
    for entrant in found.entrants:
        assert entrant.spec is not None
        experiment = Experiment(judging.judged_by(entrant.spec, judge))
        assert experiment.spec.controller == entrant.spec.controller
        assert experiment.spec.fitness == judge.fitness
        drawn.append(judging.worlds(experiment, 3))
    for worlds in drawn[1:]:
        for one, other in zip(worlds, drawn[0], strict=True):
            assert one.key == other.key
            assert np.array_equal(one.pushes, other.pushes)
            assert np.array_equal(one.joint_offset, other.joint_offset)


def test_no_search_has_seen_the_worlds_that_judge(file: Path) -> None:
    found, _ = contenders.lineup(file)
    spec = found.entrants[0].spec
    assert spec is not None
    own = Experiment(spec)
    judged = Experiment(judging.judged_by(spec, found.tasks["hop"].judges["flat"]))
    seen = [*own.scenarios(0), *own.elite_scenarios(), *own.held_out()]
    assert not {one.key for one in judging.worlds(judged, 5)} & {one.key for one in seen}


def test_noise_and_support_of_the_search_do_not_judge(tmp_path: Path) -> None:
    path = tmp_path / "hop.toml"
    path.write_text(
        HOP + "\n[sensors.rate]\ndelay = 0.02\nnoise = {gaussian = 0.5}\n", encoding="utf-8"
    )
    noisy = read_spec(path, ["evaluation.support.stiffness=3", "evaluation.support.generations=2"])
    path.write_text(HOP, encoding="utf-8")
    found = judging.judged_by(noisy, read_spec(path))
    assert found.sensors["rate"].noise.gaussian == 0
    assert found.sensors["rate"].delay == 0.02
    assert found.evaluation.support.stiffness == 0


def test_a_champion_is_never_judged_worse_than_ending_at_once(whole: Path) -> None:
    entry = Entry(whole)
    with closing(entry):
        experiment = Experiment(judging.judged_by(entry.spec, entry.spec))
        genome = entry.champion(8).genome
        found = judging.judged(experiment, genome, 3)
        (quality,) = judging.qualities(experiment, genome[None], 3)
    assert found.fitness == quality >= found.floor == judging.floor(experiment)
    assert sum(found.verbs.values()) == found.worlds == 3


def test_a_control_step_takes_some_time(whole: Path) -> None:
    entry = Entry(whole)
    with closing(entry):
        experiment = entry.run.experiment
        genome = entry.champion(8).genome
        episode = entry.run.champion.simulate()
        body, params = experiment.embodied(genome[None])[0]
        found = control_cost(experiment.controller, body, params, episode)
    assert 0 < found < 1000


# All of it


@pytest.mark.slow
def test_a_comparison_runs_what_is_missing_and_keeps_what_is_finished(
    evoloco: Command, file: Path
) -> None:
    out = file.parent / "out"
    first = evoloco("compare", file, "--out", out)
    assert first.code == 0, first.err
    assert "0 of 4 runs are finished." in first.out
    found = read(out / "comparison.json")
    assert [(one.contender, one.seed) for one in found.runs] == [
        ("sine", 0),
        ("phase", 0),
        ("sine", 1),
        ("phase", 1),
    ]
    assert all(one.simulated_time >= 10.0 and one.reason == SPENT for one in found.runs)
    assert all(one.cpu_time and one.equal_cpu is not None for one in found.runs)
    assert all(list(one.judged) == ["flat", "pushed"] for one in found.runs)
    assert (out / "comparison.html").is_file()
    assert (out / "csv" / "quality_simulated.csv").is_file()

    journals = {path: path.stat().st_mtime_ns for path in out.glob("hop/*/*/champion.json")}
    assert len(journals) == 4
    second = evoloco("compare", file, "--out", out, "--json")
    assert second.code == 0, second.err
    assert journals == {path: path.stat().st_mtime_ns for path in journals}
    events = [json.loads(line) for line in second.out.splitlines()]
    assert [event["what"] for event in events[:-1]] == [
        f"{name}: a film" for name in ("sine", "phase")
    ]
    assert events[-1]["event"] == "comparison"
    again = read(out / "comparison.json")
    assert again == found

    sine = evoloco(
        "compare",
        out / "hop" / "sine",
        out / "hop" / "phase",
        "--gap-worlds",
        "0",
        "--worlds",
        "2",
        "--out",
        out / "as-folders",
    )
    assert sine.code == 0, sine.err
    assert {one.contender for one in read(out / "as-folders" / "comparison.json").runs} == {
        "sine",
        "phase",
    }


@pytest.mark.slow
def test_gaps_are_those_of_the_check(whole: Path, tmp_path: Path) -> None:
    other = undisturbed(
        whole.parent / "short.toml", tmp_path / "phase", "controller.name=phase", "name=phase"
    )
    other.journal.close()
    found, _ = make(folders.lineup([whole, other.folder], worlds=1, gap_worlds=1), tmp_path / "out")
    for run in found.runs:
        assert [one.width for one in run.wide] == [0.5, 1.0, 1.5, 2.0]
        assert all(one.worlds == 5 for one in run.wide)
        assert {"pushes", "mass", "command_delay"} <= set(run.gaps)
    assert "robustness" in (tmp_path / "out" / "comparison.html").read_text()


@pytest.mark.slow
def test_after_ctrl_c_the_same_command_goes_on_and_gives_the_same_record(file: Path) -> None:
    file.write_text(FILE.replace("simulated_time = 10.0", "simulated_time = 60.0"))
    out = file.parent / "out"
    command = ("compare", file, "--out", out, "--threads", "1")
    process = started(*command)
    second = out / "hop" / "phase" / "seed0"
    while recorded(second) < 2 and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    stopped = ended(process)
    assert stopped.code == 130
    assert stopped.message.endswith("Continue with the same command.")

    last = ended(started(*command))
    assert last.code == 0, last.err
    assert re.search(r"\b1 of 4 runs are finished", last.out)
    found, _ = contenders.lineup(file, file.parent / "undisturbed")
    entrant = found.entrants[1]
    assert entrant.spec is not None
    run = Run.create(entrant.spec, entrant.folder)
    with closing(run.journal):
        evolve(run, 1000, enough=Budget(60.0).spent)
    assert record(second) == record(entrant.folder)


@pytest.mark.slow
def test_a_folder_of_another_run_is_refused_before_anything_is_run(
    evoloco: Command, file: Path
) -> None:
    out = file.parent / "out"
    place = out / "hop" / "phase" / "seed1"
    undisturbed(file.parent / "short.toml", place, "optimizer.generations=1").journal.close()
    refused = evoloco("compare", file, "--out", out)
    assert refused.code == 2
    assert "differs in controller" in refused.message
    assert not (out / "hop" / "sine").exists()
