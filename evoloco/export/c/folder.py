"""The folder of an exported controller in C."""

import re
from pathlib import Path

from evoloco.export.c.harness import harness
from evoloco.export.c.interface import sources
from evoloco.export.calibration import Calibration
from evoloco.export.exported import Exported
from evoloco.export.folder import making


def write(exported: Exported, out: Path, calibration: dict[str, Calibration]) -> str:
    """Writes header, source and test of a champion into a new folder.

    Args:
        exported: The champion.
        out: The folder.
        calibration: How its servos are mounted, by name of the control.

    Returns:
        With which the files' names begin.

    Raises:
        ExportError: The folder exists, or something in the controller has no counterpart in C.
    """
    name = in_c(exported.name)
    made, test = sources(exported, name, calibration), harness(exported, name)
    with making(out) as folder:
        (folder / f"{name}.h").write_text(made.header, encoding="utf-8")
        (folder / f"{name}.c").write_text(made.source, encoding="utf-8")
        (folder / f"{name}_test.c").write_text(test, encoding="utf-8")
    return name


def in_c(name: str) -> str:
    """A run's name as C may have it."""
    found = re.sub(r"\W", "_", name, flags=re.ASCII)
    return found if re.match(r"[A-Za-z]", found) else f"run_{found}"
