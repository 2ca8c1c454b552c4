"""The arrays that the compiled episode reads and writes, and the plan that says where they are."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from evoloco.sim import plan

Ids = NDArray[np.int32]
"""Indices of simulations."""


class Arrays:
    """Arrays by the names of their addresses in the plan.

    An array lives as long as this does, or until another one takes its name.

    Args:
        capacity: Number of simulations.

    Attributes:
        spare: A number that the kernel may write to and nobody reads (1,).
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.spare = np.zeros(1)
        self._plan = np.zeros(1, plan.PLAN)
        self._held: dict[str, NDArray[Any]] = {}
        self._shared: set[str] = set()

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._held[name]

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def use(self, name: str, array: NDArray[Any], shared: bool = True) -> None:
        """Hands an array to the kernel.

        Args:
            name: Of its address in the plan.
            array: The array.
            shared: Whether all simulations share it; else it has a row for each.
        """
        self._held[name] = array
        self._plan[0][name] = array.ctypes.data
        (self._shared.add if shared else self._shared.discard)(name)

    @property
    def of_simulations(self) -> dict[str, NDArray[Any]]:
        """The arrays that have a row for every simulation, by their names."""
        return {name: array for name, array in self._held.items() if name not in self._shared}

    def reserve(self, name: str, *shape: int, kind: DTypeLike = np.float64) -> None:
        """Hands the kernel zeros of a shape for every simulation (capacity, *shape)."""
        self.use(name, np.zeros((self.capacity, *shape), kind), shared=False)

    def grow(self, name: str, count: int) -> None:
        """Gives every simulation `count` rows, zeros behind the old (capacity, count, width)."""
        old = self._held[name]
        self.reserve(name, count, *old.shape[2:], kind=old.dtype)
        self._held[name][:, : old.shape[1]] = old

    def constant(self, name: str) -> int:
        """A whole number in the plan."""
        return int(self._plan[0][name])

    def set(self, **constants: float) -> None:
        """Writes numbers into the plan."""
        for name, value in constants.items():
            self._plan[0][name] = value

    @property
    def address(self) -> int:
        """Address of the plan."""
        return int(self._plan.ctypes.data)
