"""Augmented random search: its step is the one of the paper."""

import numpy as np

from evoloco.genome import Gene, Space
from evoloco.optimizer import Search
from evoloco.optimizers.ars import Optimizer

SPACE = Space([Gene(f"w{i}", -1.0, 1.0, start=0.0, spread=0.2) for i in range(6)])


def made(population=9, **options):
    return Optimizer(Search(SPACE, population, 3), **options)


def test_an_odd_population_begins_with_the_mean_and_sides_mirror_each_other():
    optimizer = made()
    mean, *sides = optimizer.ask()
    assert optimizer.mean_is_first
    np.testing.assert_array_equal(mean, SPACE.start)
    ahead, back = np.array(sides[:4]), np.array(sides[4:])
    np.testing.assert_allclose(ahead + back, 2 * mean[None].repeat(4, 0), atol=1e-15)
    assert not made(8).mean_is_first


def test_a_step_is_that_of_the_equation():
    optimizer = made(8, step=0.5, noise=0.2, top=0.5)
    genomes = optimizer.ask()
    directions = (genomes[:4] - genomes[4:]) / (2 * 0.2)
    fitness = np.array([1.0, 5.0, 2.0, 3.0, 0.0, -1.0, 4.0, 2.5])
    optimizer.tell(genomes, fitness, np.zeros((8, 1)))
    best = [1, 2]  # the better sides are 1, 5, 4, 3
    used = fitness[[1, 2, 5, 6]]
    slope = sum((fitness[k] - fitness[4 + k]) * directions[k] for k in best)
    wanted = SPACE.start + 0.5 * slope / (2 * used.std())
    again = optimizer.ask()
    np.testing.assert_allclose((again[:4] + again[4:]) / 2, wanted[None].repeat(4, 0), atol=1e-12)


def test_flat_fitness_and_unstable_genomes_move_nothing_by_themselves():
    optimizer = made(8)
    genomes = optimizer.ask()
    optimizer.tell(genomes, np.full(8, 2.0), np.zeros((8, 1)))
    optimizer.tell(optimizer.ask(), np.full(8, -np.inf), np.zeros((8, 1)))
    again = optimizer.ask()
    np.testing.assert_allclose((again[:4] + again[4:]) / 2, SPACE.start[None].repeat(4, 0))
