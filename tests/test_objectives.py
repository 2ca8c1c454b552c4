"""Several objectives, from the run file to the front in the report."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from evoloco.errors import EvolocoError, JournalError, SpecError
from evoloco.experiment import Experiment
from evoloco.loop import evolve
from evoloco.rating import aggregate
from evoloco.record.journal import Journal
from evoloco.replay import replay
from evoloco.report.assemble import write_report
from evoloco.run import Run
from evoloco.search.pareto_front import front, nondominated
from evoloco.spec import read
from evoloco.term import Term, fitness, objective_names, objectives

TRADE = [
    "optimizer.name=nsga2",
    "optimizer.population_size=8",
    "optimizer.generations=4",
    "fitness.speed.objective=speed",
    "fitness.economy={measure='cost_of_transport', weight=-0.1, objective='economy'}",
    "fitness.slip={measure='foot_slip', weight=0.0}",
]
"""A run of two objectives; what is only recorded makes no third."""


@pytest.fixture
def trade(hop: Path, tmp_path: Path) -> Run:
    run = Run.create(read(hop, TRADE), tmp_path / "trade")
    evolve(run)
    return run


def terms(*rows: tuple[float, str]) -> list[Term]:
    return [
        Term(f"t{k}", weight, "m", lambda _: 0.0, {}, "1", name)
        for k, (weight, name) in enumerate(rows)
    ]


# Episodes


def test_objectives_are_the_sums_of_their_own_terms_and_fitness_is_their_sum() -> None:
    both = terms((2.0, "speed"), (-1.0, "economy"), (0.5, "speed"), (0.0, "other"))
    values = np.random.default_rng(0).normal(size=(50, 4))
    assert objective_names(both) == ("speed", "economy")
    found = objectives(both, values)
    np.testing.assert_allclose(found[:, 0], 2.0 * values[:, 0] + 0.5 * values[:, 2], rtol=1e-13)
    np.testing.assert_allclose(found[:, 1], -values[:, 1], rtol=1e-13)
    np.testing.assert_allclose(fitness(both, values), found.sum(axis=1), rtol=1e-13)


def test_one_objective_of_any_name_is_the_plain_fitness() -> None:
    counted = np.random.default_rng(0).normal(size=(9, 2))
    plain = fitness(terms((1.0, "fitness"), (-2.0, "fitness")), counted)
    assert np.array_equal(plain, fitness(terms((1.0, "only"), (-2.0, "only")), counted))
    np.testing.assert_allclose(plain, counted @ [1, -2], rtol=1e-13)


# Thresholds


@pytest.mark.parametrize("weight", [2.0, -2.0])
def test_a_term_counts_from_its_threshold_on_whatever_its_sign(weight: float) -> None:
    ruled = Term("t", weight, "m", lambda _: 0.0, {}, "1", threshold=0.05, floor=-weight)
    values = [-0.2, -0.04, 0.0, 0.049, 0.05, 0.06]
    assert [ruled.counted_value(value) for value in values] == [-0.2, 0.0, 0.0, 0.0, 0.05, 0.06]


def test_a_run_with_a_threshold_records_values_as_they_are_and_sums_them_as_they_count(
    hop: Path, tmp_path: Path
) -> None:
    slip = "fitness.slip={measure='foot_slip', weight=-1.0, threshold=0.002}"
    run = Run.create(read(hop, [slip, "optimizer.generations=2"]), tmp_path / "run")
    evolve(run)
    place = [term.name for term in run.experiment.terms].index("slip")
    ruled = run.experiment.terms[place]
    weights = np.array([term.weight for term in run.experiment.terms])
    evaluation = run.local().evaluate(run.upcoming(), run.experiment.scenarios(0), 0.0)
    values, counted = evaluation.values[..., place], evaluation.counted[..., place]
    lived = evaluation.duration / run.spec.scenario.duration
    worth = np.where(values < 0.002, 0.0, values)
    np.testing.assert_allclose(counted, lived * worth + (1 - lived) * ruled.floor, rtol=1e-12)
    np.testing.assert_allclose(
        evaluation.fitness, (evaluation.counted * weights).sum(axis=-1), rtol=1e-12
    )
    cases = {
        (bool(value > 0), bool(value < 0.002))
        for record in run.journal.generations()
        for value in record.evaluation.values[..., place].flat
    }
    assert (True, True) in cases
    assert (True, False) in cases


def test_a_measure_may_not_take_a_key_of_the_term_for_itself(hop: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def measure(episode, threshold=1.0):\n    return 0.0\n")
    spec = read(hop, [f"fitness.mine={{measure='{tmp_path / 'mine.py'}', weight=1.0}}"])
    with pytest.raises(
        SpecError,
        match=r"fitness\.mine\.measure: the parameter 'threshold' of .* is a key of every",
    ):
        _ = Experiment(spec).terms
    with pytest.raises(
        SpecError, match=r"'fitness\.speed\.threshold': Input should be greater than or equal to 0"
    ):
        read(hop, ["fitness.speed.threshold=-1"])


# The front


def test_the_front_is_what_no_other_dominates() -> None:
    points = np.random.default_rng(0).integers(0, 6, size=(200, 3)).astype(float)
    by_definition = [
        not any(np.all(other >= point) and np.any(other > point) for other in points)
        for point in points
    ]
    assert nondominated(points).tolist() == by_definition
    assert 0 < sum(by_definition) < 200


def test_one_objective_has_the_maxima_as_its_front() -> None:
    assert nondominated(np.array([[1.0], [3.0], [2.0], [3.0]])).tolist() == [
        False,
        True,
        False,
        True,
    ]


# Runs


def test_a_journal_of_several_objectives_has_a_column_for_each(trade: Run) -> None:
    database = sqlite3.connect(trade.journal.path)
    rows = database.execute(
        "SELECT objective_speed, objective_economy, fitness FROM individuals"
    ).fetchall()
    database.close()
    speed, economy, total = np.array(rows).T
    np.testing.assert_allclose(total, speed + economy, rtol=1e-12)  # of means and the mean of sums
    assert economy.max() <= 0 < speed.max()
    assert Journal(trade.journal.path).objectives == ("speed", "economy")


def test_recorded_objectives_follow_from_the_episodes(trade: Run) -> None:
    record = trade.journal[0]
    scenarios = trade.experiment.scenarios(0)
    evaluation = trade.local().evaluate(record.genomes, scenarios, record.support)
    each = objectives(trade.experiment.terms, evaluation.counted)
    for place in range(2):
        np.testing.assert_allclose(
            record.objectives[:, place], aggregate(each[..., place], "mean", 1), rtol=1e-12
        )


@pytest.mark.parametrize("name", ["nsga2", "nsga3"])
def test_a_resumed_run_of_several_objectives_equals_an_uninterrupted_one(
    name: str, hop: Path, tmp_path: Path
) -> None:
    spec = read(hop, [*TRADE, f"optimizer.name={name}"])
    whole, parts = Run.create(spec, tmp_path / "whole"), Run.create(spec, tmp_path / "parts")
    evolve(whole)
    evolve(parts, generations=2)
    evolve(Run(tmp_path / "parts"), generations=4)
    for one, other in zip(
        whole.journal.generations(), Run(tmp_path / "parts").journal.generations(), strict=True
    ):
        assert one.genomes.tobytes() == other.genomes.tobytes()
        assert one.objectives.tobytes() == other.objectives.tobytes()


def test_the_champion_is_the_best_sum_of_the_front_on_heldout_scenarios(trade: Run) -> None:
    champion = trade.choose_champion()
    found = front(trade.journal)
    best = found.individuals[found.best].tolist()
    assert [champion.generation, champion.individual] in best
    told = json.loads((trade.folder / "champion.json").read_text())
    assert set(told["heldout_objectives"]) == {"speed", "economy"}
    assert sum(told["heldout_objectives"].values()) == pytest.approx(told["heldout_fitness"])


def test_every_point_of_the_front_replays_to_the_last_bit(trade: Run) -> None:
    found = front(trade.journal)
    for generation, individual in found.individuals[found.best]:
        assert replay(trade, f"{generation}:{individual}").equal


@pytest.mark.slow
def test_the_report_of_several_objectives_draws_the_front_with_its_addresses(trade: Run) -> None:
    trade.choose_champion()
    page = write_report(trade)[0].read_text(encoding="utf-8")
    section = page.partition('<section id="front">')[2].partition("</section>")[0]
    found = front(trade.journal)
    for (generation, individual), point in zip(
        found.individuals[found.best], found.points[found.best], strict=True
    ):
        assert f"<code>{generation}:{individual}</code>" in section
        assert f'<data value="{point[0]}">' in section
    assert section.count("<svg") == 2
    assert ">speed</text>" in section
    assert ">economy</text>" in section


@pytest.mark.slow
def test_the_report_of_one_objective_has_no_front(hop: Path, tmp_path: Path) -> None:
    run = Run.create(read(hop), tmp_path / "one")
    evolve(run, generations=1)
    run.choose_champion()
    assert 'id="front"' not in write_report(run)[0].read_text(encoding="utf-8")
    assert "heldout_objectives" not in (run.folder / "champion.json").read_text()


# Refusals


@pytest.mark.parametrize("name", ["cmaes", "ga", "uniform"])
def test_an_optimizer_of_one_objective_refuses_several_and_names_those_that_take_them(
    name: str, hop: Path
) -> None:
    experiment = Experiment(read(hop, [*TRADE, f"optimizer.name={name}"]))
    words = (
        rf"'{name}' does not take 2 objectives \(speed, economy\). "
        r"Optimizers that do: nsga2, nsga3\."
    )
    with pytest.raises(SpecError, match=words):
        experiment.optimizer()


@pytest.mark.parametrize("name", ["nsga2", "nsga3"])
def test_an_optimizer_of_several_objectives_refuses_one_and_names_those_that_take_it(
    name: str, hop: Path
) -> None:
    words = rf"'{name}' does not take one objective. Optimizers that do: .*cmaes.*uniform"
    with pytest.raises(EvolocoError, match=words):
        Experiment(read(hop, [f"optimizer.name={name}"])).optimizer()


def test_an_objective_whose_column_is_taken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        JournalError, match="objective cannot be called 'x': the journal has a column 'objective_x'"
    ):
        Journal.create(tmp_path / "journal.sqlite", ["g"], ["objective_X"], ["x", "y"])
