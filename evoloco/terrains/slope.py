"""A slope that begins where the level ground around the start ends."""

import math
from typing import Annotated

import numpy as np
from pydantic import Field

from evoloco.fields import Array


class Shape:
    """Ground that rises or falls evenly ahead of the start.

    Args:
        angle: Of the ground; negative for a descent [rad].
        length: Of the slope, after which the ground is level again [m].
    """

    def __init__(
        self,
        angle: Annotated[float, Field(gt=-1.0, lt=1.0)] = 0.05,
        length: Annotated[float, Field(gt=0)] = 100.0,
    ) -> None:
        self._rise, self._length = math.tan(angle), length
        self.highest = abs(self._rise) * length

    def heights(self, random: np.random.Generator, x: Array, y: Array) -> Array:  # noqa: ARG002
        """Heights of the points [m] (rows, columns)."""
        way = np.clip(x, 0.0, self._length)
        return np.asarray(np.tile(self._rise * way, (len(y), 1)))
