"""A repertoire: the fittest gait of every cell of a grid over two descriptors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import SpecError, UnknownNameError
from evoloco.genome import Array
from evoloco.record.journal import Journal

Descriptors = tuple[str, str]
"""Names of two fitness terms that describe how a gait moves."""

Ranges = tuple[tuple[float, float], tuple[float, float]]
"""Low and high of each descriptor [its unit]."""

Cells = tuple[int, int]
"""Numbers of cells along each descriptor."""

SLACK = 1e-6
"""Rounding below this counts as lying on the edge of a cell, in descriptor units times cells."""


@dataclass(frozen=True)
class Grid:
    """Cells over two fitness terms that describe how a gait moves.

    Attributes:
        descriptors: Names of the terms.
        ranges: Of each, low and high [its unit]; what lies beyond counts to the outermost cells.
        cells: Along each.

    Raises:
        SpecError: A range is not increasing, a count is not positive, or the descriptors are one.
    """

    descriptors: Descriptors
    ranges: Ranges
    cells: Cells

    def __post_init__(self) -> None:
        if self.descriptors[0] == self.descriptors[1]:
            raise SpecError(
                f"optimizer.descriptors: must be two different terms, not '{self.descriptors[0]}' twice."
            )
        for low, high in self.ranges:
            if not low < high:
                raise SpecError(f"optimizer.ranges: low {low} must be below high {high}.")
        if min(self.cells) < 1:
            raise SpecError(f"optimizer.cells: must be positive, not {list(self.cells)}.")

    def columns(self, terms: tuple[str, ...]) -> list[int]:
        """Places of the descriptors among the fitness terms.

        Raises:
            UnknownNameError: A descriptor is no term.
        """
        for name in self.descriptors:
            if name not in terms:
                raise UnknownNameError("fitness term", name, terms, "optimizer.descriptors")
        return [terms.index(name) for name in self.descriptors]

    def places(self, values: Array) -> NDArray[np.int64]:
        """Cells (N, 2) of descriptor values [their units] (N, 2)."""
        low, high = np.array(self.ranges).T
        counts = np.array(self.cells)
        places = np.floor((counts * (values - low) + SLACK) / (high - low))
        return np.asarray(np.clip(places, 0, counts - 1), dtype=np.int64)


@dataclass(frozen=True)
class Repertoire:
    """What a search left in a grid.

    Attributes:
        grid: The cells.
        fitness: Of each cell's fittest (cells of the first, of the second descriptor); NaN where none came.
        addresses: Generation and index of that individual (…, …, 2); -1 where none came.
    """

    grid: Grid
    fitness: Array
    addresses: NDArray[np.int64]

    @property
    def filled(self) -> int:
        """Number of cells that some gait reached."""
        return int(np.isfinite(self.fitness).sum())


def repertoire(journal: Journal, grid: Grid) -> Repertoire:
    """The repertoire of a run; generations with support count only where all had it."""
    found = _fill(journal, grid, supported=False)
    return found if found.filled else _fill(journal, grid, supported=True)


def _fill(journal: Journal, grid: Grid, supported: bool) -> Repertoire:
    fitness, addresses = np.full(grid.cells, np.nan), np.full((*grid.cells, 2), -1)
    columns = grid.columns(journal.terms)
    for record in journal.generations():
        if record.support and not supported:
            continue
        stable = np.flatnonzero(np.isfinite(record.fitness))
        values = record.evaluation.values.mean(axis=1)[stable][:, columns]
        for individual, (row, column) in zip(stable, grid.places(values), strict=True):
            if not record.fitness[individual] <= fitness[row, column]:  # or the cell is empty, NaN
                fitness[row, column] = record.fitness[individual]
                addresses[row, column] = record.generation, individual
    return Repertoire(grid, fitness, addresses)
