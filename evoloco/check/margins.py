"""How wide a gap may become: a search for the width at which a gait begins to fall."""

from collections.abc import Callable
from typing import NamedTuple

SHARE = 0.1
"""Share of worlds with a fall at which a margin ends [1]: 1 in 10."""

HALVINGS = 3
"""Times that the bracket of a margin is halved."""


class Bracket(NamedTuple):
    """Between which widths a gait begins to fall.

    Attributes:
        holds: Largest width tried below which nothing fails; None where already width 0 fails.
        fails: Smallest width that fails; None where none of those tried does.
    """

    holds: float | None
    fails: float | None


def bracket(
    fails: Callable[[float], bool], upward: tuple[float, ...], halvings: int = HALVINGS
) -> Bracket:
    """Brackets the width at which a test begins to fail, from width 1 on.

    For a test that fails from some width on, that width is above `holds` and at most `fails`.

    Args:
        fails: Whether the gait fails at a width.
        upward: Widths above 1 to try, in ascending order.
        halvings: Times that the bracket is halved.
    """
    found = _upward(fails, upward) if not fails(1.0) else _downward(fails)
    holds, failing = found
    if holds is None or failing is None:
        return found

    for _ in range(halvings):
        middle = (holds + failing) / 2
        if fails(middle):
            failing = middle
        else:
            holds = middle
    return Bracket(holds, failing)


def _upward(fails: Callable[[float], bool], widths: tuple[float, ...]) -> Bracket:
    """The bracket of a test that does not fail at width 1."""
    holds = 1.0
    for width in widths:
        if fails(width):
            return Bracket(holds, width)
        holds = width
    return Bracket(holds, None)


def _downward(fails: Callable[[float], bool]) -> Bracket:
    """The bracket of a test that fails at width 1."""
    if fails(0.0):
        return Bracket(None, 0.0)
    return Bracket(0.0, 1.0)
