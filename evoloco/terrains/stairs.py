"""Stairs across the way."""

from typing import Annotated

import numpy as np
from pydantic import Field

from evoloco.fields import Array

Positive = Annotated[float, Field(gt=0)]


class Shape:
    """Steps of equal height and depth; the grid's cell is how far an edge slopes.

    Args:
        rise: Height of a step; negative for a descent [m].
        depth: Of a step along the way [m].
        count: Number of steps.
    """

    def __init__(
        self, rise: float = 0.02, depth: Positive = 0.4, count: Annotated[int, Field(ge=1)] = 20
    ) -> None:
        self._rise, self._depth, self._count = rise, depth, count
        self.highest = abs(rise) * count

    def heights(self, random: np.random.Generator, x: Array, y: Array) -> Array:  # noqa: ARG002
        """Heights of the points [m] (rows, columns)."""
        steps = np.clip(np.floor(x / self._depth), 0, self._count)
        return np.asarray(np.tile(self._rise * steps, (len(y), 1)))
