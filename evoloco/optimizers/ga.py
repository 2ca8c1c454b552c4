"""Genetic algorithm with tournaments, by DEAP."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from deap import tools
from pydantic import Field

from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.search.isolation import Isolation
from evoloco.search.variation import (
    Crossover,
    Eta,
    Individual,
    Mutation,
    Rate,
    Variation,
    individuals,
)


class Optimizer:
    """Generational genetic algorithm in [0, 1]^n.

    Parents win tournaments, mate two by two and mutate. The best genomes of a
    generation stay in the next, where they are evaluated again. The first
    generation is uniform, save that its first genome is the start where genes
    name one. Operators are DEAP's, which draw from Python's global random
    numbers: here from a state of this search's own.

    Args:
        search: What is searched.
        tournament: Individuals that compete to be a parent.
        crossover: "blend", "sbx" (simulated binary), "two_point" or "none".
        crossover_rate: Probability that two parents mate.
        mutation: "gaussian" or "polynomial".
        mutation_rate: Probability that a genome is mutated.
        gene_rate: Probability of each gene in a mutated genome.
        sigma: Standard deviation of a Gaussian mutation, as a fraction of each gene's range.
        alpha: Share of the parents' distance by which a blend reaches beyond them.
        eta: Distribution index of "sbx" and "polynomial": the larger, the closer to the parents.
        elites: Best genomes that stay.

    References:
        Fortin, De Rainville, Gardner, Parizeau and Gagné, 2012, DEAP:
        evolutionary algorithms made easy, JMLR 13, 2171-2175.
    """

    takes_start = True
    packages = ("deap",)
    events: Sequence[str] = ()

    def __init__(
        self,
        search: Search,
        *,
        tournament: Annotated[int, Field(ge=1)] = 3,
        crossover: Crossover = "blend",
        crossover_rate: Rate = 0.8,
        mutation: Mutation = "gaussian",
        mutation_rate: Rate = 1.0,
        gene_rate: Rate = 0.1,
        sigma: Annotated[float, Field(gt=0)] = 0.1,
        alpha: Annotated[float, Field(ge=0)] = 0.5,
        eta: Eta = 15.0,
        elites: Annotated[int, Field(ge=0)] = 1,
    ) -> None:
        self._variation = Variation(
            search.space,
            crossover=crossover,
            crossover_rate=crossover_rate,
            mutation=mutation,
            mutation_rate=mutation_rate,
            gene_rate=gene_rate,
            sigma=sigma,
            alpha=alpha,
            eta=eta,
        )
        self._isolation = Isolation([search.seed, len(search.space)])
        self._first = search.space.first(search.random(), search.population_size)
        self._tournament, self._elites = tournament, min(elites, search.population_size - 1)
        self._population: list[Individual] = []

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation, elites first."""
        if not self._population:
            return self._first

        elites = tools.selBest(self._population, self._elites)
        with self._isolation():
            count = len(self._population) - len(elites)
            parents = tools.selTournament(self._population, count, self._tournament)
            offspring = self._variation(parents)

        return np.concatenate([np.array(elites), offspring]) if elites else offspring

    def tell(
        self,
        genomes: Array,
        fitness: Array,
        values: Array,  # noqa: ARG002 - fitness says all
    ) -> None:
        """Reports the fitness (population_size,); -inf ranks worst."""
        self._population = individuals(genomes, fitness[:, None])

    def stop_reason(self) -> str:
        """Never."""
        return ""
