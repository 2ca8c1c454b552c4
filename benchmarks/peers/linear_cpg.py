"""A controller: revolve2's CPG, a linear network that is clipped."""

import numpy as np

from evoloco.genome import Array, Gene, Space
from evoloco.morphology import Morphology


def reset(params: Array, state: Array, dt: float) -> None:
    """Starts the first neuron of every hinge at +s, the second at -s."""
    half = state.size // 2
    state[:half] = params[0]
    state[half:] = -params[0]


def step(params: Array, state: Array, obs: Array, time: float, dt: float, ctrl: Array) -> None:
    """Takes one step of Runge-Kutta and writes the outputs.

    As in revolve2, the first control step holds still.
    """
    n, nu = state.size, ctrl.size
    ctrl[:] = 0.0
    if time == 0.0:
        return
    weights = params[1 + nu :]
    total, stage, slope = np.zeros(n), np.zeros(n), np.zeros(n)
    for k in range(4):
        for i in range(n):
            stage[i] = state[i] + (0.0 if k == 0 else dt if k == 3 else dt / 2) * slope[i]
        for i in range(n):
            slope[i] = 0.0
            for j in range(n):
                slope[i] += weights[i * n + j] * stage[j]
            total[i] += (2.0 if k in (1, 2) else 1.0) * slope[i]
    for i in range(n):
        state[i] = min(max(state[i] + dt / 6 * total[i], -1.0), 1.0)
    for j in range(nu):
        ctrl[j] = state[j] * params[1 + j]


class Controller:
    """A linear network, X' = W X, with every entry of X clipped to [-1, 1].

    The control is the first half of X, times the ranges of the hinges.

    Args:
        morphology: The body.
        pairs: Neighbouring hinges.
        ranges: Ranges of the hinges [rad].
        start: Start value of the neurons.
    """

    reset = staticmethod(reset)
    step = staticmethod(step)

    def __init__(
        self, morphology: Morphology, pairs: list[list[int]], ranges: list[float], start: float
    ) -> None:
        self._pairs, self._ranges, self._start = pairs, ranges, start
        count = len(ranges) + len(pairs)
        self.space = Space(
            [Gene(f"weight_{k}", -1.0, 1.0, "1/s", "of a connection") for k in range(count)]
        )
        self.state_size = 2 * len(ranges)

    def parameters(self, values: dict[str, float]) -> Array:
        """Returns start, ranges (nu,) and W (2 nu, 2 nu) in one row."""
        nu = len(self._ranges)
        links = [*((i, nu + i) for i in range(nu)), *self._pairs]
        weights = np.zeros((2 * nu, 2 * nu))
        for k, (i, j) in enumerate(links):
            weights[i, j], weights[j, i] = values[f"weight_{k}"], -values[f"weight_{k}"]
        return np.concatenate([[self._start], self._ranges, weights.ravel()])

    def outputs(self, params: Array, states: Array) -> dict[str, Array]:
        """Returns nothing: nobody draws it."""
        return {}
