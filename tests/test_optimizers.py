"""The obligations of every optimizer."""

import random
from dataclasses import replace

import numpy as np
import pytest
from searches import LEVELS, MEMBERS, POPULATION, SIZE, Function, made, run, sphere

from evoloco.genome import Array

RANKED = [case for case in MEMBERS if case.ranked]
SLOW = ("cma_me",)
"""Optimizers whose library takes long to load."""

members = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=[pytest.mark.slow] * (case.name in SLOW), id=str(case))
        for case in MEMBERS
    ],
)


@members
def test_genomes_fill_the_population_and_stay_in_the_unit_cube(case) -> None:
    asked = run(made(case), 15, lambda genomes: genomes.sum(axis=1))  # drives to a corner
    assert {genomes.shape for genomes in asked} == {(case.population, SIZE)}
    assert all(np.all((genomes >= 0) & (genomes <= 1)) for genomes in asked)


@pytest.mark.parametrize("levels", [(), LEVELS])
@members
def test_a_fresh_instance_fed_the_record_asks_for_the_same_genomes(case, levels) -> None:
    asked = run(made(case, levels=levels), 20)
    random.seed(3)
    np.random.seed(3)
    assert np.array_equal(run(made(case, levels=levels), 20), asked)
    assert not np.array_equal(made(case, levels=levels, seed=2).ask(), asked[0])


@pytest.mark.parametrize("levels", [(), LEVELS])
@members
def test_global_random_numbers_are_neither_used_nor_moved(case, levels) -> None:
    np.random.seed(5)
    random.seed(5)
    before = np.random.get_state()[1].copy(), random.getstate()  # type: ignore[index]
    asked = run(made(case, levels=levels), 5)
    assert np.array_equal(np.random.get_state()[1], before[0])  # type: ignore[index]
    assert random.getstate() == before[1]
    np.random.seed(6)
    random.seed(6)
    assert np.array_equal(run(made(case, levels=levels), 5), asked)


@members
def test_two_searches_in_one_process_do_not_disturb_each_other(case) -> None:
    alone = run(made(case), 6)
    one, other = made(case), made(case, seed=2)
    together = []
    for _ in range(6):
        together += run(one, 1)
        run(other, 1)
    assert np.array_equal(alone, together)


@pytest.mark.parametrize(
    "transform",  # exact in floating point: no two fitnesses become one
    [
        lambda fitness: 8 * fitness,
        lambda fitness: np.where(fitness < -0.1, 4 * fitness, fitness / 2),
    ],
)
@pytest.mark.parametrize("case", RANKED, ids=str)
def test_ranking_searches_are_blind_to_increasing_transforms_of_the_fitness(
    case, transform
) -> None:
    plain = run(made(case), 20)
    assert np.array_equal(plain, run(made(case), 20, lambda genomes: transform(sphere(genomes))))


@members
def test_an_unstable_genome_counts_as_worse_than_all_others(case) -> None:
    def unstable(genomes: Array) -> Array:
        return np.where(genomes[:, 0] > 0.6, -np.inf, sphere(genomes))

    asked = run(made(case), 15, unstable)
    assert any((genomes[:, 0] > 0.6).any() for genomes in asked)
    if case.ranked:
        poor = run(
            made(case), 15, lambda genomes: np.where(genomes[:, 0] > 0.6, -1e6, sphere(genomes))
        )
        assert np.array_equal(asked, poor)


@members
def test_generations_of_unstable_genomes_only_are_survived(case) -> None:
    optimizer = made(case)
    run(optimizer, 3, lambda genomes: np.full(len(genomes), -np.inf))
    assert optimizer.stop_reason() == ""
    assert len(run(optimizer, 10)) == 10


@pytest.mark.parametrize("case", [case for case in RANKED if case.name != "uniform"], ids=str)
def test_a_search_finds_better_genomes_than_as_many_uniform_draws(case) -> None:
    def best(asked: list[Array]) -> float:
        return max(float(sphere(genomes).max()) for genomes in asked)

    (uniform,) = [case for case in MEMBERS if case.name == "uniform"]
    chance = made(replace(uniform, population=case.population))
    assert best(run(made(case), 60)) > best(run(chance, 60))


@pytest.mark.parametrize("case", [case for case in MEMBERS if case.snaps], ids=str)
def test_genes_with_levels_are_asked_for_on_their_levels_and_every_level_is_tried(case) -> None:
    asked = np.concatenate(run(made(case, levels=LEVELS), 20))
    for place, levels in enumerate(LEVELS):
        positions = np.unique(asked[:, SIZE + place])
        np.testing.assert_allclose(positions, np.arange(levels) / (levels - 1), atol=1e-15)


def test_uniform_genomes_are_independent_of_fitness_and_spread_evenly() -> None:
    (case,) = [case for case in MEMBERS if case.name == "uniform"]
    genomes = np.concatenate(run(made(case, levels=(2, 5)), 500))
    opposite: Function = lambda g: -sphere(g)  # noqa: E731
    assert np.array_equal(genomes, np.concatenate(run(made(case, levels=(2, 5)), 500, opposite)))
    deviations = 5 * np.sqrt(POPULATION * 500 / 4)  # five standard deviations of a count, at most
    for place, levels in [*((place, 10) for place in range(SIZE)), (SIZE, 2), (SIZE + 1, 5)]:
        counts = np.histogram(genomes[:, place], levels, (0, 1))[0]
        assert np.abs(counts - POPULATION * 500 / levels).max() < deviations
    assert np.abs(np.corrcoef(genomes.T) - np.eye(SIZE + 2)).max() < 5 / np.sqrt(len(genomes))


def test_uniform_never_stops() -> None:
    (case,) = [case for case in MEMBERS if case.name == "uniform"]
    patient = made(case)
    run(patient, 5, lambda genomes: np.ones(len(genomes)))
    assert patient.stop_reason() == ""
