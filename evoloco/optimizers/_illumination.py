"""What MAP-Elites and CMA-ME share: an archive of pyribs over two descriptors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.search.repertoire import SLACK, Cells, Descriptors, Grid, Ranges


class Illumination:
    """A search that fills the cells of a grid with the fittest genome of each.

    Args:
        search: What is searched.
        descriptors: Two fitness terms.
        ranges: Low and high of each [its unit].
        cells: Along each.
        name: Of the optimizer, for messages.

    Attributes:
        elites: The archive, a `ribs.archives.GridArchive`.

    Raises:
        SpecError: The grid is none, or pyribs is not installed.
        UnknownNameError: A descriptor is no fitness term.
    """

    takes_start = True
    packages = ("ribs",)
    events: Sequence[str] = ()

    def __init__(
        self, search: Search, descriptors: Descriptors, ranges: Ranges, cells: Cells, name: str
    ) -> None:
        grid = Grid(descriptors, ranges, cells)
        try:
            from ribs.archives import GridArchive
        except ImportError:
            raise SpecError(
                f"optimizer.name: '{name}' needs pyribs. Install it with: pip install 'evoloco[qd]'"
            ) from None

        self._columns = grid.columns(search.terms)
        self.elites = GridArchive(
            solution_dim=len(search.space),
            dims=grid.cells,
            ranges=grid.ranges,
            epsilon=SLACK,
            seed=search.seed,
        )

    def add(
        self, solutions: Array, fitness: Array, values: Array
    ) -> tuple[NDArray[np.bool_], dict[str, Any]]:
        """Adds the stable ones of some solutions (λ, n) to the archive.

        Args:
            solutions: As the search has them, not folded into [0, 1].
            fitness: Of each (λ,); -inf where unstable.
            values: Of the fitness terms (λ, T).

        Returns:
            Which are stable (λ,), and what pyribs tells of those: "objective",
            "measures", "status" (0 not added, 1 better than another, 2 the
            first of its cell) and "value" (the improvement).
        """
        stable = np.isfinite(fitness)
        if not stable.any():
            return stable, {}
        measures = values[stable][:, self._columns]
        told = self.elites.add(solutions[stable], fitness[stable], measures)
        return stable, {"objective": fitness[stable], "measures": measures, **told}

    def stop_reason(self) -> str:
        """Never."""
        return ""
