"""Weights of learned sensors: safetensors files, with what they were learned from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.extras import needs
from evoloco.perception.data import AGAIN
from evoloco.perception.lesson import Numbers
from evoloco.record import files

if TYPE_CHECKING:
    import torch

    Network = TypeVar("Network", bound=torch.nn.Module)

FORMAT = "evoloco sensor 1"
"""What a file says that it is: the only key of its metadata, since safetensors writes several in an
order that changes from process to process."""

BUNDLED = Path(__file__).parents[1] / "sensors" / "weights"
"""Folder of the weights that the package brings."""

LARGEST_FILE = 64 * 2**20
"""Bytes of the largest file that is read."""

EXTRA = "sensors"
"""Extra of the installation that brings what reads and writes weights."""


class WeightsError(EvolocoError):
    """A file of weights that cannot be used."""


def write(path: Path, weights: Mapping[str, Numbers], sensor: str, digest: str) -> bytes:
    """Writes weights, completely or not at all. Returns the content of the file.

    Args:
        path: Of the file.
        weights: By name.
        sensor: That they are of.
        digest: Of the recipe that they were learned by.
    """
    told = {FORMAT: json.dumps({"sensor": sensor, "digest": digest})}
    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    content: bytes = needs("safetensors.numpy", EXTRA).save(arrays, told)
    with files.replacing(path, AGAIN) as unfinished:
        unfinished.write_bytes(content)
    return content


def fill(network: Network, sensor: str, file: str = "") -> Network:
    """Fills a network with weights, and returns it ready to answer.

    Args:
        network: With random weights.
        sensor: That it belongs to.
        file: That `evoloco learn` wrote. Nothing in it is executed. Where empty, the bundled one.

    Raises:
        WeightsError: The file is missing, is something else, or is of another sensor or layout.
    """
    import torch

    path = Path(file) if file else BUNDLED / f"{sensor}.safetensors"
    owner, arrays = _content(path)
    if owner != sensor:
        raise WeightsError(
            f"{path} has weights of the sensor '{owner}', not of '{sensor}'. Give those that "
            f"'evoloco learn' wrote for '{sensor}'."
        )

    wanted = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    came = {name: array.shape for name, array in arrays.items()}
    if wanted != came:
        raise WeightsError(f"{path} has weights of another layout: {_apart(wanted, came)}.")
    network.load_state_dict({name: torch.from_numpy(one.copy()) for name, one in arrays.items()})
    return network.eval()


def _content(path: Path) -> tuple[str, dict[str, Numbers]]:
    """The sensor that a file belongs to, and its arrays."""
    load = needs("safetensors.numpy", EXTRA).load
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise WeightsError(f"{path} is larger than {LARGEST_FILE} bytes: it has no weights.")
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The weights {path} cannot be read: {error.strerror}. 'evoloco learn' writes some."
        ) from None

    try:
        arrays = load(content)
        size = int.from_bytes(content[:8], "little")
        told = json.loads(content[8 : 8 + size])["__metadata__"]
        owner = str(json.loads(told[FORMAT])["sensor"])
    except Exception as error:
        raise WeightsError(
            f"{path} has no weights of a sensor ({type(error).__name__}: {error}). It must be a "
            "safetensors file that 'evoloco learn' wrote."
        ) from None
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise WeightsError(f"{path} is damaged: '{name}' is not finite.")
    return owner, arrays


def _apart(wanted: Mapping[str, tuple[int, ...]], came: Mapping[str, tuple[int, ...]]) -> str:
    """The first tensor that differs, in words."""
    name = next(name for name in {**wanted, **came} if wanted.get(name) != came.get(name))
    there = f"the shape {came[name]}" if name in came else "none"
    return f"of '{name}' it has {there}, and the network needs {wanted.get(name, 'none')}"
