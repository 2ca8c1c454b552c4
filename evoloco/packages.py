"""Addresses of files in ROS packages, such as package://my_robot/meshes/leg.stl."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ADDRESS = re.compile(r"(?:package|model):/{2,3}([^/]+)/(.+)")
"""An address: the name of a package, and a path in it. `model` is Gazebo's word."""

MANIFEST = "package.xml"
"""The file at the top of a package, which has its name."""

NAME = re.compile(r"<name>\s*([^<\s]+)\s*</name>")
"""The name in it."""

LONGEST = 100_000
"""Characters of it that are read."""


def located(address: str, folder: Path, packages: Mapping[str, str] | None = None) -> Path | None:
    """Returns the file that an address means; None where there is no such file.

    Args:
        address: Such as package://my_robot/meshes/leg.stl.
        folder: Folder of the file that has the address. A package is looked for there and in all
            folders above: one called like it, one beside, or one whose package.xml has its name.
        packages: Name of a package -> its folder; other packages are looked for.
    """
    found = ADDRESS.fullmatch(address)
    if not found:
        return None

    name, path = found.groups()
    given = (packages or {}).get(name)
    for place in [Path(given)] if given else _places(name, folder):
        if (place / path).is_file():
            return place / path
    return None


def _places(name: str, folder: Path) -> Iterator[Path]:
    """Yields the folders that may be a package, the nearest ones first."""
    full = folder.absolute()
    for above in (full, *full.parents):
        if above.name == name or _name_in(above / MANIFEST) == name:
            yield above
        yield above / name


def _name_in(manifest: Path) -> str:
    """Returns the name in a package's manifest; nothing where there is none."""
    if not manifest.is_file():
        return ""
    try:
        with manifest.open(encoding="utf-8", errors="replace") as file:
            found = NAME.search(file.read(LONGEST))
    except OSError:
        return ""
    return found[1] if found else ""
