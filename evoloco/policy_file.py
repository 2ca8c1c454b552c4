"""A network's weights, and the safetensors file that holds them with the names of its inputs."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.extras import needs
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.record import files

FORMAT = "evoloco policy 2"
"""What a file of weights says that it is: the only key of its metadata, since safetensors writes
several in an order that changes from process to process."""

LARGEST_FILE = 256 * 2**20
"""Bytes of the largest file that is read."""


class PolicyError(EvolocoError):
    """A file of weights that cannot be used."""


@dataclass(frozen=True)
class Layout:
    """What goes into a network, what comes out of it, and what is between.

    Attributes:
        inputs: Names of the inputs, such as `joint_angle.left_knee` or `tilt.pitch`.
        hidden: Units of each hidden layer.
        outputs: Names of the outputs: joints, or muscles.
        squash: Whether the outputs are tanh of the last sums.
    """

    inputs: tuple[str, ...]
    hidden: tuple[int, ...]
    outputs: tuple[str, ...]
    squash: bool = False

    @classmethod
    def of(cls, morphology: Morphology, hidden: tuple[int, ...], squash: bool) -> "Layout":
        """The layout of a network on a body: channels of its sensors that are not hidden."""
        inputs = [
            f"{sensor.name}.{channel}" for sensor in morphology.felt for channel in sensor.channels
        ]
        driven = morphology.muscles or morphology.joints
        return cls(tuple(inputs), tuple(hidden), tuple(one.name for one in driven), squash)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Units of each layer, inputs and outputs included."""
        return (len(self.inputs), *self.hidden, len(self.outputs))

    @cached_property
    def weight_names(self) -> tuple[str, ...]:
        """Names of all weights and biases, layer by layer, as they stand in the flat array."""
        names = []
        for layer in range(len(self.sizes) - 1):
            inputs, outputs = self.sizes[layer], self.sizes[layer + 1]
            names += [f"layer{layer}.{i}.{j}" for i in range(inputs) for j in range(outputs)]
            names += [f"layer{layer}.bias.{j}" for j in range(outputs)]
        return tuple(names)

    def zeros(self, mean: Array, spread: Array) -> "Policy":
        """A network whose weights are 0, with means and spreads of the inputs."""
        return Policy(self, np.zeros(len(self.weight_names)), mean, spread)

    def __str__(self) -> str:
        hidden = ", ".join(str(units) for units in self.hidden) or "none"
        last = "tanh outputs" if self.squash else "outputs"
        return (
            f"{len(self.inputs)} inputs ({', '.join(self.inputs)}); hidden layers {hidden}; "
            f"{len(self.outputs)} {last} ({', '.join(self.outputs)})"
        )


@dataclass(frozen=True)
class Policy:
    """A network.

    Attributes:
        layout: Its inputs, layers and outputs.
        weights: Of layer after layer: weights (inputs, outputs), then biases (outputs,); flat (n,).
        mean: Of the inputs [their units].
        spread: Of the inputs [their units].
    """

    layout: Layout
    weights: Array
    mean: Array
    spread: Array

    @property
    def layers(self) -> list[tuple[Array, Array]]:
        """Weights (inputs, outputs) and biases (outputs,) of each layer."""
        found, at, sizes = [], 0, self.layout.sizes
        for inputs, outputs in pairwise(sizes):
            end = at + inputs * outputs
            matrix = self.weights[at:end].reshape(inputs, outputs)
            found.append((matrix, self.weights[end : end + outputs]))
            at = end + outputs
        return found


def flattened(layers: list[tuple[Array, Array]]) -> Array:
    """Weights (inputs, outputs) and biases (outputs,) of each layer as one flat array (n,)."""
    parts = [part.ravel() for layer in layers for part in layer]
    return np.concatenate(parts).astype(np.float64)


def write(policy: Policy, path: Path) -> None:
    """Writes a network: numbers as float32, and its layout.

    Raises:
        StorageError: The file cannot be written.
    """
    save = needs("safetensors.numpy", "rl").save
    told = {FORMAT: json.dumps(asdict(policy.layout))}
    arrays = {"mean": policy.mean, "spread": policy.spread}
    for index, (matrix, bias) in enumerate(policy.layers):
        arrays |= {f"layer{index}.weight": matrix, f"layer{index}.bias": bias}

    content = save({name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items()}, told)
    with files.replacing(path, files.ONCE_MORE) as unfinished:
        unfinished.write_bytes(content)


def read(path: str | Path, layout: Layout) -> Policy:
    """Reads a network for a layout.

    Args:
        path: Of a file that `write` wrote. Nothing in it is executed.
        layout: What the body and the run file need.

    Raises:
        PolicyError: It is missing, is something else, or has another layout.
    """
    found = load(path)
    if found.layout != layout:
        raise PolicyError(
            f"controller.weights: {path} does not fit this run. The file has {found.layout}. The "
            f"run needs {layout}. Give [sensors], [morphology] and controller.hidden of the run "
            "that the file is from, or train another policy."
        )
    return found


def load(path: str | Path) -> Policy:
    """Reads a network with whatever layout it has.

    Raises:
        PolicyError: The file is missing, or is something else.
    """
    content = _content(Path(path))
    deserialize = needs("safetensors", "rl").deserialize
    try:
        arrays = {name: _array(part) for name, part in deserialize(content)}
        size = int.from_bytes(content[:8], "little")
        told = json.loads(content[8 : 8 + size])["__metadata__"]
        if FORMAT not in told:
            raise ValueError(f"it says that it is '{', '.join(told)}', not '{FORMAT}'")
        parts = json.loads(told[FORMAT])
        layout = Layout(
            tuple(map(str, parts["inputs"])),
            tuple(map(int, parts["hidden"])),
            tuple(map(str, parts["outputs"])),
            bool(parts["squash"]),
        )
        return _policy(layout, arrays)
    except Exception as error:
        raise PolicyError(
            f"controller.weights: {path} is no policy of evoloco ({type(error).__name__}: {error})."
            " It must be a safetensors file that `evoloco train` or `evoloco convert` wrote."
        ) from None


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise PolicyError(
                f"controller.weights: {path} is larger than {LARGEST_FILE} bytes: it is no policy."
            )
        content = path.read_bytes()
    except OSError as error:
        raise PolicyError(f"controller.weights: {path} cannot be read: {error.strerror}.") from None

    if content[:2] in (b"PK", b"\x80\x04", b"\x80\x05"):
        raise PolicyError(
            f"controller.weights: {path} is an archive or a pickle, which can run code when it is "
            "loaded, so evoloco does not. If you trust whoever made it, convert it with: "
            f"evoloco convert RUN {path}"
        )
    return content


def _array(part: dict[str, Any]) -> Array:
    """An array of a safetensors file."""
    if part["dtype"] != "F32":
        raise ValueError(f"its numbers are {part['dtype']}, not F32")
    return np.frombuffer(part["data"], "<f4").reshape(part["shape"]).astype(np.float64)


def _policy(layout: Layout, arrays: dict[str, Array]) -> Policy:
    """The network of the arrays of a file.

    Raises:
        ValueError: An array is missing, or has another shape, or is not finite.
    """
    layers = []
    wanted: dict[str, tuple[int, ...]] = {
        "mean": (layout.sizes[0],),
        "spread": (layout.sizes[0],),
    }
    for index in range(len(layout.sizes) - 1):
        inputs, outputs = layout.sizes[index], layout.sizes[index + 1]
        wanted |= {f"layer{index}.weight": (inputs, outputs), f"layer{index}.bias": (outputs,)}
        layers.append((f"layer{index}.weight", f"layer{index}.bias"))

    for name, shape in wanted.items():
        if name not in arrays or arrays[name].shape != shape:
            came = arrays[name].shape if name in arrays else "nothing"
            raise ValueError(f"{name} must have the shape {shape}, and {came} came")
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} is not finite")
    if not (arrays["spread"] > 0).all():
        raise ValueError("a spread must be above 0")

    weights = flattened([(arrays[matrix], arrays[bias]) for matrix, bias in layers])
    return Policy(layout, weights, arrays["mean"], arrays["spread"])
