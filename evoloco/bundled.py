"""The bundled runs."""

import importlib
from pathlib import Path

from evoloco.errors import UnknownNameError


def run_file(name: str) -> Path:
    """Returns the run file of a bundled run, or the given path of a .toml file.

    Raises:
        UnknownNameError: The name is neither.
    """
    if name.endswith(".toml"):
        return Path(name)

    bundled = runs()
    if name not in bundled:
        raise UnknownNameError(
            "run", name, bundled, "RUN is a bundled run or the path of a .toml file"
        )
    return bundled[name]


def start_file(name: str) -> Path:
    """Returns the given path, or the folder of a bundled run if there is no such path."""
    path = Path(name)
    if not path.exists() and name in runs():
        return runs()[name].parent
    return path


def runs() -> dict[str, Path]:
    """Returns the run files of the bundled runs by name."""
    package = importlib.import_module("evoloco.runs")
    files = [file for folder in package.__path__ for file in Path(folder).glob("*/run.toml")]
    return {file.parent.name: file for file in sorted(files) if file.parent.parent.name != "out"}
