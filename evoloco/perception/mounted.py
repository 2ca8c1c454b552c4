"""A camera at a known pose above a plane: pixels and places on the plane."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Mounted:
    """A camera without roll.

    Places are relative to its foot, the point of the plane below the lens. Its functions take NumPy
    arrays and PyTorch tensors.

    Attributes:
        width: Of the picture [px].
        height: Of the picture [px].
        field_of_view: Vertical [deg].
        lifted: Height above the plane [m].
        pitch: Below the horizon [rad].
    """

    width: int
    height: int
    field_of_view: float
    lifted: float
    pitch: float

    @property
    def focal_length(self) -> float:
        """Distance at which one pixel is one unit wide [px]."""
        return self.height / 2 / float(np.tan(np.radians(self.field_of_view) / 2))

    def place(self, u: Any, v: Any) -> tuple[Any, Any]:
        """Where pixels show the plane: forward and left of the foot [m].

        Pixels near the horizon and above it are taken for ones below it.

        Args:
            u: From the left [px].
            v: From the top [px].
        """
        across = (u - (self.width - 1) / 2) / self.focal_length
        down = (v - (self.height - 1) / 2) / self.focal_length
        sine, cosine = float(np.sin(self.pitch)), float(np.cos(self.pitch))

        least = 0.1
        sinking = (sine + down * cosine).clip(least)
        return self.lifted * (cosine - down * sine) / sinking, -self.lifted * across / sinking
