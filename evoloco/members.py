"""The members of the rooms: names in a run file -> modules."""

import hashlib
import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
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
"""Package whose modules are members -> what one member is called."""

_ENTRY = {
    "controllers": "Controller",
    "morphologies": "build",
    "fitness": "measure",
    "optimizers": "Optimizer",
    "sensors": "sensor",
    "terrains": "Shape",
}
"""Package -> the class or function that every member must have."""


def entry_of(room: str) -> str:
    """Returns the name of the class or function that every member of a room has."""
    return _ENTRY[room]


def members(room: str) -> list[str]:
    """Returns the names of the members of a room, plugins of other packages included."""
    package = importlib.import_module(f"evoloco.{room}")
    own = [
        module.name
        for module in pkgutil.iter_modules(package.__path__)
        if not (module.name.startswith("_") or module.ispkg)
    ]
    return sorted({*own, *_plugins(room)})


def nested(room: str) -> list[str]:
    """Returns the names of the members in folders of a room, such as "arms/ur5".

    They are not among the `members`, and not all fit every use of a member.
    """
    package = importlib.import_module(f"evoloco.{room}")
    folders = [
        module.name
        for module in pkgutil.iter_modules(package.__path__)
        if module.ispkg and not module.name.startswith("_")
    ]
    return sorted(
        f"{folder}/{module.name}"
        for folder in folders
        for module in pkgutil.iter_modules([f"{path}/{folder}" for path in package.__path__])
        if not module.name.startswith("_")
    )


@cache
def _plugins(room: str) -> dict[str, EntryPoint]:
    """Members that other packages bring, by their names; all that are installed are read once."""
    return {point.name: point for point in reversed(entry_points(group=f"evoloco.{room}"))}


def member(room: str, name: str, where: str = "") -> ModuleType:
    """Returns the module of a member: bundled, a plugin, or a user's own .py file.

    Args:
        room: Package of the member, such as "controllers".
        name: Name of the member, with its folder if it is in one, or path of the user's file.
        where: Where the name was found, for messages.

    Raises:
        UnknownNameError: No member has this name.
        SpecError: The user's file is missing, cannot be imported or lacks the entry.
    """
    entry, kind = _ENTRY[room], ROOMS[room]
    plugins = _plugins(room)
    if name.endswith(".py"):
        module = _import_file(Path(name), where)
    elif name in plugins:
        module = _import_plugin(plugins[name], where)
    elif name in members(room):
        module = importlib.import_module(f"evoloco.{room}.{name}")
    elif name in nested(room):
        module = importlib.import_module(f"evoloco.{room}.{name.replace('/', '.')}")
    else:
        raise UnknownNameError(kind, name, members(room), where)

    if not callable(getattr(module, entry, None)):
        raise SpecError(
            f"{where}: {kind} '{name}' has no '{entry}'. See docs/ for how to write one."
        )
    return module


def require(made: object, names: Sequence[str], who: str) -> None:
    """Checks that what a member made has everything that its contract names.

    Args:
        made: A controller, an optimizer, ...
        names: Attributes and methods of the contract.
        who: What it is, for messages.

    Raises:
        SpecError: Something is missing.
    """
    missing = [name for name in names if not hasattr(made, name)]
    if missing:
        raise SpecError(
            f"{who} lacks {', '.join(missing)}. It must have {', '.join(names)}. See docs/ for how "
            "to write one."
        )


def _import_plugin(plugin: EntryPoint, where: str) -> ModuleType:
    """Imports a member that another package brings.

    Raises:
        SpecError: It cannot be imported.
    """
    try:
        module: ModuleType = plugin.load()
    except Exception as error:
        raise SpecError(
            f"{where}: '{plugin.name}' ({plugin.value}) cannot be imported: "
            f"{type(error).__name__}: {error}"
        ) from error
    return module


def _import_file(path: Path, where: str) -> ModuleType:
    """Imports a user's file.

    Raises:
        SpecError: The file is missing or cannot be imported.
    """
    if not path.is_file():
        raise SpecError(f"{where}: no file {path}.")

    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    try:
        return modules.load(path, f"evoloco_user_{path.stem}_{digest}")
    except Exception as error:
        raise SpecError(
            f"{where}: {path} cannot be imported: {type(error).__name__}: {error}"
        ) from error
