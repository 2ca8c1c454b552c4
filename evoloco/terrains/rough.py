"""Rough ground: an independent height at every point of the grid."""

from typing import Annotated

import numpy as np
from pydantic import Field

from evoloco.fields import Array


class Shape:
    """Heights drawn uniformly within plus and minus the roughness.

    Args:
        roughness: Largest height and depth [m]; 0 leaves the body on its own ground.
    """

    def __init__(self, roughness: Annotated[float, Field(ge=0)] = 0.0) -> None:
        self.highest = roughness

    def heights(self, random: np.random.Generator, x: Array, y: Array) -> Array:
        """Heights of the points [m] (rows, columns); more columns change none of the others."""
        return np.asarray(self.highest * random.uniform(-1.0, 1.0, (len(x), len(y))).T)
