"""The bundled runs."""

import importlib
from pathlib import Path

from evoloco.errors import UnknownNameError


def run_file(name: str) -> Path:
    """The run file of a bundled run's name, or the path that came.

    Raises:
        UnknownNameError: It is neither.
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
    """The path that came, or the folder of a bundled run where there is no such path."""
    path = Path(name)
    return runs()[name].parent if not path.exists() and name in runs() else path


def runs() -> dict[str, Path]:
    """The bundled runs: name -> run file."""
    package = importlib.import_module("evoloco.runs")
    files = [file for folder in package.__path__ for file in Path(folder).glob("*/run.toml")]
    return {file.parent.name: file for file in sorted(files) if file.parent.parent.name != "out"}
