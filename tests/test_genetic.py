"""The genetic algorithms against DEAP used directly, and what their operators may do."""

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from deap import algorithms, base, tools
from searches import LEVELS, POPULATION, SIZE, Case, made, run, space, sphere

from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers import nsga2, nsga3
from evoloco.search.isolation import Isolation
from evoloco.search.pareto_front import nondominated
from evoloco.search.variation import Individual, Variation


def clipped(operator):
    """An operator whose results are put on the bounds."""

    def inside(*genomes, **options):
        results = operator(*genomes, **options)
        for genome in results:
            genome[:] = [min(max(position, 0.0), 1.0) for position in genome]
        return results

    return inside


def toolbox(mate: tuple[Any, dict], mutate: tuple[Any, dict]) -> base.Toolbox:
    box = base.Toolbox()
    box.register("mate", clipped(mate[0]), **mate[1])
    box.register("mutate", clipped(mutate[0]), **mutate[1])
    return box


def population(objectives: int, size: int = POPULATION) -> tuple[list[Individual], Isolation]:
    """The first generation of a search of seed 1, as DEAP's individuals, and its random numbers."""
    kind = type("Fitness", (base.Fitness,), {"weights": (1.0,) * objectives})
    individuals = []
    for genome in np.random.default_rng([1, SIZE]).random((size, SIZE)):
        individuals.append(Individual(genome.tolist()))
        individuals[-1].fitness = kind()
    return individuals, Isolation([1, SIZE])


BLEND = (tools.cxBlend, {"alpha": 0.5})
SBX = (tools.cxSimulatedBinaryBounded, {"eta": 15.0, "low": 0.0, "up": 1.0})
POLYNOMIAL = (tools.mutPolynomialBounded, {"eta": 15.0, "low": 0.0, "up": 1.0})


@pytest.mark.parametrize(
    ("case", "box", "rates"),
    [
        (
            Case("ga", {"elites": 0}),
            toolbox(BLEND, (tools.mutGaussian, {"mu": 0, "sigma": 0.1, "indpb": 0.1})),
            (0.8, 1.0),
        ),
        (
            Case("ga_nico"),
            toolbox(
                (tools.cxTwoPoint, {}), (tools.mutGaussian, {"mu": 0, "sigma": 0.01, "indpb": 0.05})
            ),
            (0.8, 0.1),
        ),
        (
            Case(
                "ga",
                {
                    "crossover": "sbx",
                    "mutation": "polynomial",
                    "crossover_rate": 0.9,
                    "gene_rate": 0.2,
                    "elites": 0,
                },
            ),
            toolbox(SBX, (POLYNOMIAL[0], {**POLYNOMIAL[1], "indpb": 0.2})),
            (0.9, 1.0),
        ),
    ],
)
def test_ga_without_elites_is_the_simple_algorithm_of_deap(
    case: Case, box: base.Toolbox, rates: tuple
) -> None:
    box.register("select", tools.selTournament, tournsize=3)
    box.register("evaluate", lambda one: (float(sphere(np.array([one]))[0]),))
    individuals, isolation = population(1, case.population)
    for genomes in run(made(case), 12):
        np.testing.assert_array_equal(genomes, np.array(individuals))
        with isolation():
            individuals, _ = algorithms.eaSimple(individuals, box, *rates, ngen=1, verbose=False)


def two_goals(genomes: Array) -> Array:
    """Nearness to 0.2 and to 0.8 in all genes: the best trades lie on the line between."""
    return np.stack([-((genomes - place) ** 2).sum(axis=1) for place in (0.2, 0.8)], axis=1)


def search(optimizer, generations: int) -> list[Array]:
    asked = []
    for _ in range(generations):
        asked.append(np.array(optimizer.ask()))
        optimizer.tell(asked[-1], two_goals(asked[-1]), np.zeros((len(asked[-1]), 0)))
    return asked


@pytest.mark.parametrize("name", ["nsga2", "nsga3"])
def test_nsga_is_the_selection_and_variation_of_deap(name: str) -> None:
    box = toolbox(SBX, (POLYNOMIAL[0], {**POLYNOMIAL[1], "indpb": 1 / SIZE}))
    goals = ("one", "two")
    if name == "nsga2":
        ours = nsga2.Optimizer(Search(space(), POPULATION, 1, goals))
        select, mates, rate = (
            tools.selNSGA2,
            lambda parents: tools.selTournamentDCD(parents, POPULATION),
            0.9,
        )
    else:
        ours = nsga3.Optimizer(Search(space(), POPULATION, 1, goals), divisions=5, eta=15.0)
        select = tools.selNSGA3WithMemory(tools.uniform_reference_points(2, 5))
        mates, rate = list, 1.0
    offspring, isolation = population(2)
    parents: list[Individual] = []
    for genomes in search(ours, 15):
        np.testing.assert_array_equal(genomes, np.array(offspring))
        for one, goals_of_one in zip(offspring, two_goals(genomes).tolist(), strict=True):
            one.fitness.values = goals_of_one
        with isolation():
            parents = select(parents + offspring, POPULATION)
            offspring = algorithms.varAnd(mates(parents), box, rate, 1.0)


@pytest.mark.parametrize("kind", [nsga2.Optimizer, nsga3.Optimizer])
def test_the_front_of_two_spheres_is_the_line_between_their_centres(kind: type) -> None:
    asked = search(kind(Search(space(), 40, 1, ("one", "two"))), 80)
    genomes = np.concatenate(asked[-20:])
    found = genomes[nondominated(two_goals(genomes))]
    middle = found.mean(axis=1)
    assert np.abs(found - middle[:, None]).mean() < 0.05  # all genes alike
    assert middle.min() < 0.3  # most of the line is covered; NSGA-III thins out its ends
    assert middle.max() > 0.7
    assert np.diff(np.sort(middle)).max() < 0.1  # without holes


def test_nsga2_refuses_a_population_that_its_tournaments_cannot_pair() -> None:
    with pytest.raises(SpecError, match=r"nsga2 needs a multiple of 4, .* not 10"):
        nsga2.Optimizer(Search(space(), 10, 1, ("one", "two")))


def test_nsga3_takes_as_many_directions_as_the_population_can_fill() -> None:
    directions = {size: len(nsga3.directions(3, size)) for size in (3, 10, 92)}
    assert directions == {3: 3, 10: 10, 92: 91}
    case = Case("nsga3", objectives=3)  # whose population of 8 can fill 6 directions, not 10
    assert np.array_equal(run(made(case), 10), run(made(case, divisions=2), 10))
    assert not np.array_equal(run(made(case), 10), run(made(case, divisions=3), 10))


def test_elites_stay_and_the_best_fitness_never_falls() -> None:
    asked = run(made(Case("ga"), elites=2), 20)
    for before, after in pairwise(asked):
        best = before[np.argsort(-sphere(before), kind="stable")[:2]]
        assert np.array_equal(after[:2], best)


def test_options_of_the_ga_change_the_search() -> None:
    plain = run(made(Case("ga")), 5)[-1]
    changes: list[dict] = [
        {"tournament": 1},
        {"crossover": "sbx"},
        {"crossover_rate": 0.1},
        {"mutation": "polynomial"},
        {"mutation_rate": 0.5},
        {"gene_rate": 0.5},
        {"sigma": 0.2},
        {"alpha": 0.1},
        {"elites": 3},
    ]
    for options in changes:
        assert not np.array_equal(run(made(Case("ga"), **options), 5)[-1], plain), options


# Operators


def pair(genomes: Array) -> list[Individual]:
    made_of = [Individual(genome.tolist()) for genome in genomes]
    for one in made_of:
        one.fitness = type("Fitness", (base.Fitness,), {"weights": (1.0,)})((0.0,))
    return made_of


@pytest.mark.parametrize("crossover", ["blend", "sbx", "two_point", "none"])
def test_crossover_exchanges_levels_and_invents_none(crossover) -> None:
    genes = space(LEVELS)
    vary = Variation(genes, crossover, 1.0, "gaussian", 0.0, 0.5)
    random.seed(1)
    parents = genes.draw(np.random.default_rng(1), 60)
    offspring = vary(pair(parents))
    for place in range(SIZE, len(genes)):
        mates = parents[:, place].reshape(-1, 2), offspring[:, place].reshape(-1, 2)
        assert np.array_equal(np.sort(mates[0], axis=1), np.sort(mates[1], axis=1))
        assert np.array_equal(*mates) == (crossover == "none")


def test_mutation_moves_a_gene_to_any_other_level_at_its_rate() -> None:
    genes = space((2, 4), 1)
    random.seed(1)
    start = np.tile([0.5, 0.0, 1 / 3], (4000, 1))
    moved = Variation(genes, "none", 0.0, "gaussian", 1.0, 0.25)(pair(start))
    share = {level: np.mean(np.rint(3 * moved[:, 2]) == level) for level in range(4)}
    deviations = 5 * np.sqrt(0.25 * 0.75 / 4000)
    assert share[1] == pytest.approx(0.75, abs=deviations)
    assert all(share[level] == pytest.approx(0.25 / 3, abs=deviations) for level in (0, 2, 3))
    assert np.mean(moved[:, 1] == 1) == pytest.approx(0.25, abs=deviations)
    assert np.mean(moved[:, 0] != 0.5) == pytest.approx(0.25, abs=deviations)
