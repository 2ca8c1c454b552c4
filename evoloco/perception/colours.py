"""The plainest way to find a thing in a picture: pixels in its colours."""

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception.ball.decoding import Found, in_heat_map

LEVELS = 16
"""Levels of each of the three colours in the histogram."""

DOUBT = 5.0
"""Pixels of something else that every colour has from the start."""


class Colours:
    """A histogram of the colours of a thing, against those of all else.

    Args:
        pictures: To learn from (n, height, width, 3).
        masks: Pixels of the thing (n, height, width).
    """

    def __init__(self, pictures: NDArray[np.uint8], masks: NDArray[np.bool_]) -> None:
        colours = _levels(pictures)
        thing = np.bincount(colours[masks], minlength=LEVELS**3)
        other = np.bincount(colours[~masks], minlength=LEVELS**3) + DOUBT
        self.share: Array = thing / (thing + other)

    def find(self, picture: NDArray[np.uint8]) -> Found:
        """The connected region of a picture that is most in the thing's colours."""
        return in_heat_map(self.share[_levels(picture)])


def _levels(picture: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The bin of every pixel (..., height, width)."""
    level = picture.astype(np.int64) * LEVELS // 256
    return np.asarray(level @ np.array([LEVELS**2, LEVELS, 1]))
