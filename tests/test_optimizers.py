import cma
import numpy as np
import pytest

from evoloco.genome import Array
from evoloco.optimizers import Optimizer, cmaes, uniform

SIZE, POPULATION = 6, 8


def sphere(genomes: Array) -> Array:
    """Largest, 0, at 0.3 in every gene."""
    return -np.asarray(((genomes - 0.3) ** 2).sum(axis=1))


def made(kind: type, seed: int = 1, **options: object) -> Optimizer:
    optimizer: Optimizer = kind(SIZE, population_size=POPULATION, seed=seed, **options)
    return optimizer


def search(optimizer: Optimizer, generations: int, fitness=sphere) -> list[Array]:  # type: ignore[no-untyped-def]
    """What the optimizer asked for."""
    asked = []
    for _ in range(generations):
        genomes = optimizer.ask()
        asked.append(genomes)
        optimizer.tell(genomes, fitness(genomes))
    return asked


@pytest.mark.parametrize("kind", [cmaes.Optimizer, uniform.Optimizer])
def test_genomes_fill_the_population_and_stay_in_the_unit_cube(kind: type) -> None:
    asked = search(made(kind), 20, lambda genomes: genomes.sum(axis=1))  # drives to a corner
    assert {genomes.shape for genomes in asked} == {(POPULATION, SIZE)}
    assert all(np.all((genomes >= 0) & (genomes <= 1)) for genomes in asked)


@pytest.mark.parametrize("kind", [cmaes.Optimizer, uniform.Optimizer])
def test_a_fresh_instance_fed_the_record_asks_for_the_same_genomes(kind: type) -> None:
    asked = search(made(kind), 40)
    again = made(kind)
    for genomes in asked:
        assert again.ask().tobytes() == genomes.tobytes()
        again.tell(genomes, sphere(genomes))
    assert not np.array_equal(made(kind, seed=2).ask(), asked[0])


@pytest.mark.parametrize("kind", [cmaes.Optimizer, uniform.Optimizer])
def test_global_random_numbers_are_neither_used_nor_moved(kind: type) -> None:
    np.random.seed(5)
    before = np.random.get_state()[1].copy()  # type: ignore[index]
    asked = search(made(kind), 5)
    assert np.array_equal(np.random.get_state()[1], before)  # type: ignore[index]
    np.random.seed(6)
    assert np.array_equal(search(made(kind), 5), asked)


@pytest.mark.parametrize("elitist", [False, True])
@pytest.mark.parametrize("best", [0.3, 1.1])  # inside, and in a corner that bounds cut off
def test_cmaes_equals_pycma_with_the_same_random_numbers(best: float, elitist: bool) -> None:
    def nearness(genomes: Array) -> Array:
        return -np.asarray(((genomes - best) ** 2).sum(axis=1))

    random = np.random.default_rng([1, SIZE])
    options = {
        "bounds": [0, 1], "popsize": POPULATION, "seed": np.nan, "verbose": -9, "CMA_elitist": elitist,
        "randn": lambda *shape: random.standard_normal(shape),
    }  # fmt: skip
    pycma = cma.CMAEvolutionStrategy(SIZE * [0.5], 0.3, options)
    for genomes in search(made(cmaes.Optimizer, sigma=0.3, elitist=elitist), 30, nearness):
        asked = pycma.ask()
        np.testing.assert_array_equal(genomes, np.array(asked))
        pycma.tell(asked, list(-nearness(genomes)))


@pytest.mark.parametrize("transform", [np.arctan, lambda fitness: 5 * fitness - 7, lambda fitness: -np.sqrt(-fitness)])
def test_cmaes_is_blind_to_increasing_transforms_of_the_fitness(transform) -> None:  # type: ignore[no-untyped-def]
    plain = search(made(cmaes.Optimizer), 30)
    transformed = search(made(cmaes.Optimizer), 30, lambda genomes: transform(sphere(genomes)))
    assert np.array_equal(plain, transformed)


def test_cmaes_climbs_and_beats_uniform_sampling_on_a_sphere() -> None:
    def best(kind: type) -> float:
        return max(float(sphere(genomes).max()) for genomes in search(made(kind), 60))

    assert best(cmaes.Optimizer) > -1e-5
    assert best(uniform.Optimizer) < -1e-3


def test_an_unstable_genome_ranks_below_all_others() -> None:
    def unstable(genomes: Array) -> Array:
        return np.where(genomes[:, 0] > 0.5, -np.inf, sphere(genomes))

    def poor(genomes: Array) -> Array:
        return np.where(genomes[:, 0] > 0.5, -1e6, sphere(genomes))

    asked = search(made(cmaes.Optimizer), 40, unstable)
    assert any((genomes[:, 0] > 0.5).any() for genomes in asked)
    assert np.array_equal(asked, search(made(cmaes.Optimizer), 40, poor))


@pytest.mark.parametrize("elitist", [False, True])
def test_a_generation_of_unstable_genomes_only_is_survived(elitist: bool) -> None:
    optimizer = made(cmaes.Optimizer, elitist=elitist)
    for _ in range(3):
        genomes = search(optimizer, 1, lambda genomes: np.full(len(genomes), -np.inf))[0]
        assert optimizer.stop_reason() == ""
    assert not np.any(genomes == optimizer.ask())
    assert sphere(search(optimizer, 60)[-1]).max() > -1e-4


def test_cmaes_says_why_it_stops_on_a_flat_function_and_uniform_never_does() -> None:
    flat, hilly = made(cmaes.Optimizer), made(cmaes.Optimizer)
    search(flat, 2, lambda genomes: np.ones(len(genomes)))
    search(hilly, 2)
    assert "tolflatfitness" in flat.stop_reason()
    assert hilly.stop_reason() == ""
    patient = made(uniform.Optimizer)
    search(patient, 5, lambda genomes: np.ones(len(genomes)))
    assert patient.stop_reason() == ""


def test_the_reason_to_stop_does_not_depend_on_how_often_it_is_asked_for() -> None:
    silent, asked = made(cmaes.Optimizer), made(cmaes.Optimizer)
    for _ in range(3):
        search(silent, 1, lambda genomes: np.ones(len(genomes)))
        search(asked, 1, lambda genomes: np.ones(len(genomes)))
        for _ in range(3):
            asked.stop_reason()
    assert silent.stop_reason() == asked.stop_reason()


def test_elitism_changes_the_search_and_keeps_to_its_own_random_numbers() -> None:
    np.random.seed(5)
    asked = search(made(cmaes.Optimizer, elitist=True), 20)
    np.random.seed(6)
    assert np.array_equal(search(made(cmaes.Optimizer, elitist=True), 20), asked)
    assert not np.array_equal(search(made(cmaes.Optimizer), 20), asked)


def test_uniform_genomes_are_independent_of_fitness_and_spread_evenly() -> None:
    genomes = np.concatenate(search(made(uniform.Optimizer), 500))
    assert np.array_equal(genomes, np.concatenate(search(made(uniform.Optimizer), 500, lambda g: -sphere(g))))
    counts = [np.histogram(gene, 10, (0, 1))[0] for gene in genomes.T]
    assert np.abs(np.array(counts) - 400).max() < 5 * np.sqrt(400 * 0.9)  # five standard deviations
    assert np.abs(np.corrcoef(genomes.T) - np.eye(SIZE)).max() < 5 / np.sqrt(len(genomes))
