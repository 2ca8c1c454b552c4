"""What acts without having learned: chance, and fixed cycles of the fingers."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from evoloco.dexterity.worlds import BINS

Actions = NDArray[np.int64]
"""Indices of `BINS` (n, joints)."""


class Actor(Protocol):
    """What acts in several simulations."""

    def best(self, seen: NDArray[np.float64], begun: NDArray[np.bool_]) -> Actions:
        """The actions of a control step.

        Args:
            seen: (n, inputs).
            begun: Whether an episode has just begun (n,).
        """


class Chance:
    """Random actions.

    Args:
        joints: Of the hand.
        seed: Of the actions.
    """

    def __init__(self, joints: int = 6, seed: int = 0) -> None:
        self._joints, self._rng = joints, np.random.default_rng(seed)

    def best(self, seen: NDArray[np.float64], begun: NDArray[np.bool_]) -> Actions:  # noqa: ARG002
        """Any of the bins, independently for every joint."""
        return self._rng.integers(len(BINS), size=(len(seen), self._joints))


LEFT = ((3, 2), (3, 4), (2, 4), (0, 4), (0, 1))
"""Bins of base and middle of every finger, by which all fingers turn the block to the left."""

RIGHT = ((0, 2), (1, 4), (2, 4), (3, 4), (3, 1))
"""The same to the right."""

HELD = 3
"""Control steps for which each is held."""

REST = (2, 2)
"""Bins of a finger at home."""

NEAR = 0.3
"""Angle to the goal at which the fingers go home [rad]."""


class Cycles:
    """Turns the block by a fixed cycle of all fingers, to the side on which the goal is nearer."""

    def __init__(self, fingers: int = 3) -> None:
        self._fingers, self._step = fingers, 0

    def best(self, seen: NDArray[np.float64], begun: NDArray[np.bool_]) -> Actions:  # noqa: ARG002
        """The present part of either cycle, or rest; the goal is in the last two inputs."""
        part = self._step // HELD % len(LEFT)
        self._step += 1
        left = np.arctan2(seen[:, -1], seen[:, -2])
        bins = np.where((left > 0)[:, None], LEFT[part], RIGHT[part])
        bins = np.where((np.abs(left) < NEAR)[:, None], REST, bins)
        return np.tile(bins, (1, self._fingers))
