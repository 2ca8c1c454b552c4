"""CMA-ME by pyribs: a repertoire of gaits over two descriptors, improved by several CMA-ES."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers._archive import Archive
from evoloco.search.repertoire import Grid


class Optimizer:
    """Fills the cells of a grid over two descriptors, led by what was new or better.

    Several evolution strategies, begun at the genes' starts, sample around
    points of their own. Genomes
    that open a cell rank first, then those that improve one, by how much; a
    strategy of which no genome did either starts again at a random elite.
    Samples are folded into [0, 1]. Positions between the levels of a gene are
    kept, and stand for the nearest.

    Args:
        search: What is searched.
        descriptors: Two fitness terms, whose weight may be 0.
        ranges: Low and high of each [its unit]; what lies beyond counts to the outermost cells.
        cells: Along each.
        sigma: Initial step size, as a fraction of each gene's range.
        emitters: Number of strategies, which share the population evenly.

    Raises:
        SpecError: The grid is none, the population cannot be shared, or pyribs is not installed.

    References:
        Fontaine, Togelius, Nikolaidis and Hoover, 2020, Covariance matrix
        adaptation for the rapid illumination of behavior space,
        doi:10.1145/3377930.3390232.
        Tjanaka et al., 2023, pyribs, doi:10.1145/3583131.3590374.
    """

    takes_start = True
    packages = ("ribs",)
    events: Sequence[str] = ()

    def __init__(
        self,
        search: Search,
        *,
        descriptors: tuple[str, str],
        ranges: tuple[tuple[float, float], tuple[float, float]],
        cells: tuple[int, int] = (16, 16),
        sigma: Annotated[float, Field(gt=0, le=1)] = 0.2,
        emitters: Annotated[int, Field(ge=1)] = 2,
    ) -> None:
        size, rest = divmod(search.population_size, emitters)
        if rest or size < 2:
            raise SpecError(
                f"optimizer.emitters: a population of {search.population_size} cannot be shared by {emitters} "
                "strategies of 2 genomes or more each."
            )
        self._archive = Archive(search, Grid(descriptors, ranges, cells), "cma_me")
        from ribs.emitters import EvolutionStrategyEmitter

        centre = search.space.start.tolist()
        self._emitters = [
            EvolutionStrategyEmitter(
                self._archive.elites, x0=centre, sigma0=sigma, batch_size=size, seed=seed
            )
            for seed in np.random.SeedSequence([search.seed, len(search.space)])
            .generate_state(emitters)
            .tolist()
        ]

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        self._asked = np.concatenate([emitter.ask() for emitter in self._emitters])
        return np.asarray(1 - np.abs(1 - self._asked % 2))

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:  # noqa: ARG002 - samples, not folded, count
        """Reports the fitness (population_size,) and the terms' values; unstable genomes rank worst."""
        stable, told = self._archive.add(self._asked, fitness, values)
        if not told:
            return
        everyone = {
            "objective": fitness.min(where=stable, initial=np.inf) - 1,
            "measures": 0,
            "status": 0,
            "value": 0,
        }
        everyone["value"] = min(told["value"].min(), 0.0) - 1
        filled = {}
        for key, worst in everyone.items():
            filled[key] = np.full((len(fitness), *told[key].shape[1:]), worst, dtype=np.float64)
            filled[key][stable] = told[key]
        size = len(fitness) // len(self._emitters)
        for number, emitter in enumerate(self._emitters):
            part = slice(number * size, (number + 1) * size)
            emitter.tell(
                self._asked[part], filled["objective"][part], filled["measures"][part],
                {"status": filled["status"][part], "value": filled["value"][part]},
            )  # fmt: skip

    def stop_reason(self) -> str:
        """Never."""
        return ""
