"""What a dry run says, and that it leaves nothing behind."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Ended

from evoloco.bundled import run_file
from evoloco.dry_run import dry_run
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.spec import read

Command = Callable[..., Ended]
SHORT = ("scenario.duration=0.5", "evaluation.heldout_duration=0.5")


def test_a_dry_run_writes_nothing_and_says_what_would_happen(
    evoloco: Command, hop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hop.parent)
    aids = ["evaluation.support={stiffness=1.0,generations=9}"]
    aids += [f"scenario.push.{key}" for key in ("count=1", "impulse=0.1", "growth=30")]
    ended = evoloco("evolve", hop, *aids, "--dry-run", "--seed", "4")
    assert ended.code == 0, ended.err
    assert [path.name for path in hop.parent.iterdir()] == ["hop.toml"]
    assert max(map(len, ended.out.splitlines())) < 80
    for words in (
        "Genes       7: 7 of the controller, 0 of the body",
        "Search      cmaes: 4 generations of 5 genomes, seed 4",
        "Scenarios   2 per genome, 1 s each; then 2 choose the champion",
        "Aids        a virtual support during the first 9 generations, pushes that grow",
        "At home     the body stands for 2 s",
        "Cost        at most about ",
        "Folder      runs/out/hop-seed4\n",
        "Nothing was written.",
    ):
        assert words in ended.out, words


def test_the_genome_that_is_tried_is_the_first_of_the_search() -> None:
    spec = read(run_file("hopper"), SHORT)
    found, experiment = dry_run(spec, 1), Experiment(spec)
    genomes = experiment.optimizer().ask()[:1]
    expected = Local(experiment, 1).evaluate(genomes, experiment.scenarios(0), 1.0)
    np.testing.assert_array_equal(found.genome.fitness, expected.fitness)


def test_the_cost_is_that_of_all_episodes_at_the_measured_pace() -> None:
    spec = read(run_file("hopper"), [*SHORT, "evaluation.episodes=3"])
    found = dry_run(spec, 2)
    simulated = spec.optimizer.population_size * 3 * 0.5
    assert found.generation_time == pytest.approx(simulated / found.pace / 2)
    beyond = (spec.evaluation.elite + 1) * spec.evaluation.heldout_episodes * 0.5
    whole = spec.optimizer.generations * found.generation_time + beyond / found.pace / 2
    assert found.total_time == pytest.approx(whole)


@pytest.mark.parametrize(
    ("run", "override", "words"),
    [
        ("hopper", "scenario.termination.min_height=1.0", "although its servos hold the home"),
        pytest.param(
            "muscle_biped",
            "seed=1",
            "muscles hold no posture by themselves",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_body_that_falls_at_home_is_warned_of(
    evoloco: Command, run: str, override: str, words: str
) -> None:
    ended = evoloco("evolve", run, override, "scenario.duration=0.5", "--dry-run", "--quiet")
    assert ended.code == 0
    assert ended.out == ""
    assert ended.err.startswith("Warning: the body falls at home after ")
    assert words in ended.err


def test_a_dry_run_as_json_is_one_object(evoloco: Command, hop: Path) -> None:
    ended = evoloco("evolve", hop, "--dry-run", "--json", "--seeds", "0-4", "--threads", "1")
    (line,) = ended.out.splitlines()
    found = json.loads(line)
    assert found["event"] == "dry-run"
    assert found["stands_at_home"] is True
    assert (found["controller_genes"], found["seeds"], found["threads"]) == (7, 5, 1)
    assert found["folder"] == "runs/out/hop-seeds"


def test_a_run_file_that_is_wrong_is_refused_as_by_evolve(evoloco: Command, hop: Path) -> None:
    dry = evoloco("evolve", hop, "controller.symmetry=odd", "--dry-run")
    wet = evoloco("evolve", hop, "controller.symmetry=odd")
    assert dry.code == wet.code == 2
    assert dry.err == wet.err
