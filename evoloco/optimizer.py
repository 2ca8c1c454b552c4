"""Optimizers behind one contract: ask for genomes, tell their fitness.

An optimizer is a module with a class `Optimizer(search, **options)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evoloco.genome import Array, Space


@dataclass(frozen=True)
class Search:
    """All that a run tells its optimizer: what is searched, and for what.

    Attributes:
        space: The genes.
        population_size: Genomes per generation λ; of the first start where an
            optimizer restarts.
        seed: Seed of everything random.
        objectives: Names of what is maximised.
        terms: Names of the fitness terms, whose values are told beside the fitness.
    """

    space: Space
    population_size: int
    seed: int
    objectives: tuple[str, ...] = ("fitness",)
    terms: tuple[str, ...] = ()

    def random(self) -> np.random.Generator:
        """A generator of the optimizer's own."""
        return np.random.default_rng([self.seed, len(self.space)])


class Optimizer(Protocol):
    """Searches [0, 1]^n for genomes of large fitness.

    Equal arguments and equal `tell`s give equal `ask`s, to the last bit: that
    is how a run is resumed.

    Four attributes are optional:

    * `packages` names what it is made with. Their versions then stand in the
      run's provenance.
    * `several_objectives = True` says that it takes several objectives, and
      only these. An optimizer without it is told one fitness per genome.
    * `mean_is_first = True` says that the first genome of a generation is the mean of
      what it samples from. Then only these means may become the champion.
    * `takes_start = True` says that it begins at the start of the space's genes.
    """

    @property
    def events(self) -> Sequence[str]:
        """What a reader of the run should know, such as restarts, oldest first."""

    def ask(self) -> Array:
        """Genomes (λ, n) of the next generation; λ may change from one to the next."""

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:
        """Reports on the genomes asked for.

        Args:
            genomes: (λ, n).
            fitness: (λ,), or (λ, m) of m > 1 objectives; -inf where an episode was unstable.
            values: Mean over the episodes of each fitness term [its unit] (λ, T);
                NaN where an episode was unstable.
        """

    def stop_reason(self) -> str:
        """Why the search should end now; empty while it should go on."""
