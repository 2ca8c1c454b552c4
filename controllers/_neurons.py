"""Adapting neurons and the tables that wire them into a body; the compiled inside of `matsuoka`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from evoloco.genome import Array

from ._integrate import stage

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
def slope(params: Array, drive: Array, x: Array, dx: Array) -> None:
    """Rates of change of membranes u and fatigues v, x = [u, v] (2 n,), under the inputs `drive` (n,).

    `params` begins with the tables of neurons and weights.
    """
    n = drive.size
    for i in range(n):
        dx[i] = drive[i] - x[i] - params[BETA * n + i] * x[n + i]
        dx[n + i] = (max(0.0, x[i]) - x[n + i]) / params[ADAPTATION_TAU * n + i]
    for sender in range(n):
        y = x[sender]
        if y > 0.0:
            weights = (NEURON + sender) * n
            for i in range(n):
                dx[i] -= params[weights + i] * y
    for i in range(n):
        dx[i] /= params[TAU * n + i]


@numba.njit(error_model="numpy", nogil=True)
def advance(params: Array, drive: Array, x: Array, h: float, count: int) -> None:
    """Integrates the network over `count` steps of `h` [s] with constant inputs."""
    start, dx, total = np.empty(x.size), np.empty(x.size), np.empty(x.size)
    for _ in range(count):
        for k in range(4):
            slope(params, drive, x, dx)
            stage(k, h, start, dx, total, x)


@numba.njit(error_model="numpy", nogil=True)
def fastest(params: Array, n: int) -> float:
    """Shortest time constant of a network of n neurons [s]."""
    tau = params[0]
    for i in range(2 * n):
        tau = min(tau, params[i])
    return float(tau)
