"""Uniform random sampling: the baseline that every search must beat."""

import numpy as np

from evoloco.genome import Array


class Optimizer:
    """Draws every genome independently and uniformly from [0, 1]^n.

    Args:
        size: Number of genes.
        population_size: Genomes per generation.
        seed: Of its random numbers.
    """

    def __init__(self, size: int, *, population_size: int, seed: int) -> None:
        self._random = np.random.default_rng([seed, size])
        self._shape = (population_size, size)

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        return self._random.random(self._shape)

    def tell(self, genomes: Array, fitness: Array) -> None:
        """Learns nothing."""

    def stop_reason(self) -> str:
        """Never."""
        return ""
