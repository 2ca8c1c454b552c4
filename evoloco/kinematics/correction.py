"""Learned inverse kinematics: a network steps towards a pose, and is asked again from there."""

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evoloco.fields import Array
from evoloco.kinematics.chain import Chain
from evoloco.kinematics.descent import Tolerance, Work, error, new_work
from evoloco.kinematics.forward import Links
from evoloco.kinematics.goal import Goal, Wanted
from evoloco.kinematics.network import BUNDLED, Network, answer, read
from evoloco.kinematics.solution import Solution
from evoloco.perception.pose import Pose
from evoloco.sim.cache import compiled
from evoloco.sim.native import jit

KIND = "correction"
"""What a file of such a network says."""

TWIST = 6
"""Entries of the residual that are inputs: of place and rotation."""

TINY = 1e-12
"""Added to a residual's length [m], so that none is divided by 0."""

_ENTRY = '''"""Learned corrections; made by evoloco, may be deleted."""

import numba

from evoloco.kinematics.correction import search


@numba.njit(error_model="numpy", cache=True)
def run(links, network, wanted, tolerance, start, calls):
    return search(links, network, wanted, tolerance, start, calls)
'''


def bundled(chain: Chain, name: str = "ur5_narrow") -> Network:
    """A network that the package brings.

    Args:
        chain: That it is wanted for.
        name: Of its file.

    Raises:
        NetworkError: It was learned on another chain.
    """
    return load(BUNDLED / f"{name}.safetensors", chain)


def load(path: Path, chain: Chain) -> Network:
    """A network from a file; for the errors see `evoloco.kinematics.network.read`."""
    return read(path, KIND, chain)


def solve(
    chain: Chain,
    network: Network,
    pose: Pose,
    start: Array,
    calls: int = 10,
    tolerance: Tolerance = Tolerance(),  # noqa: B008 - a tuple cannot change
) -> Solution:
    """Steps from a start towards a pose that is near, as the network says.

    Args:
        chain: That the network was learned on.
        network: Of this kind.
        pose: Of the tip, within about 10 cm and 20 degrees of that of the start.
        start: Where it begins (n,).
        calls: How often the network is asked at most.
        tolerance: How near to the pose solves it.

    Raises:
        GoalError: The pose is none.
        ModelError: The start has more or fewer numbers than the chain has joints.
    """
    begin, wanted = chain.begin(start), Goal.of(pose).wanted()
    return Solution(*_run()(chain.links, network, wanted, tolerance, begin, calls))


@cache
def _run() -> Any:
    """The compiled search, kept on disk."""
    return compiled(_ENTRY, [search]).run


@jit
def search(
    links: Links,
    network: Network,
    wanted: Wanted,
    tolerance: Tolerance,
    start: Array,
    calls: int,
) -> tuple[Array, bool, float, float, int]:
    """Asks the network again and again; for the arguments see `solve`.

    With the residual e of the goal, the network N and the angles q (the inputs are those of
    BioIK's neural solver, with sines and cosines for the angles and e without its length):

        q <- q + |e| N(sin q, cos q, e / |e|), within the limits
    """
    q, work = start.copy(), new_work(start.size)
    widest = 0
    for size in network.sizes:
        widest = max(widest, size)
    signals, sums = np.empty(widest), np.empty(widest)

    distance, angle, _ = error(links, wanted, q, work)
    for taken in range(calls):
        if distance <= tolerance.distance and angle <= tolerance.angle:
            return q, True, distance, angle, taken
        length = inputs(q, work, signals)
        answer(network, signals, sums)
        for j in range(q.size):
            moved = q[j] + length * signals[j]
            q[j] = min(max(moved, links.low[j]), links.high[j])
        distance, angle, _ = error(links, wanted, q, work)
    solved = distance <= tolerance.distance and angle <= tolerance.angle
    return q, solved, distance, angle, calls


@jit
def inputs(q: Array, work: Work, signals: Array) -> float:
    """Fills in what the network is asked; returns the length of the residual [m]."""
    joints, square = q.size, 0.0
    for j in range(joints):
        signals[j] = math.sin(q[j])
        signals[joints + j] = math.cos(q[j])
    for i in range(TWIST):
        square += work.residual[i] ** 2
    length = math.sqrt(square) + TINY
    for i in range(TWIST):
        signals[2 * joints + i] = work.residual[i] / length
    return length
