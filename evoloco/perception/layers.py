"""Layers of small networks in compiled code, for sensors that need no Python.

Weights are named as in PyTorch, so a network is written with the names of its layers:

    def read(params, memory, seen, readings):
        lstm(params.recall, seen.sensordata, memory.hidden, memory.cell)
        dense(params.head, memory.hidden, readings)

    Compiled(read, params=parameters(arrays), memory={"hidden": (8,), "cell": (8,)})

All is computed with 64 bits, in the order in which it stands here.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.sim.native import jit


def parameters(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a compiled sensor from the arrays of a PyTorch module.

    `head.weight` becomes `params.head.weight`.

    Args:
        arrays: By the names of the module's `state_dict`, as in a file of safetensors.

    Raises:
        EvolocoError: A name begins with a number, as in an unnamed Sequential.
    """
    found: dict[str, Any] = {}
    for name, array in arrays.items():
        *path, last = name.split(".")
        if not all(part.isidentifier() for part in (*path, last)):
            raise EvolocoError(
                f"The layer of '{name}' has no name that Python could read. Name the layers of the "
                "module, as in: self.head = torch.nn.Linear(8, 2)"
            )
        place = found
        for part in path:
            place = place.setdefault(part, {})
        place[last] = np.asarray(array, np.float64)
    return found


@jit
def dense(layer, inputs, outputs):  # type: ignore[no-untyped-def]
    """Writes W x + b, as torch.nn.Linear.

    Args:
        layer: `weight` (n, m) and `bias` (n,).
        inputs: x (m,).
        outputs: (n,).
    """
    for unit in range(outputs.size):
        total = layer.bias[unit]
        for source in range(inputs.size):
            total += layer.weight[unit, source] * inputs[source]
        outputs[unit] = total


@jit
def tanh(values):  # type: ignore[no-untyped-def]
    """Puts every number through the hyperbolic tangent, in place."""
    for i in range(values.size):
        values[i] = math.tanh(values[i])


@jit
def relu(values):  # type: ignore[no-untyped-def]
    """Sets negative numbers to 0, in place."""
    for i in range(values.size):
        values[i] = max(values[i], 0.0)


@jit
def sigmoid(value):  # type: ignore[no-untyped-def]
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-value))


@jit
def lstm(layer, inputs, hidden, cell):  # type: ignore[no-untyped-def]
    """Advances a layer of long short-term memory by one step, as torch.nn.LSTM with one layer.

        i, f, o = sigmoid(W x + b + U h + d),  g = tanh(W x + b + U h + d)
        c <- f c + i g,  h <- o tanh(c)

    with the rows of W, U, b and d in the order i, f, g, o.

    Args:
        layer: `weight_ih_l0` W (4 n, m), `weight_hh_l0` U (4 n, n), `bias_ih_l0` b (4 n,) and
            `bias_hh_l0` d (4 n,).
        inputs: x (m,).
        hidden: h (n,), changed in place.
        cell: c (n,), changed in place.

    References:
        Hochreiter and Schmidhuber, 1997, Long short-term memory, doi:10.1162/neco.1997.9.8.1735.
        Gers, Schmidhuber and Cummins, 2000, Learning to forget, doi:10.1162/089976600300015015.
    """
    count = hidden.size
    sums = np.empty(4 * count)
    for row in range(4 * count):
        total = layer.bias_ih_l0[row] + layer.bias_hh_l0[row]
        for source in range(inputs.size):
            total += layer.weight_ih_l0[row, source] * inputs[source]
        for source in range(count):
            total += layer.weight_hh_l0[row, source] * hidden[source]
        sums[row] = total

    for unit in range(count):
        enter, stay = sigmoid(sums[unit]), sigmoid(sums[count + unit])
        new, leave = math.tanh(sums[2 * count + unit]), sigmoid(sums[3 * count + unit])
        cell[unit] = stay * cell[unit] + enter * new
        hidden[unit] = leave * math.tanh(cell[unit])
