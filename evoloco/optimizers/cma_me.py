"""CMA-ME by pyribs: a repertoire of gaits over two descriptors, improved by several CMA-ES."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers._illumination import Illumination
from evoloco.search.repertoire import Cells, Descriptors, Ranges


class Optimizer(Illumination):
    """Fills the cells of a grid over two descriptors, led by what was new or better.

    Several evolution strategies sample around points of their own, the genes'
    starts at first. Genomes that open a cell rank first, then those that
    improve one, by how much. A strategy of which no genome did either starts
    again at a random elite. Samples are folded into [0, 1]. Positions between
    the levels of a gene are kept, and stand for the nearest.

    Args:
        search: What is searched.
        descriptors: Two fitness terms, whose weight may be 0.
        ranges: Low and high of each [its unit]; what lies beyond counts to the
            outermost cells.
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

    def __init__(
        self,
        search: Search,
        *,
        descriptors: Descriptors,
        ranges: Ranges,
        cells: Cells = (16, 16),
        sigma: Annotated[float, Field(gt=0, le=1)] = 0.2,
        emitters: Annotated[int, Field(ge=1)] = 2,
    ) -> None:
        size, rest = divmod(search.population_size, emitters)
        if rest or size < 2:
            raise SpecError(
                f"optimizer.emitters: a population of {search.population_size} cannot be shared "
                f"by {emitters} strategies of 2 genomes or more each."
            )
        super().__init__(search, descriptors, ranges, cells, "cma_me")
        from ribs.emitters import EvolutionStrategyEmitter

        seeds = np.random.SeedSequence([search.seed, len(search.space)]).generate_state(emitters)
        centre = search.space.start.tolist()
        self._emitters = [
            EvolutionStrategyEmitter(
                self.elites, x0=centre, sigma0=sigma, batch_size=size, seed=seed
            )
            for seed in seeds.tolist()
        ]

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        self._asked = np.concatenate([emitter.ask() for emitter in self._emitters])
        return np.asarray(1 - np.abs(1 - self._asked % 2))

    def tell(
        self,
        genomes: Array,  # noqa: ARG002 - samples count, not what they are folded to
        fitness: Array,
        values: Array,
    ) -> None:
        """Reports fitness (population_size,) and terms' values; unstable genomes rank worst."""
        stable, told = self.add(self._asked, fitness, values)
        if not told:
            return
        filled = _filled(fitness, stable, told)

        size = len(fitness) // len(self._emitters)
        for number, emitter in enumerate(self._emitters):
            part = slice(number * size, (number + 1) * size)
            emitter.tell(
                self._asked[part],
                filled["objective"][part],
                filled["measures"][part],
                {"status": filled["status"][part], "value": filled["value"][part]},
            )


def _filled(fitness: Array, stable: NDArray[np.bool_], told: dict[str, Any]) -> dict[str, Array]:
    """What pyribs tells of the stable solutions, for all (λ, ...); the unstable ones are worst."""
    worst = {
        "objective": fitness.min(where=stable, initial=np.inf) - 1,
        "measures": 0.0,
        "status": 0.0,
        "value": min(told["value"].min(), 0.0) - 1,
    }
    filled = {}
    for key, least in worst.items():
        filled[key] = np.full((len(fitness), *told[key].shape[1:]), least, dtype=np.float64)
        filled[key][stable] = told[key]
    return filled
