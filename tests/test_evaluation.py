import math
from pathlib import Path

import numpy as np
import pytest
from traces import body, episode, walk

from evoloco.ending import Outcome
from evoloco.errors import EvolocoError
from evoloco.evaluators.local import Local, judge
from evoloco.evaluators.worker import ARRAYS
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.rating import aggregate
from evoloco.spec import read
from evoloco.term import Term, fitness

FITNESS = np.array([[3.0, 1.0, 2.0, 6.0], [0.0, 0.0, 0.0, -4.0]])


@pytest.mark.parametrize(
    ("how", "part", "expected"),
    [
        ("mean", 0.5, [3.0, -1.0]),
        ("worst", 0.5, [1.0, -4.0]),
        ("cvar", 0.5, [1.5, -2.0]),
        ("cvar", 0.3, [1.5, -2.0]),  # 1.2 episodes are rounded up to two
        ("cvar", 0.25, [1.0, -4.0]),
        ("cvar", 1.0, [3.0, -1.0]),
    ],
)
def test_aggregates_equal_those_by_hand(how: str, part: float, expected: list[float]) -> None:
    np.testing.assert_allclose(aggregate(FITNESS, how, part), expected)


def test_the_worst_part_goes_from_worst_to_mean() -> None:
    random = np.random.default_rng(0).normal(size=(20, 10))
    parts = np.array([aggregate(random, "cvar", part) for part in np.linspace(0.1, 1.0, 10)])
    assert np.all(np.diff(parts, axis=0) >= -1e-15)
    np.testing.assert_allclose(parts[0], aggregate(random, "worst", 0.5))
    np.testing.assert_allclose(parts[-1], aggregate(random, "mean", 0.5))


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.3, 0.6, 0.7])
def test_a_fraction_that_is_a_whole_number_of_episodes_is_not_rounded_up(fraction: float) -> None:
    ranks = np.arange(10.0)[None]
    assert aggregate(ranks, "cvar", fraction)[0] == pytest.approx((round(10 * fraction) - 1) / 2)


@pytest.mark.parametrize("how", ["mean", "worst", "cvar"])
def test_one_unstable_episode_makes_the_genome_unstable(how: str) -> None:
    found = aggregate(np.array([[1.0, -np.inf, 2.0], [1.0, 1.0, 1.0]]), how, 0.9)
    assert found.tolist() == [-np.inf, 1.0]


def term(name: str, weight: float, value: float) -> Term:
    return Term(name, weight, name, lambda episode: np.full(len(episode), value), {}, "1")


def test_fitness_is_the_weighted_sum_of_what_counts() -> None:
    terms = [term("a", 2.0, 0.0), term("b", -0.5, 0.0), term("recorded", 0.0, 0.0)]
    counted = np.array([[1.0, 4.0, 9.0], [3.0, 0.0, 9.0]])
    np.testing.assert_allclose(fitness(terms, counted), [0.0, 6.0])


def test_a_term_is_the_mean_of_its_measure_over_the_lived_steps() -> None:
    measure = Term(
        "x", 1.0, "x", lambda episode, slope: slope * np.arange(len(episode)), {"slope": 2.0}, "m"
    )
    assert measure.value(episode(body(), 5)) == pytest.approx(4.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_measure_that_is_no_number_is_named(bad: float) -> None:
    fallen = episode(body(), 5, outcome=Outcome.FELL)
    with pytest.raises(
        EvolocoError, match=r"Measure 'y' \(fitness term 'y'\) returned .* fell after 0\.1 s"
    ):
        term("y", 1.0, bad).value(fallen)


@pytest.fixture
def experiment(hop: Path) -> Experiment:
    return Experiment(read(hop, ["fitness.alive={measure='survival', weight=2}"]))


def drawn(experiment: Experiment, count: int) -> Array:
    return np.random.default_rng(0).random((count, len(experiment.space)))


def test_an_evaluation_equals_the_episodes_judged_one_by_one(experiment: Experiment) -> None:
    genomes, scenarios = drawn(experiment, 3), experiment.scenarios(0)
    together = Local(experiment, 2).evaluate(genomes, scenarios, 0.0)
    assert together.fitness.shape == (3, 2)
    assert together.values.shape == (3, 2, 2)
    alone = Local(experiment, 1)
    for g in range(3):
        for s in range(2):
            one = alone.evaluate(genomes[g : g + 1], scenarios[s : s + 1], 0.0)
            for name in ARRAYS:
                assert getattr(one, name)[0, 0].tobytes() == getattr(together, name)[g, s].tobytes()
    np.testing.assert_allclose(together.fitness, together.counted @ [1.0, 2.0], rtol=1e-12)


def test_a_fall_counts_as_what_was_lived_and_the_floors_of_the_rest(
    experiment: Experiment,
) -> None:
    found = Local(experiment).evaluate(drawn(experiment, 10), experiment.scenarios(0), 0.0)
    fell = found.outcome == "fell"
    assert fell.any()
    assert np.all(found.duration[fell] < 1.0)
    speed, alive = experiment.terms
    assert (speed.floor, alive.floor) == (-1.0, 0.0)
    lived = found.duration  # of 1 s
    np.testing.assert_allclose(found.counted[..., 1], lived)
    least = lived * found.values[..., 0] - (1 - lived)
    assert np.all(found.counted[..., 0] >= least - 1e-12)  # a slow step counts its floor


def test_an_unstable_episode_has_the_worst_fitness_and_no_measures(experiment: Experiment) -> None:
    trace = walk(body(), steps=30, outcome=Outcome.UNSTABLE)
    found = judge(experiment, trace)
    assert found.fitness == -np.inf
    assert np.isnan(found.values).all()
    assert np.isnan(found.counted).all()
    assert found.outcome == "unstable"
    assert found.duration == pytest.approx(0.6)
    assert math.isnan(found.distance)


def test_scenarios_are_common_to_a_generation_and_new_in_the_next(experiment: Experiment) -> None:
    def offsets(scenarios) -> Array:  # type: ignore[no-untyped-def]
        return np.array([scenario.joint_offset for scenario in scenarios])

    first = offsets(experiment.scenarios(0))
    assert np.array_equal(first, offsets(experiment.scenarios(0)))
    assert not np.any(first == offsets(experiment.scenarios(1)))
    unseen = [offsets(experiment.elite_scenarios()), offsets(experiment.held_out())]
    for one, other in ((first, unseen[0]), (first, unseen[1]), unseen):
        assert not np.any(one[:, None] == other)
    assert not np.any(first[0] == first[1])
