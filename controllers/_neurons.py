"""Adapting neurons and the tables that wire them into a body; the compiled inside of `matsuoka`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from evoloco.genome import Array

HEADER = 6
"""Numbers before the tables: rows of the three variable tables, landing load, places of two foot loads."""

NEURON, SYNAPSE, SENSE, MUSCLE = 5, 3, 4, 3
"""Numbers per row of each table of `Network`."""

ALWAYS, ONE = -1, -1
"""A sense without gate; a sense of the constant 1."""


@dataclass(frozen=True)
class Network:
    """Neurons, who inhibits whom, what they feel and which joints they move; one row per entry.

    Attributes:
        neurons: (tau [s], tau' [s], beta, tonic input, membrane at the start).
        synapses: (receiver, sender, weight); positive weights inhibit.
        senses: (neuron, place in the observation or `ONE`, place of the foot load that lets it through or
            `ALWAYS`, weight).
        muscles: (joint, neuron, angle per output [rad]).
    """

    neurons: Sequence[Sequence[float]]
    synapses: Sequence[tuple[int, int, float]]
    senses: Sequence[tuple[int, int, int, float]]
    muscles: Sequence[tuple[int, int, float]]

    def parameters(self, reset_load: float, feet: tuple[int, int]) -> Array:
        """Header and tables in one row."""
        header = [len(self.synapses), len(self.senses), len(self.muscles), reset_load, *feet]
        tables = (self.neurons, self.synapses, self.senses, self.muscles)
        return np.concatenate([np.array(header, float), *(np.ravel(table).astype(float) for table in tables)])


@numba.njit(error_model="numpy", nogil=True)
def slope(neurons: Array, synapses: Array, drive: Array, x: Array, dx: Array) -> None:
    """Rates of change of membranes and fatigues, x = [u; v] (2, n), under the inputs `drive` (n,)."""
    for i in range(neurons.shape[0]):
        u, v = x[0, i], x[1, i]
        dx[0, i] = (drive[i] - u - neurons[i, 2] * v) / neurons[i, 0]
        dx[1, i] = (max(0.0, u) - v) / neurons[i, 1]
    for k in range(synapses.shape[0]):
        receiver, sender = int(synapses[k, 0]), int(synapses[k, 1])
        dx[0, receiver] -= synapses[k, 2] * max(0.0, x[0, sender]) / neurons[receiver, 0]


@numba.njit(error_model="numpy", nogil=True)
def advance(neurons: Array, synapses: Array, drive: Array, x: Array, h: float, count: int) -> None:
    """Integrates the network over `count` steps of `h` [s] with the classical Runge-Kutta method."""
    n = neurons.shape[0]
    there, rate, total = np.empty((2, n)), np.empty((2, n)), np.empty((2, n))
    for _ in range(count):
        slope(neurons, synapses, drive, x, rate)
        total[:] = rate
        for stage in range(3):
            reach = h if stage == 2 else h / 2
            weight = 1.0 if stage == 2 else 2.0
            for part in range(2):
                for i in range(n):
                    there[part, i] = x[part, i] + reach * rate[part, i]
            slope(neurons, synapses, drive, there, rate)
            for part in range(2):
                for i in range(n):
                    total[part, i] += weight * rate[part, i]
        for part in range(2):
            for i in range(n):
                x[part, i] += h / 6 * total[part, i]


@numba.njit(error_model="numpy", nogil=True)
def fastest(neurons: Array) -> float:
    """Shortest time constant of the network [s]."""
    tau = neurons[0, 0]
    for i in range(neurons.shape[0]):
        tau = min(tau, neurons[i, 0], neurons[i, 1])
    return float(tau)
