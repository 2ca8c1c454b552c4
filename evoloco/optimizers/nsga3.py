"""NSGA-III for three objectives and more, by DEAP."""

import math
from collections.abc import Sequence
from typing import Annotated

from deap import tools
from pydantic import Field

from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers._isolation import Isolation
from evoloco.optimizers._variation import Individual, Rate, Variation, joined


class Optimizer:
    """Nondominated sorting genetic algorithm III in [0, 1]^n.

    As NSGA-II, but the last front that fits in part is thinned by directions
    that are spread evenly over the objectives: genomes along directions that
    few have chosen come first.

    Args:
        search: What is searched.
        divisions: Of each objective's axis, p: there are binomial(m + p - 1, p)
            directions; 0 for as many as the population can fill.
        crossover_rate: Probability that two parents mate, by simulated binary crossover.
        gene_rate: Probability that a gene of an offspring mutates, polynomially; 0 for one gene per genome on average.
        eta: Distribution index of both: the larger, the closer to the parents.

    References:
        Deb and Jain, 2014, An evolutionary many-objective optimization
        algorithm using reference-point-based nondominated sorting approach,
        part I, doi:10.1109/TEVC.2013.2281535.
    """

    several_objectives = True
    takes_start = True
    packages = ("deap",)
    events: Sequence[str] = ()

    def __init__(
        self,
        search: Search,
        *,
        divisions: Annotated[int, Field(ge=0)] = 0,
        crossover_rate: Rate = 1.0,
        gene_rate: Rate = 0.0,
        eta: Annotated[float, Field(gt=0)] = 20.0,
    ) -> None:
        rate, objectives = gene_rate or 1 / len(search.space), len(search.objectives)
        if not divisions:
            divisions = 1
            while math.comb(objectives + divisions, divisions + 1) <= search.population_size:
                divisions += 1
        self._select = tools.selNSGA3WithMemory(
            tools.uniform_reference_points(objectives, divisions)
        )
        self._variation = Variation(
            search.space, "sbx", crossover_rate, "polynomial", 1.0, rate, eta=eta
        )
        self._isolation = Isolation([search.seed, len(search.space)])
        self._first = search.space.first(search.random(), search.population_size)
        self._parents: list[Individual] = []

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        if not self._parents:
            return self._first
        with self._isolation():
            return self._variation(self._parents)

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:  # noqa: ARG002 - objectives say all
        """Reports the objectives (population_size, m); unstable genomes rank worst in all."""
        with self._isolation():
            self._parents = self._select(joined(self._parents, genomes, fitness), len(genomes))

    def stop_reason(self) -> str:
        """Never."""
        return ""
