"""The race of CMA-ES searches: its schedule, its rule, its account, and the searches in it."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import theilslopes
from searches import POPULATION, Case, Function, made, run, space, sphere

from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.loop import evolve
from evoloco.optimizer import Search
from evoloco.optimizers import cmaes, race
from evoloco.report.assemble import write_report
from evoloco.run import Run
from evoloco.spec import read

RACE, CMAES = Case("race"), Case("cmaes")


def valleys(genomes: Array) -> Array:
    """Rastrigin's function: an optimum in each of 64 cells, the best, 0, at 0.5 in both genes."""
    x = 8 * genomes - 4
    return -np.asarray((10 + x**2 - 10 * np.cos(2 * np.pi * x)).sum(axis=1))


def told(optimizer: race.Optimizer, rounds: int, *curves: Function) -> None:
    """Runs rounds of all racers, whose best fitness in a round is given by a curve each."""
    for place in range(rounds):
        for curve in curves:
            genomes = optimizer.ask()
            best = curve(np.array(float(place)))
            optimizer.tell(genomes, best - np.arange(len(genomes)), np.zeros((len(genomes), 0)))


def shares(optimizer: race.Optimizer) -> dict[int, int]:
    """Genomes of each racer, as the events tell."""
    return {
        int(racer): int(took)
        for took, racer in re.findall(r"(\d+) of racer (\d+)", optimizer.events[-1])
    }


def racing(optimizer: race.Optimizer) -> list[int]:
    """Racers in the race, as the events tell."""
    return [
        int(number) for number in optimizer.events[-1].partition("in the race: ")[2].split(", ")
    ]


# The searches


@pytest.mark.parametrize("levels", [(), (2, 5)])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sigma": 0.1, "start": "random"},
        {"covariance": "diagonal"},
        {"elitist": True},
        {"active": False},
    ],
)
def test_a_race_of_one_is_cmaes(levels, options) -> None:
    alone, plain = (
        made(RACE, levels=levels, racers=1, **options),
        made(CMAES, levels=levels, **options),
    )
    assert np.array_equal(run(alone, 30), run(plain, 30))
    assert alone.stop_reason() == plain.stop_reason() == ""


def test_a_race_of_one_ends_where_cmaes_does() -> None:
    alone, plain = made(RACE, racers=1), made(CMAES)
    run(alone, 2, lambda genomes: np.ones(len(genomes)))
    run(plain, 2, lambda genomes: np.ones(len(genomes)))
    assert plain.stop_reason()
    assert alone.stop_reason() == f"racer 1, the last in the race, ended: {plain.stop_reason()}"


def test_racers_take_turns_and_each_is_a_cmaes_that_knows_nothing_of_the_others() -> None:
    asked = np.array(run(made(RACE, racers=3, trial=10), 30))
    first, second, third = asked[0::3], asked[1::3], asked[2::3]
    assert np.array_equal(first, run(made(CMAES), 10))
    assert np.array_equal(second, run(made(CMAES, seed=race.racer_seed(1, 2)), 10))
    assert np.array_equal(third, run(made(CMAES, seed=race.racer_seed(1, 3)), 10))
    assert not np.array_equal(second[0], third[0])
    assert not np.array_equal(first[0], second[0])


def test_races_of_different_seeds_share_no_racer() -> None:
    seeds = [race.racer_seed(seed, number) for seed in range(50) for number in range(1, 21)]
    assert len(set(seeds)) == len(seeds)


# The rule


def test_the_line_through_points_of_a_line_is_that_line() -> None:
    level, rise = race.theil_sen(3.0 + 0.25 * np.arange(9))
    assert (level, rise) == (5.0, 0.25)


def test_the_line_is_that_of_scipy() -> None:
    fitness = np.random.default_rng(0).standard_normal(20)
    expected = theilslopes(fitness, np.arange(20), method="joint")
    level, rise = race.theil_sen(fitness)
    assert rise == pytest.approx(expected.slope, rel=1e-12)
    assert level == pytest.approx(expected.intercept + 19 * expected.slope, rel=1e-12)


@pytest.mark.parametrize("odd", [-1e9, 1e9, -np.inf])
def test_a_few_odd_generations_do_not_move_the_line(odd: float) -> None:
    fitness = 1.0 + 0.5 * np.arange(12)
    fitness[[2, 7]] = odd
    assert race.theil_sen(fitness) == (pytest.approx(6.5), pytest.approx(0.5))


@pytest.mark.parametrize("unstable", [6, 12])
def test_a_line_through_generations_half_unstable_is_at_minus_infinity(unstable: int) -> None:
    fitness = np.arange(12.0)
    fitness[:unstable] = -np.inf
    assert race.theil_sen(fitness)[0] == -np.inf


@pytest.mark.parametrize(
    ("look_ahead", "stopped"), [(0, 2), (8, 2), (12, 1)]
)  # the lines cross 10 generations on
def test_prediction_decides_between_a_racer_that_is_ahead_and_one_that_climbs(
    look_ahead: int, stopped: int
) -> None:
    optimizer = made(RACE, racers=2, trial=6, look_ahead=look_ahead)
    told(optimizer, 6, lambda place: 3.0 + 0 * place, lambda place: 0.2 * place)
    fitness = {1: 3, 2: 1}[stopped]
    assert optimizer.events[0].startswith(
        f"racer {stopped} stopped after 6 generations at fitness {fitness}:"
    )


def test_prediction_forgets_what_was_before_the_last_trial() -> None:
    optimizer = made(RACE, racers=3, trial=4, heat=4, look_ahead=10)
    told(
        optimizer,
        4,
        lambda place: 30 * place - 90,
        lambda place: 5 + 0 * place,
        lambda place: 0 * place - 1000,
    )
    told(
        optimizer, 4, lambda place: 0 * place, lambda place: 5 + 0 * place
    )  # racer 1 climbs no more
    assert [event.split(" stopped")[0] for event in optimizer.events[:2]] == ["racer 3", "racer 1"]


def test_a_racer_whose_genomes_are_unstable_stops_first() -> None:
    optimizer = made(RACE, racers=3, trial=4)
    told(
        optimizer,
        4,
        lambda place: -50 + 0 * place,
        lambda place: -np.inf + 0 * place,
        lambda place: -9 - place,
    )
    assert optimizer.events[0] == (
        "racer 2 stopped after 4 generations at fitness -inf: "
        "predicted -inf in 10 more, racer 1 -50"
    )


def test_where_all_generations_are_unstable_the_runs_own_seed_stays() -> None:
    optimizer = made(RACE, racers=3, trial=2, heat=1)
    told(optimizer, 2, *3 * [lambda place: -np.inf + 0 * place])
    told(optimizer, 1, *2 * [lambda place: -np.inf + 0 * place])
    assert racing(optimizer) == [1]


def test_a_race_is_blind_to_the_scale_of_fitness() -> None:
    options = {"racers": 3, "trial": 4, "heat": 2}
    plain = run(made(RACE, **options), 40)
    assert np.array_equal(
        plain, run(made(RACE, **options), 40, lambda genomes: 8 * sphere(genomes))
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_among_many_local_optima_the_racer_in_the_best_basin_is_left(seed: int) -> None:
    def end(number: int) -> float:
        """Fitness that a racer reaches when it is alone."""
        search = Search(space(size=2), POPULATION, race.racer_seed(seed, number))
        return float(
            valleys(run(cmaes.Optimizer(search, sigma=0.02, start="random"), 40, valleys)[-1]).max()
        )

    ends = [end(number) for number in (1, 2, 3, 4)]
    assert np.ptp(ends) > 1  # the basins differ
    optimizer = race.Optimizer(
        Search(space(size=2), POPULATION, seed),
        racers=4,
        trial=20,
        heat=5,
        look_ahead=5,
        sigma=0.02,
        start="random",
    )
    run(optimizer, 4 * 20 + 5 * (3 + 2) + 1, valleys)
    (left,) = racing(optimizer)
    assert ends[left - 1] == pytest.approx(max(ends), abs=0.01)  # of mirrored basins, either


# The schedule and the account


@pytest.mark.parametrize(("racers", "trial", "heat"), [(2, 5, 3), (3, 2, 1), (5, 4, 3)])
def test_the_race_takes_the_generations_that_its_docstring_says(
    racers: int, trial: int, heat: int
) -> None:
    optimizer = made(RACE, racers=racers, trial=trial, heat=heat)
    raced = racers * trial + heat * sum(range(2, racers))
    run(optimizer, raced - 1)
    assert len(racing(optimizer)) == 2
    run(optimizer, 1)
    (left,) = racing(optimizer)
    assert shares(optimizer)[left] == POPULATION * (trial + heat * (racers - 2))
    before = shares(optimizer)
    run(optimizer, 7)
    assert shares(optimizer) == {**before, left: before[left] + 7 * POPULATION}


def test_the_account_is_of_all_genomes_asked_for() -> None:
    optimizer = made(RACE, racers=4, trial=3, heat=2)
    for generations in range(1, 41):
        run(optimizer, 1)
        total = sum(shares(optimizer).values())
        assert total == generations * POPULATION
        assert f"best of 4 racers with {total} genomes in all" in optimizer.events[-1]
    assert len(optimizer.events) == 4  # three stopped


def test_racers_that_end_by_themselves_leave_the_race_to_the_others() -> None:
    optimizer = made(RACE, racers=3, trial=50)
    for turn in range(12):
        genomes = optimizer.ask()
        fitness = (
            np.zeros(len(genomes)) if turn % 3 == 1 and turn < 6 else sphere(genomes)
        )  # racer 2 sees a plain
        optimizer.tell(genomes, fitness, np.zeros((len(genomes), 0)))
    assert optimizer.events[0].startswith("racer 2 ended after ")
    assert " at fitness 0: tol" in optimizer.events[0]
    assert racing(optimizer) == [1, 3]
    assert optimizer.stop_reason() == ""


def test_a_race_ends_with_its_last_racer() -> None:
    optimizer = made(RACE, racers=3, trial=50)
    for _ in range(30):
        run(optimizer, 1, lambda genomes: np.ones(len(genomes)))
        if optimizer.stop_reason():
            break
    assert re.match(r"racer \d, the last in the race, ended: tol", optimizer.stop_reason())
    assert len(racing(optimizer)) == 1


# In a run


@pytest.mark.slow
def test_a_race_is_recorded_resumed_and_reported(hop: Path, tmp_path: Path) -> None:
    race_of_three = (
        "optimizer={name='race', racers=3, trial=2, heat=1, population_size=5, generations=12}"
    )
    spec = read(hop, [race_of_three, "scenario.duration=0.2"])
    whole, parts = Run.create(spec, tmp_path / "whole"), Run.create(spec, tmp_path / "parts")
    evolve(whole)
    evolve(parts, generations=4)
    assert len(parts.search_events) == 1
    evolve(Run(tmp_path / "parts"), generations=7)
    evolve(Run(tmp_path / "parts"), generations=12)
    again = Run(tmp_path / "parts")
    for one, other in zip(whole.journal.generations(), again.journal.generations(), strict=True):
        assert one.genomes.tobytes() == other.genomes.tobytes()
        assert one.fitness.tobytes() == other.fitness.tobytes()
    assert whole.search_events == again.search_events
    assert [" stopped after " in event for event in whole.search_events] == [True, True, False]
    assert "best of 3 racers with 60 genomes in all" in whole.search_events[-1]
    whole.choose_champion()
    page = write_report(whole)[0].read_text(encoding="utf-8")
    assert all(f"<li>{event}</li>" in page for event in whole.search_events)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("racers=0", "Key 'optimizer.racers': Input should be greater than or equal to 1, not 0."),
        (
            "racers=1000",
            "Key 'optimizer.racers': Input should be less than or equal to 100, not 1000.",
        ),
        ("trial=1", "Key 'optimizer.trial': Input should be greater than or equal to 2, not 1."),
        ("heat=0", "Key 'optimizer.heat': Input should be greater than or equal to 1, not 0."),
        (
            "look_ahead=-1",
            "Key 'optimizer.look_ahead': Input should be greater than or equal to 0, not -1.",
        ),
        (
            "start='edge'",
            "Key 'optimizer.start': Input should be 'centre' or 'random', not 'edge'.",
        ),
        ("restarts='ipop'", "Unknown key in [optimizer] 'restarts'. Known"),
        ("racer=2", "Did you mean 'racers'?"),
    ],
)
def test_an_option_that_does_not_fit_is_told(hop: Path, option: str, words: str) -> None:
    with pytest.raises(EvolocoError) as caught:
        Experiment(read(hop, ["optimizer={name='race'}", f"optimizer.{option}"])).optimizer()
    assert words in str(caught.value)
