"""Damped least squares from one start: the textbook's solver, which others must beat."""

from functools import cache
from typing import Any

from evoloco.fields import Array
from evoloco.kinematics.chain import Chain
from evoloco.kinematics.cholesky import cholesky
from evoloco.kinematics.descent import Tolerance, advance, copy, error, fill_normal, new_work
from evoloco.kinematics.forward import Links
from evoloco.kinematics.goal import Goal, Wanted
from evoloco.kinematics.solution import Solution
from evoloco.sim.cache import compiled
from evoloco.sim.native import jit

DAMPING = 1e-4
"""Square of the damping factor [m²]."""

_ENTRY = '''"""Damped least squares; made by evoloco, may be deleted."""

import numba

from evoloco.kinematics.damped import search


@numba.njit(error_model="numpy", cache=True)
def run(links, wanted, tolerance, start, damping, iterations):
    return search(links, wanted, tolerance, start, damping, iterations)
'''


def solve(
    chain: Chain,
    goal: Goal,
    start: Array | None = None,
    iterations: int = 200,
    tolerance: Tolerance = Tolerance(),  # noqa: B008 - a tuple cannot change
    damping: float = DAMPING,
) -> Solution:
    """Takes damped steps from one start, and ends where they lead.

    Args:
        chain: The chain.
        goal: What its tip shall do.
        start: Where it begins (n,); the middle of the limits where absent.
        iterations: Most steps.
        tolerance: How near to the goal solves it.
        damping: Square of the damping factor [m²].

    Raises:
        GoalError: The goal cannot be used.
        ModelError: The start has more or fewer numbers than the chain has joints.
    """
    begin, wanted = chain.begin(start), goal.wanted()
    return Solution(*_run()(chain.links, wanted, tolerance, begin, damping, iterations))


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
    damping: float,
    iterations: int,
) -> tuple[Array, bool, float, float, int]:
    """Takes damped steps; for the arguments see `solve`.

    A step is (Wampler, 1986, Manipulator inverse kinematic solutions based on vector formulations
    and damped least-squares methods, doi:10.1109/TSMC.1986.289285)

        dq = (JᵀJ + lambda² 1)^-1 Jᵀ e

    It is cut off at the limits, whether that helps or not.
    """
    q, work = start.copy(), new_work(start.size)
    distance, angle, _ = error(links, wanted, q, work)
    for taken in range(iterations):
        if distance <= tolerance.distance and angle <= tolerance.angle:
            return q, True, distance, angle, taken

        fill_normal(links, wanted, work)
        for j in range(q.size):
            work.normal[j, j] += damping
        cholesky(work.normal, work.step)
        advance(links, q, work)
        copy(work.tried, q)
        distance, angle, _ = error(links, wanted, q, work)
    solved = distance <= tolerance.distance and angle <= tolerance.angle
    return q, solved, distance, angle, iterations
