"""The log of a deployment, row by row, so that what was measured outlives whatever ends it."""

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np

from evoloco.deploy.readings import Readings
from evoloco.errors import SpecError, unwritten
from evoloco.genome import Array
from evoloco.robot_log import heading

OF_SERVO = ("position", "velocity", "current", "temperature", "voltage")
AXES = ("x", "y", "z")


class Recorder:
    """Writes a robot's log (see `evoloco.robot_log`).

    Args:
        path: A CSV file that does not exist yet.
        joints: Names of the joints.
        feet: Names of the feet with load cells.

    Raises:
        SpecError: The file exists, or is no CSV file.
        StorageError: It cannot be written.
    """

    def __init__(self, path: Path, joints: Sequence[str], feet: Sequence[str]) -> None:
        if path.suffix != ".csv":
            raise SpecError(f"{path}: a deployment is logged row by row, as FILE.csv.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("x", encoding="utf-8", newline="", buffering=1)
        except FileExistsError:
            raise SpecError(f"{path} exists: move it away, or name another file.") from None
        except OSError as error:
            raise unwritten(error, f"{path} cannot be written: {error.strerror}.") from None

        self.path = path
        names = [f"{joint}.command" for joint in joints]
        names += [f"{joint}.{what}" for what in OF_SERVO for joint in joints]
        names += [f"torso.{what}.{axis}" for what in ("rate", "acceleration") for axis in AXES]
        names += ["torso.roll", "torso.pitch", *(f"foot.{foot}.load" for foot in feet)]
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([heading(name) for name in ("time", *names)])

    def add(self, time: float, command: Array, now: Readings, tilt: Array) -> None:
        """Adds a row.

        Args:
            time: Of the readings [s].
            command: That they are answered with [rad] (J,).
            now: What was read.
            tilt: Estimated roll and pitch [rad] (2,).
        """
        servos = [getattr(now, what) for what in OF_SERVO]
        parts = (command, *servos, now.rate, now.acceleration, tilt, now.load)
        self._writer.writerow([time, *np.concatenate(parts).tolist()])

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def free(folder: Path, name: str) -> Path:
    """The first path of `NAME-1.csv`, `NAME-2.csv` and so on that does not exist."""
    number = 1
    while (path := folder / f"{name}-{number}.csv").exists():
        number += 1
    return path
