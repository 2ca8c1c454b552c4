"""Levenberg-Marquardt steps towards a goal that keep joint limits: compiled."""

from typing import NamedTuple

import numpy as np

from evoloco.fields import Array
from evoloco.kinematics.cholesky import cholesky
from evoloco.kinematics.forward import Frames, Links, move, new_frames, slopes
from evoloco.kinematics.goal import ROWS, Wanted, linearize, measure
from evoloco.sim.native import jit

DAMPING = 1e-3
"""Damping of the first step [m²]."""

LEAST, MOST = 1e-9, 1e4
"""Damping below which it does not fall, and above which a descent ends [m²]."""

RELAX, STIFFEN = 0.3, 8.0
"""Factors on the damping after a step that is better, and after one that is not [1]."""

LONGEST = 0.7
"""Longest way of a joint in one step [rad or m]."""

EDGE = 1e-9
"""Distance from a limit at which a joint counts as being there [rad or m]."""


class Tolerance(NamedTuple):
    """How near to a goal solves it.

    Attributes:
        distance: Largest distance [m].
        angle: Largest angle [rad].
    """

    distance: float = 1e-5
    angle: float = 1e-4


class Work(NamedTuple):
    """Arrays to work in.

    Attributes:
        frames: Of the chain.
        residual: Of the goal (9,).
        velocity: Of the tip by those of the joints (6, n).
        rows: How the residual shrinks with the joints (9, n).
        normal: Matrix of the normal equations (n, n).
        step: Their right side, and their solution (n,).
        tried: Positions that are tried (n,).
    """

    frames: Frames
    residual: Array
    velocity: Array
    rows: Array
    normal: Array
    step: Array
    tried: Array


@jit
def new_work(joints: int) -> Work:
    """Arrays for a chain with so many joints."""
    return Work(
        new_frames(joints),
        np.empty(ROWS),
        np.empty((6, joints)),
        np.empty((ROWS, joints)),
        np.empty((joints, joints)),
        np.empty(joints),
        np.empty(joints),
    )


@jit
def error(links: Links, wanted: Wanted, q: Array, work: Work) -> tuple[float, float, float]:
    """How far the tip is off [m, rad], and half the sum of squares of the residual [m²]."""
    move(links, q, work.frames)
    distance, angle = measure(wanted, work.frames, work.residual)
    cost = 0.0
    for i in range(ROWS):
        cost += 0.5 * work.residual[i] ** 2
    return distance, angle, cost


@jit
def descend(
    links: Links, wanted: Wanted, tolerance: Tolerance, q: Array, steps: int, work: Work
) -> tuple[bool, int]:
    """Moves joints down to the goal, or to the minimum of its error that is near.

    A step solves (Marquardt, 1963, An algorithm for least-squares estimation of nonlinear
    parameters, doi:10.1137/0111030)

        (JᵀJ + lambda 1) dq = Jᵀ e

    A joint at a limit that the step would leave through it is held. A step that makes the error
    larger is undone, and lambda grows.

    Args:
        links: What the chain is made of.
        wanted: The goal.
        tolerance: How near solves it.
        q: Where the joints begin, within their limits, and end (n,).
        steps: Most steps.
        work: Arrays to work in.

    Returns:
        Whether the goal is solved, and the steps that were taken.
    """
    damping = DAMPING
    distance, angle, cost = error(links, wanted, q, work)
    for taken in range(steps):
        if distance <= tolerance.distance and angle <= tolerance.angle:
            return True, taken

        _solve_damped(links, wanted, q, damping, work)
        advance(links, q, work)
        far, turned, after = error(links, wanted, work.tried, work)
        if after < cost:
            copy(work.tried, q)
            distance, angle, cost = far, turned, after
            damping = max(damping * RELAX, LEAST)
            continue

        damping *= STIFFEN
        if damping > MOST:
            return False, taken + 1
        error(links, wanted, q, work)
    return distance <= tolerance.distance and angle <= tolerance.angle, steps


@jit
def _solve_damped(links: Links, wanted: Wanted, q: Array, damping: float, work: Work) -> None:
    """Fills in the damped step from the frames and the residual of q."""
    fill_normal(links, wanted, work)
    for j in range(q.size):
        low = q[j] <= links.low[j] + EDGE and work.step[j] < 0.0
        high = q[j] >= links.high[j] - EDGE and work.step[j] > 0.0
        if low or high:
            work.step[j] = 0.0
            for k in range(q.size):
                work.normal[j, k] = work.normal[k, j] = 0.0
        work.normal[j, j] += damping
    cholesky(work.normal, work.step)


@jit
def fill_normal(links: Links, wanted: Wanted, work: Work) -> None:
    """Fills in JᵀJ and Jᵀe from the frames and the residual."""
    slopes(links, work.frames, work.velocity)
    linearize(wanted, work.frames, links, work.velocity, work.rows)
    joints = links.zero.size
    for j in range(joints):
        total = 0.0
        for i in range(ROWS):
            total += work.rows[i, j] * work.residual[i]
        work.step[j] = total
        for k in range(j + 1):
            total = 0.0
            for i in range(ROWS):
                total += work.rows[i, j] * work.rows[i, k]
            work.normal[j, k] = total
            work.normal[k, j] = total


@jit
def advance(links: Links, q: Array, work: Work) -> None:
    """Fills in where the step leads: shortened as a whole, then cut off at the limits."""
    longest = 0.0
    for j in range(q.size):
        longest = max(longest, abs(work.step[j]))
    share = min(1.0, LONGEST / (longest + EDGE))
    for j in range(q.size):
        moved = q[j] + share * work.step[j]
        work.tried[j] = min(max(moved, links.low[j]), links.high[j])


@jit
def copy(source: Array, target: Array) -> None:
    """Copies positions of joints (n,)."""
    for j in range(source.size):
        target[j] = source[j]
