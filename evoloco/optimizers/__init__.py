"""Optimizers behind one contract: ask for genomes, tell their fitness.

An optimizer is a module with a class `Optimizer(size, *, population_size, seed, **options)`.
"""

from typing import Protocol

from evoloco.genome import Array


class Optimizer(Protocol):
    """Searches [0, 1]^n for genomes of large fitness.

    Equal arguments and equal `tell`s give equal `ask`s, to the last bit: that
    is how a run is resumed.
    """

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""

    def tell(self, genomes: Array, fitness: Array) -> None:
        """Reports the fitness (population_size,) of the genomes asked for; -inf where an episode was unstable."""

    def stop_reason(self) -> str:
        """Why the search should end now; empty while it should go on."""
