"""NSGA-II for several objectives, by DEAP."""

from collections.abc import Sequence
from typing import Annotated

from deap import tools
from pydantic import Field

from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers._isolation import Isolation
from evoloco.optimizers._variation import Individual, Rate, Variation, joined


class Optimizer:
    """Nondominated sorting genetic algorithm II in [0, 1]^n.

    Of parents and offspring together, the next parents are the first fronts
    of nondominated genomes; of the last front that fits in part, those with
    most room around them. A genome's objectives are those of the generation
    in which it was born.

    Args:
        search: What is searched; the population size must be a multiple of 4.
        crossover_rate: Probability that two parents mate, by simulated binary crossover.
        gene_rate: Probability that a gene of an offspring mutates, polynomially; 0 for one gene per genome on average.
        eta: Distribution index of both: the larger, the closer to the parents.

    Raises:
        SpecError: The population size is no multiple of 4.

    References:
        Deb, Pratap, Agarwal and Meyarivan, 2002, A fast and elitist
        multiobjective genetic algorithm: NSGA-II, doi:10.1109/4235.996017.
    """

    several_objectives = True
    takes_start = True
    packages = ("deap",)
    events: Sequence[str] = ()

    def __init__(
        self,
        search: Search,
        *,
        crossover_rate: Rate = 0.9,
        gene_rate: Rate = 0.0,
        eta: Annotated[float, Field(gt=0)] = 15.0,
    ) -> None:
        if search.population_size % 4:
            raise SpecError(
                f"optimizer.population_size: nsga2 needs a multiple of 4, because its tournaments take four genomes "
                f"at a time, not {search.population_size}."
            )
        rate = gene_rate or 1 / len(search.space)
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
            return self._variation(tools.selTournamentDCD(self._parents, len(self._parents)))

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:  # noqa: ARG002 - objectives say all
        """Reports the objectives (population_size, m); unstable genomes rank worst in all."""
        self._parents = tools.selNSGA2(joined(self._parents, genomes, fitness), len(genomes))

    def stop_reason(self) -> str:
        """Never."""
        return ""
