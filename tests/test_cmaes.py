"""CMA-ES against pycma used directly, and its restarts against their sources."""

from pathlib import Path

import cma
import numpy as np
import pytest
from searches import POPULATION, SIZE, Case, made, run, space, sphere

from evoloco.genome import Array, Gene, Space
from evoloco.loop import evolve
from evoloco.optimizer import Search
from evoloco.optimizers import cmaes
from evoloco.report.assemble import write_report
from evoloco.run import Run
from evoloco.search.isolation import Isolation
from evoloco.search.restarts import bipop, ipop
from evoloco.spec import read

CMAES = Case("cmaes")


def rastrigin(genomes: Array) -> Array:
    """Largest, 0, at 0.5 in every gene, among local optima."""
    x = 8 * genomes - 4
    return -np.asarray((10 + x**2 - 10 * np.cos(2 * np.pi * x)).sum(axis=1))


def pycma(centre: list[float], sigma: float, random: np.random.Generator, **options: object):
    settings = {
        "bounds": [0, 1],
        "popsize": POPULATION,
        "seed": np.nan,
        "verbose": -9,
        "randn": lambda *shape: random.standard_normal(shape),
    }
    return cma.CMAEvolutionStrategy(centre, sigma, {**settings, **options})


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"covariance": "diagonal"}, {"CMA_diagonal": True}),
        ({"active": False}, {"CMA_active": False}),
        ({"mean_step": 0.3}, {"CMA_cmean": 0.3}),
    ],
)
@pytest.mark.parametrize("best", [0.3, 1.1])  # inside, and in a corner that bounds cut off
def test_cmaes_equals_pycma_with_the_same_random_numbers(
    best: float, ours: dict, theirs: dict
) -> None:
    def nearness(genomes: Array) -> Array:
        return -np.asarray(((genomes - best) ** 2).sum(axis=1))

    direct = pycma(SIZE * [0.5], 0.3, np.random.default_rng([1, SIZE]), **theirs)
    for genomes in run(made(CMAES, sigma=0.3, **ours), 30, nearness):
        asked = direct.ask()
        np.testing.assert_array_equal(genomes, np.array(asked))
        direct.tell(asked, list(-nearness(genomes)))


@pytest.mark.parametrize("levels", [(), (2, 5)])
def test_an_elitist_tries_the_fittest_again_in_the_next_generation(levels: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    search = made(CMAES, levels=levels, elitist=True)
    best: Array | None = None
    for _ in range(12):
        genomes = search.ask()
        if best is not None:
            np.testing.assert_allclose(genomes[0], best, atol=1e-12)
        fitness = random.random(len(genomes))  # luck: nothing is kept for what it once had
        best = genomes[np.argmax(fitness)]
        search.tell(genomes, fitness, np.zeros((len(genomes), 0)))


def test_a_random_start_is_pycmas_from_a_uniform_point() -> None:
    random = np.random.default_rng([1, SIZE])
    direct = pycma(random.random(SIZE).tolist(), 0.01, random)
    for genomes in run(made(CMAES, sigma=0.01, start="random"), 10):
        asked = direct.ask()
        np.testing.assert_array_equal(genomes, np.array(asked))
        direct.tell(asked, list(-sphere(genomes)))


def test_options_change_the_search() -> None:
    plain = run(made(CMAES), 20)
    for options in (
        {"elitist": True},
        {"covariance": "diagonal"},
        {"active": False},
        {"start": "random"},
    ):
        assert not np.array_equal(run(made(CMAES, **options), 20), plain)


def test_genes_with_levels_are_integer_variables_of_pycma() -> None:
    levels = (2, 5)
    low, high = SIZE * [0.0] + [-0.5, -0.5], SIZE * [1.0] + [1.5, 4.5]
    isolation = Isolation([1, SIZE + 2])  # pycma's integer handling draws from NumPy's global state
    with isolation():
        direct = pycma(
            SIZE * [0.5] + [0.5, 2.0],
            0.25,
            np.random.default_rng([1, SIZE + 2]),
            bounds=[low, high],
            CMA_stds=SIZE * [1.0] + [2.0, 5.0],
            integer_variables=[SIZE, SIZE + 1],
        )
    for genomes in run(made(CMAES, levels=levels), 30):
        with isolation():
            asked = direct.ask()
            direct.tell(asked, list(-sphere(genomes)))
        np.testing.assert_array_equal(genomes * [*SIZE * [1], 1, 4], np.array(asked))


@pytest.mark.slow
def test_a_switch_that_rounding_alone_would_freeze_is_still_found() -> None:
    """Eight switches whose right setting pays only late: their steps must not collapse before."""

    def fitness(genomes: Array) -> Array:
        near = ((genomes[:, :2] - 0.3) ** 2).sum(axis=1)
        first_wrong = np.argmin(
            np.hstack([genomes[:, 2:] > 0.5, np.zeros((len(genomes), 1))]), axis=1
        )
        return (
            -near + first_wrong
        )  # leading ones: later switches matter only when the earlier ones are right

    def ends(levels: int) -> float:
        best = []
        for seed in range(3):
            genes = space((levels,) * 8, 2) if levels else space((), 10)
            optimizer = cmaes.Optimizer(Search(genes, 10, seed))
            best.append(max(fitness(genomes).max() for genomes in run(optimizer, 150, fitness)))
        return float(np.mean(best))

    assert ends(2) > 7.9
    assert ends(2) > ends(0)


def test_cmaes_climbs_a_sphere() -> None:
    assert max(float(sphere(genomes).max()) for genomes in run(made(CMAES), 60)) > -1e-5


def test_where_fitness_is_noisy_a_mean_of_short_steps_or_of_many_generations_is_nearer() -> None:
    def distance(**options: float) -> float:
        random = np.random.default_rng(0)
        search = made(CMAES, sigma=0.1, mean=True, **options)
        after = run(search, 200, lambda genomes: sphere(genomes) + random.normal(size=len(genomes)))
        means = np.array([genomes[0] for genomes in after[100:]])
        return float(np.sqrt(-sphere(means)).mean())

    assert distance(mean_step=0.3) < 0.8 * distance()
    assert distance(mean_over=40) < 0.8 * distance()


def test_cmaes_says_why_it_stops_on_a_flat_function() -> None:
    flat, hilly = made(CMAES), made(CMAES)
    run(flat, 2, lambda genomes: np.ones(len(genomes)))
    run(hilly, 2)
    assert "tolflatfitness" in flat.stop_reason()
    assert hilly.stop_reason() == ""


def test_the_reason_to_stop_does_not_depend_on_how_often_it_is_asked_for() -> None:
    silent, asked = made(CMAES), made(CMAES)
    for _ in range(3):
        run(silent, 1, lambda genomes: np.ones(len(genomes)))
        run(asked, 1, lambda genomes: np.ones(len(genomes)))
        for _ in range(3):
            asked.stop_reason()
    assert silent.stop_reason() == asked.stop_reason()


def test_generations_of_unstable_genomes_only_do_not_move_the_search() -> None:
    optimizer = made(CMAES)
    run(optimizer, 3, lambda genomes: np.full(len(genomes), -np.inf))
    assert sphere(run(optimizer, 60)[-1]).max() > -1e-4


# Restarts


def test_ipop_doubles_the_population_at_every_restart() -> None:
    starts = ipop(12, 0.3, np.random.default_rng(0))
    sizes = [next(starts).population_size, *(starts.send(1000).population_size for _ in range(4))]
    assert sizes == [12, 24, 48, 96, 192]


def test_bipop_shares_genomes_evenly_between_doubling_and_small_populations() -> None:
    starts = bipop(10, 0.3, np.random.default_rng(0))
    start, took = next(starts), 500
    assert (start.population_size, start.sigma) == (10, 0.3)
    used, large, newest, seen = {"small": took, "large": 0}, 10, 0, []
    for turn in range(200):
        start = starts.send(took)
        regime = "small" if used["small"] < used["large"] else "large"
        seen.append(regime)
        if regime == "large":
            assert (start.population_size, start.sigma, start.evaluations) == (
                2 * large,
                0.3,
                np.inf,
            )
            large = start.population_size
            took = newest = 40 * large + turn
        else:
            assert 10 <= start.population_size <= large / 2
            assert 0.003 <= start.sigma <= 0.3
            assert start.evaluations == newest / 2
            took = int(min(start.evaluations, 300 * start.population_size))
        used[regime] += took
        if large > 1000:
            break
    assert seen[0] == "large"
    assert seen.count("small") > seen.count("large") > 5


def test_ipop_is_a_chain_of_pycma_runs_at_random_points() -> None:
    """Centres and samples come from one stream, so a chain of direct runs gives equal genomes."""
    optimizer = made(CMAES, restarts="ipop", max_restarts=2)
    random = np.random.default_rng([1, SIZE])
    for start in range(3):
        centre = random.random(SIZE).tolist() if start else SIZE * [0.5]
        direct = pycma(centre, 0.25, random, popsize=POPULATION * 2**start)
        while not direct.stop():
            asked = direct.ask()
            (genomes,) = run(optimizer, 1, rastrigin)
            np.testing.assert_allclose(
                genomes, np.array(asked), rtol=0, atol=1e-12
            )  # pycma folds back by itself
            direct.tell(asked, list(-rastrigin(genomes)))
        assert len(optimizer.events) == min(start + 1, 2)
    assert optimizer.stop_reason() == ", ".join(
        f"{name} = {value}" for name, value in direct.stop().items()
    )


def test_events_tell_every_start_that_ended_with_its_population_and_reason() -> None:
    optimizer = made(CMAES, restarts="bipop", max_restarts=3)
    sizes = [len(optimizer.ask())]
    while not optimizer.stop_reason():
        genomes = run(optimizer, 1, rastrigin)[0]
        if len(genomes) != sizes[-1]:
            sizes.append(len(genomes))
    assert len(optimizer.events) == 3
    for event, size in zip(optimizer.events, (8, 16, 8), strict=True):
        assert f"generations of {size} genomes" in event
        assert "tol" in event or "half the genomes of the last large start" in event
    assert set(sizes) >= {8, 16}
    assert optimizer.events[0].startswith("start 1 ended after ")


def test_without_restarts_a_search_has_no_events() -> None:
    optimizer = made(CMAES)
    run(optimizer, 3, lambda genomes: np.ones(len(genomes)))
    assert list(optimizer.events) == []


@pytest.mark.slow
def test_a_run_whose_population_grows_is_recorded_resumed_and_reported(
    hop: Path, tmp_path: Path
) -> None:
    flat = [
        "fitness.speed.weight=0.0",
        "optimizer.restarts=ipop",
        "scenario.duration=0.2",
        "optimizer.generations=6",
    ]
    whole, parts = (
        Run.create(read(hop, flat), tmp_path / "whole"),
        Run.create(read(hop, flat), tmp_path / "parts"),
    )
    evolve(whole)
    evolve(parts, generations=3)
    evolve(Run(tmp_path / "parts"), generations=6)
    again = Run(tmp_path / "parts")
    sizes = [len(record.genomes) for record in whole.journal.generations()]
    assert sizes[0] == 5
    assert sizes[-1] >= 10
    assert set(sizes) <= {5, 10, 20, 40, 80, 160}
    for one, other in zip(whole.journal.generations(), again.journal.generations(), strict=True):
        assert one.genomes.tobytes() == other.genomes.tobytes()
    assert whole.search_events == again.search_events
    assert "generations of 5 genomes, sigma 0.25: tol" in whole.search_events[0]
    whole.choose_champion()
    page = write_report(whole)[0].read_text(encoding="utf-8")
    assert all(f"<li>{event}</li>" in page for event in whole.search_events)


def test_a_search_begins_at_the_genes_starts_with_their_spreads() -> None:
    genes = [
        Gene("near", 0.0, 10.0, start=2.0, spread=0.1),
        Gene("wide", 0.0, 10.0, start=8.0, spread=1.0),
    ]
    search = Search(Space([*genes, Gene("plain", 0.0, 1.0)]), 4000, 1)
    asked = cmaes.Optimizer(search, sigma=0.1).ask()
    np.testing.assert_allclose(
        asked.mean(axis=0), [0.2, 0.8, 0.5], atol=0.01
    )  # 0.1 / sqrt(4000) is 0.0016
    np.testing.assert_allclose(
        asked.std(axis=0), [0.01, 0.1, 0.1], rtol=0.1
    )  # the fold bends what is near a bound
