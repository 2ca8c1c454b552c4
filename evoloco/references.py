"""Every name and path in a run file that leads to code or to a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from evoloco.errors import SpecError

MEMBERS = {
    "morphology.name": "morphologies",
    "controller.name": "controllers",
    "fitness.*.measure": "fitness",
    "reward.*.measure": "fitness",
    "sensors.*.source": "sensors",
    "scenario.terrain.name": "terrains",
    "optimizer.name": "optimizers",
}
"""Keys that name a member -> its room. `*` is any name. A name that ends in .py is a path."""

FILES = (
    "morphology.path",
    "controller.path",
    "controller.weights",
    "sensors.*.weights",
    "fitness.*.path",
    "reward.*.path",
    "sensors.*.path",
    "scenario.terrain.path",
    "optimizer.path",
    "start.path",
)
"""Keys that are the path of a file that is read. `path` is one in the table of every member."""

FOLDERS = ("morphology.packages.*",)
"""Keys that are the path of a folder."""

RUNS = "runs"
"""Stands for the room of a run whose champion is used: a bundled run, or the path of a .json."""

CHAMPIONS = ("controller.gait",)
"""Keys that name such a run."""

FOLDER = "folder"
"""Stands for the room of a path that is that of a folder."""


class Reference(NamedTuple):
    """A name or path in a run file.

    Attributes:
        key: Dotted key in the run file, such as "fitness.speed.measure".
        value: What the run file has there.
        room: Room of the member that it names; empty for a file that is only read, `FOLDER` for a
            folder, `RUNS` for a champion.
    """

    key: str
    value: str
    room: str

    @property
    def is_code(self) -> bool:
        """Whether it is the path of a Python file."""
        return self.room not in ("", FOLDER, RUNS) and self.value.endswith(".py")

    @property
    def is_path(self) -> bool:
        """Whether it is the path of a file: code, or a file that is read."""
        is_champion = self.room == RUNS and self.value.endswith(".json")
        return self.is_code or is_champion or not self.room

    @property
    def is_anchored(self) -> bool:
        """Whether it is the path of a file or folder."""
        return self.is_path or self.room == FOLDER


def references(content: dict[str, Any]) -> Iterator[Reference]:
    """Yields every reference in the content of a run file, valid or not."""
    for _, _, reference in _found(content):
        yield reference


def anchor(content: dict[str, Any], folder: Path) -> None:
    """Makes all paths in the content of a run file absolute, their folders free of links.

    Args:
        content: The content, which is changed.
        folder: Folder that relative paths start from.

    Raises:
        SpecError: A value cannot be a path.
    """
    for table, key, reference in list(_found(content)):
        if reference.is_anchored:
            table[key] = resolved(reference.value, folder)


def resolved(value: str, folder: Path) -> str:
    """Returns a path, absolute, its folder free of links.

    The file itself may be a link: a model's meshes lie beside the link.

    Args:
        value: The path.
        folder: Folder that a relative path starts from.

    Raises:
        SpecError: The value cannot be a path.
    """
    if "\0" in value:
        raise SpecError(f"{value[:80]!r} cannot be a path.")
    full = folder / value
    try:
        return str(full.resolve() if full.name == ".." else full.parent.resolve() / full.name)
    except (OSError, ValueError, RuntimeError):  # such as links in a circle
        raise SpecError(f"{value[:80]!r} cannot be a path.") from None


def _found(content: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, Reference]]:
    """Yields every reference with the table that holds it, and its key there."""
    paths = {
        **dict.fromkeys(FILES, ""),
        **dict.fromkeys(FOLDERS, FOLDER),
        **dict.fromkeys(CHAMPIONS, RUNS),
    }
    for place, room in {**MEMBERS, **paths}.items():
        *tables, last = place.split(".")
        for table, prefix in _tables(content, tables):
            for key in list(table) if last == "*" else [last]:
                value = table.get(key)
                if isinstance(value, str) and value:
                    yield table, key, Reference(f"{prefix}{key}", value, room)


def _tables(content: Any, names: list[str], prefix: str = "") -> Iterator[tuple[Any, str]]:
    """Yields the tables at a place, and the beginning of the keys in them."""
    if not isinstance(content, dict):
        return
    if not names:
        yield content, prefix
        return

    for name in list(content) if names[0] == "*" else names[:1]:
        yield from _tables(content.get(name), names[1:], f"{prefix}{name}.")
