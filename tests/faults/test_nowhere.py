"""Searches that go nowhere: they end with a report, and say why."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evoloco.champion import elite
from evoloco.errors import SpecError
from evoloco.evaluation import Evaluation
from evoloco.loop import evolve
from evoloco.record.journal import Generation, Journal
from evoloco.remarks import remarks
from evoloco.run import Run
from evoloco.spec import read

from .injection import Ended, own

DIVERGES = "ctrl[0] = math.nan"
TWO = (
    'fitness={a={measure="forward_speed", weight=1.0, objective="speed"}, '
    'b={measure="survival", weight=1.0, objective="life"}}'
)
GRID = (
    "fitness.life={measure='survival', weight=0.0}",
    "optimizer.descriptors=['speed', 'life']",
    "optimizer.ranges=[[0.0, 1.0], [0.0, 1.0]]",
)
FEW = "optimizer.generations=3"


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        ("optimizer.name=cmaes",),
        ("optimizer.name=uniform",),
        ("optimizer.name=ga",),
        (TWO, "optimizer.name=nsga2"),
        (TWO, "optimizer.name=nsga3"),
        (*GRID, "optimizer.name=map_elites"),
        (*GRID, "optimizer.name=cma_me"),
        ("optimizer.population_size=6", "optimizer.name=race"),
    ],
    ids=lambda settings: settings[-1],
)
def test_a_search_in_which_everything_diverged_ends_with_a_report_that_says_so(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    folder = tmp_path / "run"
    ended = evoloco("evolve", file, own(tmp_path, DIVERGES), FEW, *settings, "--out", folder)
    assert ended.code == 0, ended.err
    assert re.search(r"All (12|18) episodes of the search diverged", ended.err)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "episodes of the search diverged" in page
    assert evoloco("report", folder).code == 0

    champion = json.loads((folder / "champion.json").read_text(encoding="utf-8"))
    assert champion["heldout_fitness"] is None
    assert evoloco("replay", folder).code == 0


@pytest.mark.parametrize("settings", [(), (TWO, "optimizer.name=nsga2")], ids=["one", "two"])
def test_a_search_in_which_everything_diverged_has_a_champion_and_a_remark(
    file: Path, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    run = Run.create(read(file, [own(tmp_path, DIVERGES), FEW, *settings]), tmp_path / "run")
    evolve(run)
    assert run.remarks[0].startswith("All 12 episodes of the search diverged")
    assert run.choose_champion().heldout_fitness == -np.inf
    run.journal.close()


@pytest.mark.slow
def test_with_several_objectives_the_stable_ones_are_the_elite(file: Path, tmp_path: Path) -> None:
    some = own(tmp_path, DIVERGES, "params.period > 0.5")
    run = Run.create(read(file, [some, TWO, "optimizer.name=nsga2"]), tmp_path / "run")
    evolve(run, 3)
    outcomes = {
        (record.generation, i): set(record.evaluation.outcome[i].tolist())
        for record in run.journal.generations()
        for i in range(len(record.genomes))
    }
    assert {"unstable"} in outcomes.values()
    for candidate in elite(run.experiment, run.journal):
        assert "unstable" not in outcomes[candidate.generation, candidate.individual]
    run.journal.close()


FALLS = (
    "scenario.termination.min_height=1.0",
    "scenario.duration=2.0",
    "optimizer.generations=2",
)


@pytest.mark.slow
def test_a_search_whose_first_generation_falls_at_once_says_so_at_once_and_at_the_end(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    ended = evoloco("evolve", file, *FALLS, "--out", folder)
    assert ended.code == 0, ended.err
    said = "Every episode of the first generation ended within 0.1 s"
    assert said in ended.err
    assert "home pose, scenario.termination.min_height" in ended.err
    assert re.search(r"None of the (\d+) episodes .* lived to its end: \1 fell\.", ended.err)

    run = Run(folder)
    assert [event[0] for event in run.journal.events() if said in event[2]] == [0]
    run.journal.close()


def test_a_search_that_goes_well_has_no_remarks(whole: Path) -> None:
    run = Run(whole)
    assert run.remarks == []
    run.journal.close()


def test_a_search_without_differences_says_so(file: Path, tmp_path: Path) -> None:
    flat = 'fitness={a={measure="survival", weight=0.0}}', "optimizer.name=uniform"
    run = Run.create(read(file, [*flat, FEW]), tmp_path / "run")
    evolve(run)
    (remark,) = run.remarks
    assert remark.startswith("All genomes have the same fitness, 0: nothing told a better one")
    run.journal.close()


# Fitness that overflows


def test_weights_that_could_overflow_are_refused_by_name(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    huge = (
        'fitness={near={measure="distance",weight=1e300}, far={measure="survival",weight=-1e308}, '
        'fine={measure="distance",weight=-1e100}}'
    )
    ended = evoloco("evolve", file, huge, "--out", tmp_path / "run")
    assert ended.code == 2
    for words in ("'fitness.near.weight'", "'fitness.far.weight'", "1e+300", "1e+100"):
        assert words in ended.message
    assert "fine" not in ended.message
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("weight", ["1e999", "-1e999", "nan"])
def test_a_weight_that_is_not_finite_is_refused(file: Path, weight: str) -> None:
    with pytest.raises(SpecError, match=r"fitness\.speed\.weight"):
        read(file, [f"fitness.speed.weight={weight.replace('1e999', 'inf')}"])


def test_a_floor_that_could_overflow_is_refused(file: Path) -> None:
    with pytest.raises(SpecError, match=r"fitness\.speed\.floor': Must be between -1e\+100"):
        read(file, ["fitness.speed.floor=-1e300"])


def test_the_largest_weights_give_a_finite_fitness(file: Path, tmp_path: Path) -> None:
    large = [f"fitness.t{i}={{measure='survival', weight=1e100}}" for i in range(20)]
    run = Run.create(read(file, large), tmp_path / "run")
    evolve(run, 3)
    for record in run.journal.generations():
        assert np.isfinite(record.fitness).all()
    assert np.isfinite(run.choose_champion().heldout_fitness)
    run.journal.close()


HUGE = "UNIT, FLOORS = '1', (0.0, 0.0)\n\n\ndef measure(episode):\n    return 1e300\n"


def test_a_sum_that_overflows_ends_the_run_with_its_terms(
    evoloco: Callable[..., Ended], file: Path, tmp_path: Path
) -> None:
    (tmp_path / "huge.py").write_text(HUGE, encoding="utf-8")
    term = f"fitness.huge={{measure='{tmp_path / 'huge.py'}', weight=1e10}}"
    ended = evoloco("evolve", file, term, "--out", tmp_path / "run")
    assert ended.code == 2
    assert "Generation 0, individual 0, episode 0" in ended.message
    assert "huge" in ended.message


# Remarks on journals written by hand


def journal_of(path: Path, *generations: tuple[list[float], list[str]]) -> Journal:
    """A journal whose generations have some fitness and outcomes, one per individual."""
    journal = Journal.create(path, ["gene"], ["speed"])
    for number, (given, outcomes) in enumerate(generations):
        fitness = np.array(given)
        each = fitness[:, None]
        evaluation = Evaluation(
            fitness=each,
            values=each[..., None],
            outcome=np.array(outcomes)[:, None],
            duration=np.ones_like(each),
            distance=each,
            ending=np.array(outcomes)[:, None],
        )
        genomes = np.full((len(fitness), 1), 0.5)
        journal.append(Generation(number, genomes, fitness, evaluation, 0.0, 0.0, 0.1, 0.1))
    return journal


UP, FELL = "completed", "fell"
BEST_FELL = ([2.0, 1.0], [FELL, UP])
BEST_UP = ([1.0, 2.0], [FELL, UP])
FLAT = ([3.0, 3.0], [UP, UP])
REMARKED = {
    "well": ([BEST_UP] * 12, ""),
    "the best fell": ([BEST_UP, *[BEST_FELL] * 10], "each of the last 10 generations fell"),
    "the best fell of few": ([BEST_FELL] * 3, "each of the last 3 generations fell"),
    "one of the best was up": ([*[BEST_FELL] * 9, BEST_UP], ""),
    "all fell": ([([2.0, 1.0], [FELL, FELL])] * 3, "None of the 6 episodes of the search"),
    "flat at the end": ([BEST_UP, *[FLAT] * 5], "the same fitness since generation 1, 3:"),
    "flat, but not for long": ([BEST_UP, *[FLAT] * 4], ""),
    "flat, but not the same": ([FLAT, *[([4.0, 4.0], [UP, UP])] * 4], ""),
    "flat from the start": ([FLAT] * 2, "All genomes have the same fitness, 3:"),
    "diverged": ([([-np.inf] * 2, ["unstable"] * 2)] * 2, "All 4 episodes of the search diverged"),
}


@pytest.mark.parametrize(("generations", "words"), REMARKED.values(), ids=REMARKED)
def test_a_journal_earns_one_remark_or_none(
    file: Path,
    tmp_path: Path,
    generations: list[tuple[list[float], list[str]]],
    words: str,
) -> None:
    journal = journal_of(tmp_path / "journal.sqlite", *generations)
    found = remarks(read(file), journal)
    journal.close()
    assert len(found) == bool(words), found
    assert all(words in remark for remark in found)


def test_a_search_without_a_generation_earns_no_remark(file: Path, tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal.sqlite", ["gene"], ["speed"])
    assert remarks(read(file), journal) == []
    journal.close()
