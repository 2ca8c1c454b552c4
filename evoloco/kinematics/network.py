"""A multilayer perceptron for kinematics: compiled, and kept in a safetensors file."""

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError
from evoloco.extras import needs
from evoloco.fields import Array
from evoloco.kinematics.chain import Chain
from evoloco.record import files
from evoloco.sim.native import jit

FORMAT = "evoloco kinematics 1"
"""What a file says that it is: the only key of its metadata."""

BUNDLED = Path(__file__).with_name("weights")
"""Folder of the networks that the package brings."""

LARGEST_FILE = 2_000_000
"""Bytes of the largest file that is read."""

CLOSE = 1e-5
"""Largest difference of numbers between chains that count as the same; files have float32."""

EXTRA = "sensors"
"""Extra of the installation that brings safetensors and PyTorch."""


class NetworkError(EvolocoError):
    """A file of a network that cannot be used."""


class Network(NamedTuple):
    """Layers of units h_k = silu(h_{k-1} W_k + b_k); the last layer has no silu.

    Attributes:
        weights: Of layer after layer: W (inputs, outputs), then b (outputs,); flat.
        sizes: Units of each layer, inputs and outputs included.
    """

    weights: Array
    sizes: NDArray[np.int64]


@jit
def answer(network: Network, signals: Array, sums: Array) -> None:
    """Replaces the inputs at the beginning of `signals` by the outputs.

    Args:
        network: The network.
        signals: As long as the widest layer.
        sums: Likewise, to work in.
    """
    weights, at = network.weights, 0
    layers = network.sizes.size - 1
    for layer in range(layers):
        inputs, outputs = network.sizes[layer], network.sizes[layer + 1]
        for j in range(outputs):
            sums[j] = weights[at + inputs * outputs + j]
        for i in range(inputs):
            for j in range(outputs):
                sums[j] += signals[i] * weights[at + i * outputs + j]
        for j in range(outputs):
            last = layer == layers - 1
            signals[j] = sums[j] if last else sums[j] / (1.0 + math.exp(-sums[j]))
        at += (inputs + 1) * outputs


def pack(layers: list[tuple[Array, Array]]) -> Network:
    """The network of weights (inputs, outputs) and biases (outputs,), rounded to float32."""
    sizes = [layers[0][0].shape[0], *(bias.size for _, bias in layers)]
    flat = np.concatenate([part.ravel() for layer in layers for part in layer])
    return Network(flat.astype(np.float32).astype(np.float64), np.array(sizes, np.int64))


def write(path: Path, network: Network, kind: str, chain: Chain) -> None:
    """Writes a network with what it is for.

    Args:
        path: Of the file.
        network: The network.
        kind: What its inputs and outputs are, such as "correction".
        chain: That it was learned on.
    """
    told = {FORMAT: json.dumps({"kind": kind, "joints": chain.joints})}
    arrays = {"chain": _numbers(chain)}
    at = 0
    for index, (inputs, outputs) in enumerate(pairwise(network.sizes)):
        end = at + inputs * outputs
        arrays[f"layer{index}.weight"] = network.weights[at:end].reshape(inputs, outputs)
        arrays[f"layer{index}.bias"] = network.weights[end : end + outputs]
        at = end + outputs

    save = needs("safetensors.numpy", EXTRA).save
    content = save({name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items()}, told)
    with files.replacing(path, files.ONCE_MORE) as unfinished:
        unfinished.write_bytes(content)


def read(path: Path, kind: str, chain: Chain) -> Network:
    """Reads a network for a chain. Nothing in the file is executed.

    Raises:
        NetworkError: The file is missing, or is something else, or its network is of another kind
            or was learned on another chain.
    """
    label, arrays = _content(path)
    if label["kind"] != kind:
        raise NetworkError(f"{path} has a network for '{label['kind']}', and '{kind}' was asked.")

    learned, asked = arrays["chain"], _numbers(chain)
    if label["joints"] != list(chain.joints) or not (
        learned.shape == asked.shape and np.allclose(learned, asked, rtol=0, atol=CLOSE)
    ):
        raise NetworkError(
            f"{path} was learned on a chain of {', '.join(label['joints'])} with other lengths, "
            f"limits or joints than this one of {', '.join(chain.joints)}. Learn one for this "
            "chain, or take the chain that it was learned on."
        )
    count = sum(name.endswith(".weight") for name in arrays)
    return pack([(arrays[f"layer{i}.weight"], arrays[f"layer{i}.bias"]) for i in range(count)])


def _content(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """What a file says that it is, and its arrays.

    Raises:
        NetworkError: It is missing, or is something else.
    """
    load = needs("safetensors.numpy", EXTRA).load
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise NetworkError(f"{path} is larger than {LARGEST_FILE} bytes: it is no network.")
        content = path.read_bytes()
    except OSError as error:
        raise NetworkError(f"The network {path} cannot be read: {error.strerror}.") from None

    try:
        arrays = {name: array.astype(np.float64) for name, array in load(content).items()}
        size = int.from_bytes(content[:8], "little")
        label = json.loads(json.loads(content[8 : 8 + size])["__metadata__"][FORMAT])
        finite = all(np.isfinite(array).all() for array in arrays.values())
        if not finite or {"chain", "layer0.weight", "layer0.bias"} - set(arrays):
            raise ValueError("numbers are missing or not finite")
        return label, arrays
    except Exception as error:
        raise NetworkError(
            f"{path} is no network of kinematics ({type(error).__name__}: {error}). It must be a "
            "safetensors file that evoloco.kinematics.network.write wrote."
        ) from None


def _numbers(chain: Chain) -> Array:
    """All that a chain is made of, as one array."""
    return np.concatenate([part.ravel() for part in chain.links])
