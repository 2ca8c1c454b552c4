"""A robot's log: what was commanded and what was measured, one row per sample.

A log is a CSV file (`.csv`) or a Parquet file (`.parquet`, needs pandas and pyarrow). The header
names every column and its unit:

    time [s],knee_left.command [rad],knee_left.position [rad],torso.rate.x [rad/s]

| column                  | units       | meaning                                                |
|-------------------------|-------------|--------------------------------------------------------|
| `time`                  | s, ms       | of the sample; it rises from row to row                |
| `JOINT.command`         | rad, deg    | that the servo was sent                                |
| `JOINT.position`        | rad, deg    | that it told                                           |
| `JOINT.velocity`        | rad/s, deg/s| that it told                                           |
| `JOINT.current`         | A, mA       | that it told                                           |
| `JOINT.torque`          | N m         | on the joint, where it is measured                     |
| `JOINT.temperature`     | degC        | that the servo told                                    |
| `JOINT.voltage`         | V           | of the supply, that the servo told                     |
| `torso.rate.AXIS`       | rad/s, deg/s| of the gyroscope, AXIS is x, y or z                    |
| `torso.acceleration.AXIS`| m/s2, g     | of the accelerometer                                  |
| `torso.roll`, `.pitch`  | rad, deg    | estimated tilt                                         |
| `foot.FOOT.load`        | N           | vertical force of the ground on a foot                 |

In memory every column has the first unit of its row.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evoloco import text_file
from evoloco.errors import SpecError, UnknownNameError, error_context
from evoloco.extras import needs
from evoloco.genome import Array

STANDARD_GRAVITY = 9.80665
"""[m/s²], by definition (CGPM, 1901)."""

UNITS: dict[str, dict[str, float]] = {
    "time": {"s": 1.0, "ms": 1e-3},
    "command": {"rad": 1.0, "deg": math.pi / 180},
    "position": {"rad": 1.0, "deg": math.pi / 180},
    "velocity": {"rad/s": 1.0, "deg/s": math.pi / 180},
    "current": {"A": 1.0, "mA": 1e-3},
    "torque": {"N m": 1.0},
    "temperature": {"degC": 1.0},
    "voltage": {"V": 1.0},
    "rate": {"rad/s": 1.0, "deg/s": math.pi / 180},
    "acceleration": {"m/s2": 1.0, "g": STANDARD_GRAVITY},
    "tilt": {"rad": 1.0, "deg": math.pi / 180},
    "load": {"N": 1.0},
}
"""Units of each quantity, the one in memory first, and what one of each is in it."""

OF_JOINT = ("command", "position", "velocity", "current", "torque", "temperature", "voltage")
"""Quantities of a joint."""

_HEADING = re.compile(r"\s*(?P<name>[^\[\]]+?)\s*\[(?P<unit>[^\[\]]*)\]\s*")


@dataclass(frozen=True, eq=False)
class RobotLog:
    """A robot's log of T samples.

    Attributes:
        columns: Values [first unit of its quantity] (T,) of each column, by name.
        path: Where it was read from.
    """

    columns: Mapping[str, Array]
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.time)

    @property
    def time(self) -> Array:
        """Of each sample [s] (T,)."""
        return self.columns["time"]

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the joints that have a column, in the order of the columns."""
        names = [name.rpartition(".") for name in self.columns]
        found = [
            joint
            for joint, _, what in names
            if what in OF_JOINT and not joint.startswith(("torso", "foot."))
        ]
        return tuple(dict.fromkeys(found))

    def of_joints(self, what: str, joints: Sequence[str]) -> Array:
        """A quantity of some joints (T, joints).

        Raises:
            SpecError: The log lacks a column.
        """
        return np.stack([self[f"{joint}.{what}"] for joint in joints], axis=1)

    def __getitem__(self, name: str) -> Array:
        if name not in self.columns:
            raise SpecError(
                f"{self.path or 'The log'}: there is no column '{name}'. "
                f"Its columns: {', '.join(self.columns)}."
            )
        return self.columns[name]


def quantity(name: str) -> str:
    """The key in `UNITS` of a column.

    Raises:
        UnknownNameError: No column can have this name.
    """
    parts = name.split(".")
    if name == "time":
        return "time"
    if name in ("torso.roll", "torso.pitch"):
        return "tilt"
    if parts[0] == "torso" and len(parts) == 3 and parts[1] in ("rate", "acceleration"):
        return parts[1]
    if parts[0] == "foot" and parts[-1] == "load":
        return "load"
    if len(parts) > 1 and parts[-1] in OF_JOINT:
        return parts[-1]
    known = ["time", *(f"JOINT.{what}" for what in OF_JOINT)]
    known += ["torso.rate.x", "torso.acceleration.x", "torso.roll", "torso.pitch", "foot.FOOT.load"]
    raise UnknownNameError("column of a robot's log", name, known)


def heading(name: str) -> str:
    """How a column is called in a file: its name and its unit in memory."""
    return f"{name} [{next(iter(UNITS[quantity(name)]))}]"


def read(path: Path) -> RobotLog:
    """Reads a log.

    Raises:
        SpecError: A column, a unit or a number cannot be used, or time does not rise.
    """
    headings, rows = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    columns: dict[str, Array] = {}
    for text, values in zip(headings, rows.T, strict=True):
        name, scale = _understood(path, text)
        if name in columns:
            raise SpecError(f"{path}: the column '{name}' comes twice.")
        columns[name] = values * scale

    _check(path, columns)
    return RobotLog(columns, path)


def write(path: Path, log: RobotLog) -> None:
    """Writes a log: as Parquet if the path ends so, else as CSV."""
    write_columns(path, {heading(name): values for name, values in log.columns.items()})


def write_columns(path: Path, columns: Mapping[str, Array]) -> None:
    """Writes columns (T,) by their headings: as Parquet if the path ends so, else as CSV."""
    if path.suffix == ".parquet":
        needs("pyarrow", "frame")
        pandas = needs("pandas", "frame")
        pandas.DataFrame(dict(columns)).to_parquet(path)
        return

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(np.stack([*columns.values()], axis=1).tolist())
    path.write_text(text.getvalue(), encoding="utf-8")


def _csv(path: Path) -> tuple[list[str], Array]:
    """Header and numbers (T, columns) of a CSV file."""
    try:
        lines = [row for row in csv.reader(io.StringIO(text_file.read(path))) if row]
    except (OSError, ValueError) as error:
        raise SpecError(f"{path}: cannot be read as a CSV file: {error}.") from error
    if len(lines) < 2:
        raise SpecError(f"{path}: a log needs a header and at least one sample.")

    header, *samples = lines
    rows = np.empty((len(samples), len(header)))
    for place, sample in enumerate(samples):
        if len(sample) != len(header):
            raise SpecError(
                f"{path}: line {place + 2} has {len(sample)} columns, the header {len(header)}."
            )
        try:
            rows[place] = [float(cell) for cell in sample]
        except ValueError as error:
            raise SpecError(f"{path}: line {place + 2}: {error}.") from error
    return header, rows


def _parquet(path: Path) -> tuple[list[str], Array]:
    """Header and numbers (T, columns) of a Parquet file."""
    needs("pyarrow", "frame")
    pandas = needs("pandas", "frame")
    try:
        frame = pandas.read_parquet(path)
        return [str(name) for name in frame.columns], frame.to_numpy(float)
    except (OSError, ValueError) as error:
        raise SpecError(f"{path}: cannot be read as a Parquet file: {error}.") from error


def _understood(path: Path, text: str) -> tuple[str, float]:
    """Name of a column, and what one of its unit is in memory."""
    found = _HEADING.fullmatch(text)
    if not found:
        raise SpecError(
            f"{path}: the column '{text}' names no unit. Write it as 'knee_left.position [rad]'."
        )
    with error_context(path):
        units = UNITS[quantity(found["name"])]
    if found["unit"] not in units:
        raise SpecError(
            f"{path}: the column '{found['name']}' has the unit '{found['unit']}'. "
            f"Known: {', '.join(units)}."
        )
    return found["name"], units[found["unit"]]


def _check(path: Path, columns: Mapping[str, Array]) -> None:
    """Raises a SpecError where a log has no rising time, or a number that is not finite."""
    if "time" not in columns:
        raise SpecError(f"{path}: there is no column 'time [s]'. It has: {', '.join(columns)}.")
    for name, values in columns.items():
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            raise SpecError(f"{path}: '{name}' is {values[wrong[0]]} in line {wrong[0] + 2}.")
    still = np.flatnonzero(np.diff(columns["time"]) <= 0)
    if len(still):
        raise SpecError(f"{path}: time does not rise from line {still[0] + 2} to the next.")
