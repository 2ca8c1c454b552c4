"""The file of a fitted body: which body, which servo model, and the numbers that were found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evoloco import text_file
from evoloco.errors import SpecError

FORMAT = "evoloco fitted body 1"
"""First value of a file."""


@dataclass(frozen=True)
class FittedBody:
    """What the file of a fitted body says.

    Attributes:
        morphology: [morphology] of a run file: the body as it was believed to be.
        model: Name of the servo model.
        values: Values of the numbers that were fitted, by their names.
        network: Weights of a learned servo, by the names of its layers; none for other models.
        found: How well it fits, for readers.
    """

    morphology: Mapping[str, Any]
    model: str
    values: Mapping[str, float]
    network: Mapping[str, Any]
    found: Mapping[str, Any]


def write(path: Path, body: FittedBody) -> None:
    """Writes a file; the same body gives the same bytes."""
    content = {
        "format": FORMAT,
        "morphology": dict(body.morphology),
        "model": body.model,
        "values": {name: float(value) for name, value in body.values.items()},
        "network": {name: np.asarray(rows).tolist() for name, rows in body.network.items()},
        "found": dict(body.found),
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> FittedBody:
    """Reads a file.

    Raises:
        SpecError: It is missing, or is no file of a fitted body.
    """
    try:
        content = json.loads(text_file.read(path))
    except (OSError, ValueError) as error:
        raise SpecError(f"{path}: cannot be read as a fitted body: {error}.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise SpecError(
            f"{path} is no fitted body: its `format` is not '{FORMAT}'. `evoloco identify` writes "
            "such a file."
        )
    try:
        return FittedBody(
            **{
                name: content[name]
                for name in ("morphology", "model", "values", "network", "found")
            }
        )
    except KeyError as error:
        raise SpecError(f"{path}: {error} is missing. Identify the robot again.") from error
