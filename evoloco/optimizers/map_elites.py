"""MAP-Elites by pyribs: a repertoire of gaits over two descriptors, varied along lines between them."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers._archive import Archive
from evoloco.search.repertoire import Grid


class Optimizer:
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
        ranges: Low and high of each [its unit]; what lies beyond counts to the outermost cells.
        cells: Along each.
        iso: Standard deviation in every direction, as a fraction of each gene's range.
        line: Standard deviation along the line, as a fraction of its length.

    Raises:
        SpecError: The grid is none, or pyribs is not installed.

    References:
        Mouret and Clune, 2015, Illuminating search spaces by mapping elites, arXiv:1504.04909.
        Vassiliades and Mouret, 2018, Discovering the elite hypervolume by
        leveraging interspecies correlation, doi:10.1145/3205455.3205602.
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
        iso: Annotated[float, Field(gt=0)] = 0.05,
        line: Annotated[float, Field(ge=0)] = 0.2,
    ) -> None:
        self._archive = Archive(search, Grid(descriptors, ranges, cells), "map_elites")
        from ribs.emitters import IsoLineEmitter

        self._search, self._random = search, search.random()
        self._emitter = IsoLineEmitter(
            self._archive.elites, iso_sigma=iso, line_sigma=line, x0=[0.5] * len(search.space),
            lower_bounds=[0.0] * len(search.space), upper_bounds=[1.0] * len(search.space),
            batch_size=search.population_size, seed=search.seed,
        )  # fmt: skip

    def ask(self) -> Array:
        """Genomes (population_size, n) of the next generation."""
        if self._archive.elites.empty:
            return self._search.space.first(self._random, self._search.population_size)
        genomes: Array = self._emitter.ask()
        return genomes

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:
        """Reports the fitness (population_size,) and the terms' values; unstable genomes are left out."""
        self._archive.add(genomes, fitness, values)

    def stop_reason(self) -> str:
        """Never."""
        return ""
