"""The two legs of a body: their joints and muscles, found by name."""

from collections.abc import Iterable, Sequence

SIDES = ("left", "right")
FEET = len(SIDES)

ROLL, PITCH = range(2)
"""Axes of `obs.tilt` and `obs.rate`."""


def on_both_sides(stems: Iterable[str]) -> list[str]:
    """Names of the left parts, then of the right ones: hip_left, knee_left, hip_right, ..."""
    stems = tuple(stems)
    return [f"{stem}_{side}" for side in SIDES for stem in stems]


def indices(names: Sequence[str], stems: Iterable[str]) -> dict[str, list[int]]:
    """Stem -> indices of the left and the right part in `names` (2,)."""
    return {stem: [names.index(f"{stem}_{side}") for side in SIDES] for stem in stems}
