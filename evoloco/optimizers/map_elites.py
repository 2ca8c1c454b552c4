"""MAP-Elites by pyribs: a repertoire of gaits over two descriptors, varied along lines."""

from typing import Annotated

from pydantic import Field

from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers._illumination import Illumination
from evoloco.search.repertoire import Cells, Descriptors, Ranges


class Optimizer(Illumination):
    """Fills the cells of a grid over two descriptors with the fittest genome of each.

    New genomes are elites x, moved along the line to another elite y and in
    every direction:

        x + iso N(0, I) + line (y - x) N(0, 1)

    put on the bounds where they leave [0, 1]. The first generation is
    uniform, save that its first genome is the start where genes name one.
    Positions between the levels of a gene are kept, and stand for the nearest.

    Args:
        search: What is searched.
        descriptors: Two fitness terms, whose weight may be 0.
        ranges: Low and high of each [its unit]; what lies beyond counts to the
            outermost cells.
        cells: Along each.
        iso: Standard deviation in every direction, as a fraction of each gene's range.
        line: Standard deviation along the line, as a fraction of its length.

    Raises:
        SpecError: The grid is none, or pyribs is not installed.

    References:
        Mouret and Clune, 2015, Illuminating search spaces by mapping elites,
        arXiv:1504.04909.
        Vassiliades and Mouret, 2018, Discovering the elite hypervolume by
        leveraging interspecies correlation, doi:10.1145/3205455.3205602.
        Tjanaka et al., 2023, pyribs, doi:10.1145/3583131.3590374.
    """

    def __init__(
        self,
        search: Search,
        *,
        descriptors: Descriptors,
        ranges: Ranges,
        cells: Cells = (16, 16),
        iso: Annotated[float, Field(gt=0)] = 0.05,
        line: Annotated[float, Field(ge=0)] = 0.2,
    ) -> None:
        super().__init__(search, descriptors, ranges, cells, "map_elites")
        from ribs.emitters import IsoLineEmitter

        size = len(search.space)
        self._search, self._random = search, search.random()
        self._emitter = IsoLineEmitter(
            self.elites,
            iso_sigma=iso,
            line_sigma=line,
            x0=[0.5] * size,
            lower_bounds=[0.0] * size,
            upper_bounds=[1.0] * size,
            batch_size=search.population_size,
            seed=search.seed,
        )

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        if self.elites.empty:
            return self._search.space.first(self._random, self._search.population_size)
        genomes: Array = self._emitter.ask()
        return genomes

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:
        """Reports fitness (population_size,) and terms' values; unstable genomes are left out."""
        self.add(genomes, fitness, values)
