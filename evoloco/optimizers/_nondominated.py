"""What NSGA-II and NSGA-III share: parents, their offspring, and survivors of both."""

from collections.abc import Callable, Sequence

from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.search.isolation import Isolation
from evoloco.search.variation import Individual, Variation, joined

Individuals = list[Individual]


class NondominatedSorting:
    """A genetic algorithm for several objectives that keeps the best of parents and offspring.

    The first generation is uniform, save that its first genome is the start
    where genes name one. Offspring come from simulated binary crossover and
    polynomial mutation. A genome's objectives are those of the generation in
    which it was born.

    Args:
        search: What is searched.
        crossover_rate: Probability that two parents mate.
        gene_rate: Probability that a gene of an offspring mutates; 0 for one
            gene per genome on average.
        eta: Distribution index of crossover and mutation.
        mates: Parents -> as many that mate, neighbours with each other.
        survivors: Parents with their offspring, and a number -> as many that
            become parents.
    """

    several_objectives = True
    takes_start = True
    packages = ("deap",)
    events: Sequence[str] = ()

    def __init__(
        self,
        search: Search,
        crossover_rate: float,
        gene_rate: float,
        eta: float,
        mates: Callable[[Individuals], Individuals],
        survivors: Callable[[Individuals, int], Individuals],
    ) -> None:
        self._mates, self._survivors = mates, survivors
        self._variation = Variation(
            search.space,
            crossover="sbx",
            crossover_rate=crossover_rate,
            mutation="polynomial",
            mutation_rate=1.0,
            gene_rate=gene_rate or 1 / len(search.space),
            eta=eta,
        )
        self._isolation = Isolation([search.seed, len(search.space)])
        self._first = search.space.first(search.random(), search.population_size)
        self._parents: Individuals = []

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        if not self._parents:
            return self._first
        with self._isolation():
            return self._variation(self._mates(self._parents))

    def tell(
        self,
        genomes: Array,
        fitness: Array,
        values: Array,  # noqa: ARG002 - the objectives say all
    ) -> None:
        """Reports the objectives (population_size, m); unstable genomes rank worst in all."""
        everyone = joined(self._parents, genomes, fitness)
        with self._isolation():
            self._parents = self._survivors(everyone, len(genomes))

    def stop_reason(self) -> str:
        """Never."""
        return ""
