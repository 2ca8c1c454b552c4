"""The archive of a quality-diversity search, by pyribs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.search.repertoire import SLACK, Grid


class Archive:
    """The fittest genome of every cell, as `ribs.archives.GridArchive` keeps it.

    Args:
        search: What is searched.
        grid: The cells.
        who: The optimizer, for messages.

    Attributes:
        elites: The archive of pyribs.

    Raises:
        SpecError: pyribs is not installed.
        UnknownNameError: A descriptor is no fitness term.
    """

    def __init__(self, search: Search, grid: Grid, who: str) -> None:
        try:
            from ribs.archives import GridArchive
        except ImportError:
            raise SpecError(
                f"optimizer.name: '{who}' needs pyribs. Install it with: pip install 'evoloco[qd]'"
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
        """Adds the stable ones of some solutions (λ, n).

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
