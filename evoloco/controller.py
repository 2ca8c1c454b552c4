"""The contract of a controller: genes, and two plain functions on arrays that Numba compiles.

A controller is a module with one public class `Controller(morphology, **options)`.
"""

from collections.abc import Callable
from typing import Protocol

from evoloco.genome import Array, Space

Reset = Callable[[Array, Array, float], None]
Step = Callable[[Array, Array, Array, float, float, Array], None]


class Controller(Protocol):
    """Maps what a body observes to its controls.

    `reset` and `step` are module-level functions. They run inside the physics
    loop, compiled, without Python: arithmetic on float64 arrays, loops,
    branches, `math` and `np` functions that Numba knows, and other functions
    decorated with `numba.njit`. They write into the arrays they are given and
    return nothing. Sizes are read off the arrays.

    Attributes:
        space: The genes.
        state_size: Length of `state`.
        reset: `reset(params, state, dt)` prepares an episode; `state` arrives zeroed.
        step: `step(params, state, obs, time, dt, ctrl)` runs once per control
            step: it advances `state` by `dt` [s] and writes `ctrl`, target
            angles [rad] in the order of the morphology's joints. `obs` is
            laid out as `evoloco.sensor.Observation` says.
    """

    space: Space
    state_size: int

    @property
    def reset(self) -> Reset:
        """Prepares an episode."""

    @property
    def step(self) -> Step:
        """Runs once per control step."""

    def parameters(self, values: dict[str, float]) -> Array:
        """The flat array `params` that stands for decoded gene values."""

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Named signals [1] (T,) to draw, from recorded states (T, state_size)."""
