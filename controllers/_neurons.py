"""Adapting neurons and the tables that wire them into a body; the compiled inside of `matsuoka`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from evoloco.genome import Array

HEADER = 5
"""Numbers before the tables: rows of senses and of muscles, landing load, places of two foot loads."""

TAU, ADAPTATION_TAU, BETA, TONIC, START = range(5)
"""Rows of the table of neurons."""

NEURON, SENSE, MUSCLE = 5, 4, 3
"""Numbers per neuron, sense and muscle."""

ALWAYS, ONE = -1, -1
"""A sense without gate; a sense of the constant 1."""


@dataclass(frozen=True)
class Network:
    """Neurons, who inhibits whom, what they feel and which joints they move; one tuple per entry.

    Attributes:
        neurons: (tau [s], tau' [s], beta, tonic input, membrane at the start).
        synapses: (receiver, sender, weight); positive weights inhibit, several between two neurons add up.
        senses: (neuron, place in the observation or `ONE`, place of the foot load that lets it through or
            `ALWAYS`, weight).
        muscles: (joint, neuron, angle per output [rad]).
    """

    neurons: Sequence[tuple[float, float, float, float, float]]
    synapses: Sequence[tuple[int, int, float]]
    senses: Sequence[tuple[int, int, int, float]]
    muscles: Sequence[tuple[int, int, float]]

    def parameters(self, reset_load: float, feet: tuple[int, int]) -> Array:
        """Header, neurons (5, n), weights W^T (n, n), senses and muscles, in one row."""
        weights = np.zeros((len(self.neurons), len(self.neurons)))
        for receiver, sender, weight in self.synapses:
            weights[sender, receiver] += weight
        header = [len(self.senses), len(self.muscles), reset_load, *feet]
        tables = (header, np.transpose(self.neurons), weights, self.senses, self.muscles)
        return np.concatenate([np.ravel(table).astype(np.float64) for table in tables])


@numba.njit(error_model="numpy", nogil=True)
def slope(neurons: Array, weights: Array, drive: Array, x: Array, dx: Array) -> None:
    """Rates of change of membranes and fatigues, x = [u; v] (2, n), under the inputs `drive` (n,)."""
    n = drive.size
    for i in range(n):
        dx[0, i] = drive[i] - x[0, i] - neurons[BETA, i] * x[1, i]
        dx[1, i] = (max(0.0, x[0, i]) - x[1, i]) / neurons[ADAPTATION_TAU, i]
    for sender in range(n):
        y = x[0, sender]
        if y > 0.0:
            for i in range(n):
                dx[0, i] -= weights[sender, i] * y
    for i in range(n):
        dx[0, i] /= neurons[TAU, i]


@numba.njit(error_model="numpy", nogil=True)
def advance(neurons: Array, weights: Array, drive: Array, x: Array, h: float, count: int) -> None:
    """Integrates the network over `count` steps of `h` [s] with the classical Runge-Kutta method."""
    n = drive.size
    there, rate, total = np.empty((2, n)), np.empty((2, n)), np.empty((2, n))
    for _ in range(count):
        slope(neurons, weights, drive, x, total)
        rate[:] = total
        for stage in range(3):
            reach = h if stage == 2 else h / 2
            weight = 1.0 if stage == 2 else 2.0
            for part in range(2):
                for i in range(n):
                    there[part, i] = x[part, i] + reach * rate[part, i]
            slope(neurons, weights, drive, there, rate)
            for part in range(2):
                for i in range(n):
                    total[part, i] += weight * rate[part, i]
        for part in range(2):
            for i in range(n):
                x[part, i] += h / 6 * total[part, i]


@numba.njit(error_model="numpy", nogil=True)
def fastest(neurons: Array) -> float:
    """Shortest time constant of the network [s]."""
    tau = neurons[TAU, 0]
    for i in range(neurons.shape[1]):
        tau = min(tau, neurons[TAU, i], neurons[ADAPTATION_TAU, i])
    return float(tau)
