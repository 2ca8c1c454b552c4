"""Uniform random sampling: the baseline that every search must beat."""

from collections.abc import Sequence

from evoloco.genome import Array
from evoloco.optimizer import Search


class Optimizer:
    """Draws every genome independently and uniformly from [0, 1]^n.

    Every level of a gene is drawn equally often.

    Args:
        search: What is searched.
    """

    events: Sequence[str] = ()

    def __init__(self, search: Search) -> None:
        self._search, self._random = search, search.random()

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        return self._search.space.draw(self._random, self._search.population_size)

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:
        """Learns nothing."""

    def stop_reason(self) -> str:
        """Never."""
        return ""
