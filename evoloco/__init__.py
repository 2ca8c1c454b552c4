"""evoloco evolves robot gaits.

A run pairs a morphology with a controller and asks an optimizer for genomes that a fitness prefers.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

__version__ = "0.1.0"

_CHECKOUT = Path(__file__).parents[1]
"""Where the rooms stand beside the package if it is read from a checkout."""


class _Rooms:
    """Finds the rooms of a checkout, where Python starts in its root without an installation."""

    names = ("evoloco.controllers", "evoloco.morphologies", "evoloco.fitness", "evoloco.runs")

    @classmethod
    def find_spec(
        cls,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG003 - the contract of a finder
        target: object = None,  # noqa: ARG003 - likewise
    ) -> ModuleSpec | None:
        """Where a room is; None for any other module."""
        return PathFinder.find_spec(name, [str(_CHECKOUT)]) if name in cls.names else None


if (_CHECKOUT / "controllers" / "sine.py").is_file():
    sys.meta_path.append(_Rooms)
