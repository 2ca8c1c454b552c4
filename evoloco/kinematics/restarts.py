"""Inverse kinematics by Levenberg-Marquardt descents: from a given start, then from random ones."""

from functools import cache
from typing import Any

import numpy as np

from evoloco.fields import Array
from evoloco.kinematics.chain import Chain
from evoloco.kinematics.descent import Tolerance, copy, descend, error, new_work
from evoloco.kinematics.draw import draw
from evoloco.kinematics.forward import Links
from evoloco.kinematics.goal import Goal, Wanted
from evoloco.kinematics.solution import Solution
from evoloco.sim.cache import compiled
from evoloco.sim.native import jit

STREAM = 0x1D0
"""Second half of the random numbers' key, which no other solver uses."""

PATIENCE = 30
"""Most steps from one start."""

_ENTRY = '''"""Inverse kinematics with restarts; made by evoloco, may be deleted."""

import numba

from evoloco.kinematics.restarts import search


@numba.njit(error_model="numpy", cache=True)
def run(links, wanted, tolerance, start, seed, iterations):
    return search(links, wanted, tolerance, start, seed, iterations)
'''


def solve(
    chain: Chain,
    goal: Goal,
    start: Array | None = None,
    seed: int = 0,
    iterations: int = 5000,
    tolerance: Tolerance = Tolerance(),  # noqa: B008 - a tuple cannot change
) -> Solution:
    """Finds positions of the joints that meet a goal.

    The same arguments give the same bytes. An unreachable goal takes all iterations.

    Args:
        chain: The chain.
        goal: What its tip shall do.
        start: Where the first descent begins (n,); the middle of the limits where absent. What is
            beyond a limit begins at it.
        seed: Of the starts that follow, at least 0.
        iterations: Most steps of all descents together.
        tolerance: How near to the goal solves it.

    Raises:
        GoalError: The goal cannot be used.
        ModelError: The start has more or fewer numbers than the chain has joints.
    """
    begin, wanted = chain.begin(start), goal.wanted()
    found = _run()(chain.links, wanted, tolerance, begin, np.uint64(seed), max(iterations, 1))
    return Solution(*found)


@cache
def _run() -> Any:
    """The compiled search, kept on disk."""
    return compiled(_ENTRY, [search]).run


@jit
def search(
    links: Links,
    wanted: Wanted,
    tolerance: Tolerance,
    start: Array,
    seed: int,
    iterations: int,
) -> tuple[Array, bool, float, float, int]:
    """Descends from one start after the other; for the arguments see `solve`."""
    work = new_work(start.size)
    q, best, least, taken = np.empty(start.size), np.empty(start.size), np.inf, 0
    copy(start, q)
    descent = 0
    while True:
        solved, steps = descend(
            links, wanted, tolerance, q, min(PATIENCE, iterations - taken), work
        )
        taken += steps
        distance, angle, cost = error(links, wanted, q, work)
        if solved:
            return q, True, distance, angle, taken
        if cost < least:
            least = cost
            copy(q, best)
        if taken >= iterations:
            break

        descent += 1
        draw(links, seed, STREAM, descent, q)

    distance, angle, _ = error(links, wanted, best, work)
    return best, False, distance, angle, taken
