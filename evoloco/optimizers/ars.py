"""Augmented random search: a finite-difference step along the better random directions."""

from typing import Annotated

import numpy as np
from pydantic import Field

from evoloco.genome import Array
from evoloco.optimizer import Search

WITHOUT = 0.25
"""Standard deviation of a direction along a gene that names no spread, of its range [1]."""


class Optimizer:
    """Augmented random search (V1-t) in [0, 1]^n, for policies with many weights.

    A generation tries N = population / 2 random directions d_k from the mean m, both ways:

        g = (1 / (b s)) sum_k (f(m + nu d_k) - f(m - nu d_k)) d_k,   m <- m + alpha g

    over the b directions of which the better side is best, with the standard deviation s of these
    2 b fitness values. A direction is Gaussian, with the spread of each gene. If the population is
    odd, its first genome is the mean.

    The original normalises inputs by running statistics (V2). Here the policy does that itself,
    by fixed ones.

    Args:
        search: What is searched.
        step: Step size alpha, of the spread of each gene.
        noise: Size nu of the tried directions, of the spread of each gene.
        top: Share of the directions that count, b / N.

    References:
        Mania, Guy and Recht, 2018, Simple random search provides a competitive approach to
        reinforcement learning, arXiv:1803.07055 (algorithm 2, without V2's normalisation).
    """

    takes_start = True

    def __init__(
        self,
        search: Search,
        *,
        step: Annotated[float, Field(gt=0)] = 0.7,
        noise: Annotated[float, Field(gt=0)] = 1.0,
        top: Annotated[float, Field(gt=0, le=1)] = 0.5,
    ) -> None:
        self.events: list[str] = []
        self._random = search.random()
        self._space = search.space
        self._pairs = search.population_size // 2
        self.mean_is_first = search.population_size % 2 == 1
        self._step, self._noise = step, noise
        self._best = max(1, round(top * self._pairs))
        self._spread = np.where(np.isfinite(search.space.spread), search.space.spread, WITHOUT)
        self._mean = search.space.start.copy()

    def ask(self) -> Array:
        """Genomes (λ, n): the mean if λ is odd, one side of every direction, the other side."""
        directions = self._random.standard_normal((self._pairs, len(self._space)))
        self._directions = self._spread * directions
        offsets = self._noise * self._directions
        first = [self._mean[None]] if self.mean_is_first else []
        genomes = np.concatenate([*first, self._mean + offsets, self._mean - offsets])
        return self._on_levels(np.clip(genomes, 0.0, 1.0))

    def _on_levels(self, genomes: Array) -> Array:
        """Genomes whose genes with levels are on the nearest one."""
        gaps = np.maximum(self._space.levels - 1, 1)
        return np.where(self._space.levels > 0, np.rint(genomes * gaps) / gaps, genomes)

    def tell(
        self,
        genomes: Array,  # noqa: ARG002 - the directions are known
        fitness: Array,
        values: Array,  # noqa: ARG002 - fitness says all
    ) -> None:
        """Reports the fitness (λ,); -inf counts as the worst that is finite."""
        finite = np.isfinite(fitness)
        if not finite.any():
            return
        told = np.where(finite, fitness, fitness[finite].min())[int(self.mean_is_first) :]
        ahead, back = told[: self._pairs], told[self._pairs :]

        best = np.argsort(-np.maximum(ahead, back), kind="stable")[: self._best]
        spread = np.concatenate([ahead[best], back[best]]).std()
        if spread == 0:
            return
        slope = (ahead[best] - back[best]) @ self._directions[best] / (self._best * spread)
        self._mean = np.clip(self._mean + self._step * slope, 0.0, 1.0)

    def stop_reason(self) -> str:
        """It never ends by itself."""
        return ""
