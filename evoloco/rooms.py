"""Finds the rooms of a checkout, where Python starts in its root without an installation."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
"""Where the rooms stand beside the package if it is read from a checkout."""


class Rooms:
    """A finder of the rooms.

    Attributes:
        names: Of the rooms.
    """

    names = ("evoloco.controllers", "evoloco.morphologies", "evoloco.fitness", "evoloco.runs")

    @classmethod
    def find_spec(
        cls,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG003 - the contract of a finder
        target: object = None,  # noqa: ARG003 - likewise
    ) -> ModuleSpec | None:
        """Returns where a room is; None for any other module."""
        return PathFinder.find_spec(name, [str(CHECKOUT)]) if name in cls.names else None


def find_in_checkout() -> None:
    """Lets Python import the rooms of a checkout, if the package is read from one."""
    if (CHECKOUT / "controllers" / "sine.py").is_file():
        sys.meta_path.append(Rooms)
