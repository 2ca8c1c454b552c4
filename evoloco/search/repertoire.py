"""A repertoire: the fittest gait in every cell of a grid over two descriptors."""

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
"""Tolerance for a value on the edge of a cell, in descriptor units times the number of cells."""


@dataclass(frozen=True)
class Grid:
    """Cells over two fitness terms that describe how a gait moves.

    Attributes:
        descriptors: Names of the two terms.
        ranges: Low and high of each descriptor [its unit]. A value outside is put into the
            nearest outermost cell.
        cells: Number of cells along each descriptor.

    Raises:
        SpecError: A range is not increasing, a number of cells is not positive, or both
            descriptors are the same term.
    """

    descriptors: Descriptors
    ranges: Ranges
    cells: Cells

    def __post_init__(self) -> None:
        if self.descriptors[0] == self.descriptors[1]:
            raise SpecError(
                "optimizer.descriptors: must be two different terms, not "
                f"'{self.descriptors[0]}' twice."
            )
        for low, high in self.ranges:
            if not low < high:
                raise SpecError(f"optimizer.ranges: low {low} must be below high {high}.")
        if min(self.cells) < 1:
            raise SpecError(f"optimizer.cells: must be positive, not {list(self.cells)}.")

    def columns(self, terms: tuple[str, ...]) -> list[int]:
        """Returns the indices of the descriptors among the fitness terms.

        Raises:
            UnknownNameError: A descriptor is not a fitness term.
        """
        for name in self.descriptors:
            if name not in terms:
                raise UnknownNameError("fitness term", name, terms, "optimizer.descriptors")
        return [terms.index(name) for name in self.descriptors]

    def places(self, values: Array) -> NDArray[np.int64]:
        """Returns the cells (N, 2) of descriptor values [their units] (N, 2)."""
        low, high = np.array(self.ranges).T
        counts = np.array(self.cells)
        places = np.floor((counts * (values - low) + SLACK) / (high - low))
        return np.asarray(np.clip(places, 0, counts - 1), dtype=np.int64)


@dataclass(frozen=True)
class Repertoire:
    """The fittest individual of every cell.

    Attributes:
        grid: The cells.
        fitness: Best fitness in each cell, in the shape of the grid; NaN in an empty cell.
        individuals: Generation and index of that individual (..., 2); -1 in an empty cell.
    """

    grid: Grid
    fitness: Array
    individuals: NDArray[np.int64]

    @property
    def filled(self) -> int:
        """Number of cells that are not empty."""
        return int(np.isfinite(self.fitness).sum())


def repertoire(journal: Journal, grid: Grid) -> Repertoire:
    """Returns the repertoire of a run.

    Generations with support count only if all generations had support.
    """
    found = _fill(journal, grid, supported=False)
    return found if found.filled else _fill(journal, grid, supported=True)


def _fill(journal: Journal, grid: Grid, supported: bool) -> Repertoire:
    """Fills a grid; `supported`: whether generations with support count."""
    fitness = np.full(grid.cells, np.nan)
    individuals = np.full((*grid.cells, 2), -1)
    columns = grid.columns(journal.terms)

    for record in journal.generations():
        if record.support and not supported:
            continue

        stable = np.flatnonzero(np.isfinite(record.fitness))
        values = record.evaluation.values.mean(axis=1)[stable][:, columns]
        for individual, (row, column) in zip(stable, grid.places(values), strict=True):
            no_better = record.fitness[individual] <= fitness[row, column]  # False if empty: NaN
            if not no_better:
                fitness[row, column] = record.fitness[individual]
                individuals[row, column] = record.generation, individual

    return Repertoire(grid, fitness, individuals)
