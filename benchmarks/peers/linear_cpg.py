"""A controller: revolve2's CPG, a linear network that is clipped."""

import numpy as np

from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene, Space
from evoloco.morphology import Morphology


def reset(params: Record, state: Record, dt: float) -> None:
    """Starts the first neuron of every hinge at +s, the second at -s."""
    half = params.ranges.size
    state.neurons[:half] = params.start
    state.neurons[half:] = -params.start


def step(params: Record, state: Record, obs: Record, time: float, dt: float, ctrl: Array) -> None:
    """Holds still in the first step, as revolve2 does; then one step of Runge-Kutta and outputs."""
    neurons, weights, n = state.neurons, params.weights, state.neurons.size
    ctrl[:] = 0.0
    if time == 0.0:
        return

    total, stage, slope = np.zeros(n), np.zeros(n), np.zeros(n)
    for k in range(4):
        for i in range(n):
            stage[i] = neurons[i] + (0.0 if k == 0 else dt if k == 3 else dt / 2) * slope[i]
        for i in range(n):
            slope[i] = 0.0
            for j in range(n):
                slope[i] += weights[i, j] * stage[j]
            total[i] += (2.0 if k in (1, 2) else 1.0) * slope[i]
    for i in range(n):
        neurons[i] = min(max(neurons[i] + dt / 6 * total[i], -1.0), 1.0)

    for j in range(ctrl.size):
        ctrl[j] = neurons[j] * params.ranges[j]


class Controller:
    """X' = W X, every entry of X within -1 and 1; controls are its first half times the ranges.

    Args:
        morphology: The body.
        pairs: Neighbouring hinges.
        ranges: Of the hinges [rad].
        start: Of the neurons.
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
        self.state: Shapes = {"neurons": (2 * len(ranges),)}

    def parameters(self, values: dict[str, float]) -> Fields:
        """Start, ranges (nu,) and W (2 nu, 2 nu)."""
        nu = len(self._ranges)
        links = [*((i, nu + i) for i in range(nu)), *self._pairs]
        weights = np.zeros((2 * nu, 2 * nu))
        for k, (i, j) in enumerate(links):
            weights[i, j], weights[j, i] = values[f"weight_{k}"], -values[f"weight_{k}"]
        return {"start": self._start, "ranges": self._ranges, "weights": weights}
