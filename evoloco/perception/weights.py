"""Weights of learned sensors: safetensors files, with what they were learned from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

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

LARGEST_FILE = 2_000_000
"""Bytes of the largest file that is written or read."""

Table = Mapping[str, Any]
"""What JSON calls an object."""

EMPTY: Table = MappingProxyType({})

EXTRA = "sensors"
"""Extra of the installation that brings what reads and writes weights."""


class WeightsError(EvolocoError):
    """A file of weights that cannot be used."""


def write(
    path: Path,
    weights: Mapping[str, Numbers],
    sensor: str,
    digest: str,
    layout: Table = EMPTY,
    settings: Table = EMPTY,
) -> bytes:
    """Writes weights, completely or not at all. Returns the content of the file.

    Args:
        path: Of the file.
        weights: By name.
        sensor: That they are of.
        digest: Of the recipe that they were learned by.
        layout: What goes into the network and what comes out, beyond the shapes of its weights,
            such as the size of a picture and the names of the outputs.
        settings: Of the recipe.

    Raises:
        WeightsError: They are more than a file may have.
    """
    told: dict[str, str | Table] = {
        "sensor": sensor,
        "digest": digest,
        "layout": layout,
        "settings": settings,
    }
    arrays = {name: np.asarray(array, order="C") for name, array in weights.items()}
    label = {FORMAT: json.dumps({key: _plain(value) for key, value in told.items()})}
    content: bytes = needs("safetensors.numpy", EXTRA).save(arrays, label)
    if len(content) > LARGEST_FILE:
        raise WeightsError(
            f"The weights of '{sensor}' take {len(content)} bytes, more than the {LARGEST_FILE} of "
            "a file. Make the network smaller."
        )
    with files.replacing(path, AGAIN) as unfinished:
        unfinished.write_bytes(content)
    return content


def fill(
    network: Network, sensor: str, file: str = "", layout: Table = EMPTY, digest: str = ""
) -> Network:
    """Fills a network with weights, and returns it ready to answer.

    Args:
        network: With random weights.
        sensor: That it belongs to.
        file: That `evoloco learn` wrote. Nothing in it is executed. Where empty, the bundled one.
        layout: That the weights must be of, as it was written; any where empty.
        digest: Of the recipe that they must be from; any where empty.

    Raises:
        WeightsError: The file is missing, is something else, or is of another sensor, layout or
            recipe.
    """
    import torch

    path = Path(file) if file else BUNDLED / f"{sensor}.safetensors"
    label, arrays = _content(path)
    owner = label["sensor"]
    if owner != sensor:
        raise WeightsError(
            f"{path} has weights of the sensor '{owner}', not of '{sensor}'. Give those that "
            f"'evoloco learn' wrote for '{sensor}'."
        )

    for part, asked in (("layout", _plain(layout) if layout else ""), ("digest", digest)):
        if asked and label[part] != asked:
            raise WeightsError(
                f"{path} has weights of another {part}: {label[part]} in the file, {asked} wanted."
            )

    wanted = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    came = {name: array.shape for name, array in arrays.items()}
    if wanted != came:
        raise WeightsError(f"{path} has weights of another layout: {_apart(wanted, came)}.")
    network.load_state_dict({name: torch.from_numpy(one.copy()) for name, one in arrays.items()})
    return network.train(False)


def _content(path: Path) -> tuple[dict[str, str], dict[str, Numbers]]:
    """What a file says that it is, and its arrays."""
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
        written = json.loads(told[FORMAT])
        label = {key: str(written[key]) for key in ("sensor", "digest", "layout")}
    except Exception as error:
        raise WeightsError(
            f"{path} has no weights of a sensor ({type(error).__name__}: {error}). It must be a "
            "safetensors file that 'evoloco learn' wrote."
        ) from None
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise WeightsError(f"{path} is damaged: '{name}' is not finite.")
    return label, arrays


def _plain(value: str | Table) -> str:
    """A part of a label as it stands in a file and in messages."""
    return value if isinstance(value, str) else json.dumps(dict(value), sort_keys=True)


def _apart(wanted: Mapping[str, tuple[int, ...]], came: Mapping[str, tuple[int, ...]]) -> str:
    """The first tensor that differs, in words."""
    name = next(name for name in {**wanted, **came} if wanted.get(name) != came.get(name))
    there = f"the shape {came[name]}" if name in came else "none"
    return f"of '{name}' it has {there}, and the network needs {wanted.get(name, 'none')}"
