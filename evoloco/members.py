"""The members of the rooms: names in a run file -> modules."""

import hashlib
import importlib
import pkgutil
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from evoloco import modules
from evoloco.errors import SpecError, UnknownNameError

ROOMS = {
    "controllers": "controller",
    "morphologies": "morphology",
    "fitness": "measure",
    "optimizers": "optimizer",
    "sensors": "sensor",
    "terrains": "terrain",
}
"""Packages whose modules are members, and what one member is called."""

_ENTRY = {
    "controllers": "Controller",
    "morphologies": "build",
    "fitness": "measure",
    "optimizers": "Optimizer",
    "sensors": "sensor",
    "terrains": "Shape",
}


def members(room: str) -> list[str]:
    """Names of the members of a room, those of other packages included."""
    package = importlib.import_module(f"evoloco.{room}")
    own = [
        module.name
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    return sorted({*own, *(point.name for point in entry_points(group=f"evoloco.{room}"))})


def member(room: str, name: str, where: str = "") -> ModuleType:
    """The module of a member: bundled, of another package, or a user's own .py file.

    Raises:
        UnknownNameError: No member has the name.
        SpecError: The user's file is missing, cannot be imported or lacks the entry.
    """
    entry, kind = _ENTRY[room], ROOMS[room]
    if name.endswith(".py"):
        module = _import_file(Path(name), where)
    elif found := [point for point in entry_points(group=f"evoloco.{room}") if point.name == name]:
        module = found[0].load()
    elif name in members(room):
        module = importlib.import_module(f"evoloco.{room}.{name}")
    else:
        raise UnknownNameError(kind, name, members(room), where)
    if not callable(getattr(module, entry, None)):
        raise SpecError(
            f"{where}: {kind} '{name}' has no '{entry}'. See docs/ for how to write one."
        )
    return module


def _import_file(path: Path, where: str) -> ModuleType:
    if not path.is_file():
        raise SpecError(f"{where}: no file {path}.")
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    try:
        return modules.load(path, f"evoloco_user_{path.stem}_{digest}")
    except Exception as error:
        raise SpecError(
            f"{where}: {path} cannot be imported: {type(error).__name__}: {error}"
        ) from error
