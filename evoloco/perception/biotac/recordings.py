"""Readings of a real fingertip in a CSV file, to learn from instead of the surrogate."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evoloco.errors import EvolocoError
from evoloco.fields import Array
from evoloco.perception.biotac.skin import CHANNELS

COLUMNS = ("trajectory", "x", "y", "z", "fx", "fy", "fz", "tdc", *CHANNELS)
"""Number of the trajectory; contact [m] and force [N] in the finger's frame; temperature; readings.

Rows of a trajectory follow each other, 10 ms apart."""

TEST_EVERY = 5
"""Every fifth trajectory is not learned from."""


@dataclass(frozen=True)
class Recording:
    """One trajectory.

    Attributes:
        place: Of the contact [m] (T, 3).
        force: On what is touched [N] (T, 3).
        temperature: The reading `tdc` (T,).
        readings: The others (T, 23).
    """

    place: Array
    force: Array
    temperature: Array
    readings: Array


def read(path: Path, shortest: int) -> dict[str, list[Recording]]:
    """Trajectories to learn from, `train`, and others, `test`.

    Args:
        path: Of the file.
        shortest: Rows that a trajectory needs.

    Raises:
        EvolocoError: It cannot be read, lacks a column, has something that is no number, or has
            fewer than five trajectories of that length.
    """
    try:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise EvolocoError(f"The readings {path} cannot be read: {error}.") from None

    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise EvolocoError(
            f"The readings {path} lack the columns {', '.join(missing)}. They need: "
            f"{', '.join(COLUMNS)}."
        )
    table = np.array([[_number(row[name], name, path) for name in COLUMNS] for row in rows])

    breaks = np.flatnonzero(np.diff(table[:, 0])) + 1
    parts = [part for part in np.split(table, breaks) if len(part) >= shortest]
    if len(parts) < TEST_EVERY:
        raise EvolocoError(
            f"The readings {path} have {len(parts)} trajectories of at least {shortest} rows; "
            f"{TEST_EVERY} are needed."
        )
    found = [Recording(part[:, 1:4], part[:, 4:7], part[:, 7], part[:, 8:]) for part in parts]
    held_out = found[TEST_EVERY - 1 :: TEST_EVERY]
    del found[TEST_EVERY - 1 :: TEST_EVERY]
    return {"train": found, "test": held_out}


def _number(text: str | None, name: str, path: Path) -> float:
    """A number of the file."""
    try:
        value = float(text or "")
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise EvolocoError(f"The readings {path} have {text!r} in the column {name}.")
    return value
