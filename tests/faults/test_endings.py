"""Why episodes ended: the rule, the body and the number, in the journal and in a replay."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from evoloco.loop import evolve
from evoloco.replay import replay
from evoloco.run import Run
from evoloco.spec import read

from .injection import Ended, own

ONLY = "scenario.termination={{body_contact={}, max_tilt={}, min_height={}}}"
RULES = {
    "height": (
        ONLY.format("false", 3.2, 0.98),
        r"(\w+) was ([\d.]+) m above the ground beneath it, less than ([\d.]+) m",
    ),
    "tilt": (
        ONLY.format("false", 0.01, 0.0),
        r"(\w+) tilted by ([\d.]+) rad, more than ([\d.]+) rad",
    ),
    "contact": (ONLY.format("true", 3.2, 0.0), r"(\w+) touched the ground"),
}


@pytest.mark.parametrize(("settings", "clause"), RULES.values(), ids=RULES)
def test_the_journal_says_which_rule_ended_an_episode(
    file: Path, tmp_path: Path, settings: str, clause: str
) -> None:
    longer = "scenario.duration=4.0", "optimizer.generations=1"
    run = Run.create(read(file, [settings, *longer]), tmp_path / "run")
    evolve(run)
    model = run.experiment.morphology.model
    bodies = {model.body(i).name for i in range(model.nbody)}
    evaluation = run.journal[0].evaluation
    fell = evaluation.outcome == "fell"
    assert fell.any()
    for ending in evaluation.ending[fell].tolist():
        found = re.fullmatch(clause, ending)
        assert found, ending
        assert found[1] in bodies
        if found.lastindex == 3:
            assert 0 < abs(float(found[2]) - float(found[3])) < 0.2
    assert set(evaluation.ending[~fell].tolist()) <= {"it lasted to its end"}
    run.journal.close()


def test_the_individual_has_the_ending_of_its_worst_episode(file: Path, tmp_path: Path) -> None:
    settings = RULES["height"][0], "scenario.duration=4.0", "evaluation.episodes=3"
    run = Run.create(read(file, [*settings, "scenario.joint_noise=0.2"]), tmp_path / "run")
    evolve(run, 2)
    run.journal.close()
    with closing(sqlite3.connect(tmp_path / "run" / "journal.sqlite")) as database:
        rows = database.execute(
            "SELECT i.ending, e.ending, min(e.fitness) FROM individuals i "
            "JOIN episodes e USING (generation, individual) GROUP BY i.generation, i.individual"
        ).fetchall()
    assert len(rows) == 8
    assert all(of_individual == of_worst for of_individual, of_worst, _ in rows)


def test_a_replay_says_it_with_the_time(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    settings = RULES["tilt"][0], "scenario.duration=4.0", "optimizer.generations=1"
    run = Run.create(read(file, settings), tmp_path / "run")
    evolve(run)
    record = run.journal[0].evaluation
    again = replay(run, "0:1")
    run.journal.close()

    said = f"It fell after {record.duration[1, 0]:.2f} s: {record.ending[1, 0]}."
    assert again.endings == [said]
    assert said in evoloco("replay", run.folder, "--individual", "0:1").out


def test_a_replay_of_several_episodes_groups_them(
    evoloco: Callable[..., Ended], whole: Path
) -> None:
    out = evoloco("replay", whole).out
    lines = [line for line in out.splitlines() if line.startswith("It ") and "(episode" in line]
    episodes = re.findall(r"\d+", " ".join(line.rpartition("(")[2] for line in lines))
    assert sorted(map(int, episodes)) == [0, 1]


def test_an_episode_that_diverged_says_with_which_warning(file: Path, tmp_path: Path) -> None:
    diverges = own(tmp_path, "ctrl[0] = math.nan")
    run = Run.create(read(file, [diverges]), tmp_path / "run")
    evolve(run, 1)
    (ending,) = set(run.journal[0].evaluation.ending.ravel().tolist())
    assert re.fullmatch(r"the simulation diverged \(\w+\)", ending)
    (said,) = replay(run, "0:0").endings
    assert re.fullmatch(rf"It ended after 0\.2\d s: {re.escape(ending)}\.", said)
    run.journal.close()
