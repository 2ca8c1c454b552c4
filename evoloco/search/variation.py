"""How DEAP's individuals mate and mutate in [0, 1]^n."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import random, randrange
from typing import Annotated, Any, Literal

import numpy as np
from deap import algorithms, base, tools
from pydantic import Field

from evoloco.genome import Array, Space

Crossover = Literal["blend", "sbx", "two_point", "none"]
Mutation = Literal["gaussian", "polynomial"]

Rate = Annotated[float, Field(ge=0, le=1)]
"""A probability."""

Eta = Annotated[float, Field(gt=0)]
"""A distribution index: the larger it is, the closer offspring are to their parents."""


class Individual(list[float]):
    """A genome with a fitness, as DEAP's operators take it.

    Attributes:
        fitness: DEAP's.
        told: The objectives as they came (m,), -inf where unstable.
    """

    fitness: base.Fitness
    told: Array


def individuals(genomes: Array, fitness: Array) -> list[Individual]:
    """Individuals of genomes (λ, n) with their objectives (λ, m), all of them maximised.

    An unstable genome, -inf, gets one less than the worst of the others:
    distances between infinities would be NaN.
    """
    finite = np.asarray(np.isfinite(fitness).all(axis=1))
    worst = fitness[finite].min(axis=0) - 1 if finite.any() else np.zeros(fitness.shape[1])
    ranked = np.where(finite[:, None], fitness, worst)

    kind = type("Fitness", (base.Fitness,), {"weights": (1.0,) * fitness.shape[1]})
    made = []
    for genome, told, objectives in zip(genomes, fitness, ranked, strict=True):
        one = Individual(genome.tolist())
        one.told, one.fitness = told, kind(objectives.tolist())
        made.append(one)
    return made


def joined(parents: Sequence[Individual], genomes: Array, fitness: Array) -> list[Individual]:
    """Parents together with their offspring (λ, n), which has objectives (λ, m).

    Unstable genomes of both get the same worst objectives.
    """
    if parents:
        genomes = np.concatenate([np.array(parents), genomes])
        fitness = np.concatenate([np.array([parent.told for parent in parents]), fitness])
    return individuals(genomes, fitness)


@dataclass(frozen=True)
class Variation:
    """Crossover and mutation of one generation.

    Genes with levels are never blended or shifted. Mates exchange them, each
    with probability 1/2 (or as two-point crossover cuts). A mutation moves to
    another level, all equally likely, and so turns a switch. Positions that
    leave [0, 1] are put on the bound.

    Attributes:
        space: The genes.
        crossover: "two_point" exchanges what lies between two cuts. "blend"
            draws from the interval of both parents, widened by `alpha` of its
            width on both sides (BLX-α). "sbx" is the simulated binary crossover.
            "none" leaves parents as they are.
        crossover_rate: Probability that two parents mate.
        mutation: "gaussian" adds a step of standard deviation `sigma`;
            "polynomial" draws as Deb's bounded one does.
        mutation_rate: Probability that a genome is mutated.
        gene_rate: Probability of each gene in a mutated genome.
        sigma: Standard deviation, as a fraction of each gene's range.
        alpha: Of the blend crossover.
        eta: Distribution index of "sbx" and "polynomial".

    References:
        Eshelman and Schaffer, 1993, Real-coded genetic algorithms and
        interval-schemata, doi:10.1016/B978-0-08-094832-4.50018-0 (BLX-α).
        Deb and Agrawal, 1995, Simulated binary crossover for continuous search
        space, Complex Systems 9, 115-148.
    """

    space: Space
    crossover: Crossover
    crossover_rate: float
    mutation: Mutation
    mutation_rate: float
    gene_rate: float
    sigma: float = 0.1
    alpha: float = 0.5
    eta: float = 15.0

    def __call__(self, parents: Sequence[Individual]) -> Array:
        """Genomes (k, n) of the offspring of k parents, of which neighbours are mates."""
        toolbox = base.Toolbox()
        toolbox.register("clone", _copy)
        toolbox.register("mate", self._mate)
        toolbox.register("mutate", self._mutate)
        return np.array(
            algorithms.varAnd(parents, toolbox, self.crossover_rate, self.mutation_rate)
        )

    def _mate(self, one: Individual, other: Individual) -> tuple[Individual, Individual]:
        """Crosses two individuals in place."""
        if self.crossover == "two_point" and len(one) > 1:
            tools.cxTwoPoint(one, other)
        if self.crossover not in ("blend", "sbx"):
            return one, other

        (ours, steps), (theirs, others) = self._parts(one), self._parts(other)
        if self.crossover == "blend":
            tools.cxBlend(ours, theirs, self.alpha)
        else:
            tools.cxSimulatedBinaryBounded(ours, theirs, self.eta, 0.0, 1.0)
        tools.cxUniform(steps, others, 0.5)

        self._put(one, ours, steps)
        self._put(other, theirs, others)
        return one, other

    def _mutate(self, one: Individual) -> tuple[Individual]:
        """Mutates an individual in place."""
        smooth, stepped = self._parts(one)

        if self.mutation == "gaussian":
            tools.mutGaussian(smooth, 0.0, self.sigma, self.gene_rate)
        else:
            tools.mutPolynomialBounded(smooth, self.eta, 0.0, 1.0, self.gene_rate)

        for place, levels in enumerate(self.space.levels[self._stepped].tolist()):
            if random() < self.gene_rate:  # one of the other levels, going round
                level = round(stepped[place] * (levels - 1)) + 1 + randrange(levels - 1)
                stepped[place] = level % levels / (levels - 1)

        self._put(one, smooth, stepped)
        return (one,)

    @cached_property
    def _smooth(self) -> list[int]:
        """Places of the continuous genes."""
        return np.flatnonzero(self.space.levels == 0).tolist()

    @cached_property
    def _stepped(self) -> list[int]:
        """Places of the genes with levels."""
        return np.flatnonzero(self.space.levels > 0).tolist()

    def _parts(self, one: Individual) -> tuple[list[float], list[float]]:
        """Positions of the continuous genes, and of those with levels."""
        return [one[place] for place in self._smooth], [one[place] for place in self._stepped]

    def _put(self, one: Individual, smooth: list[float], stepped: list[float]) -> None:
        """Writes positions back, within the bounds."""
        for places, positions in ((self._smooth, smooth), (self._stepped, stepped)):
            for place, position in zip(places, positions, strict=True):
                one[place] = min(max(position, 0.0), 1.0)


def _copy(one: Any) -> Individual:
    copy = Individual(one)
    copy.fitness = type(one.fitness)(one.fitness.values)
    return copy
