"""Learned inverse kinematics in one answer: angles from a place that has one solution."""

from functools import cache
from typing import Any

import numpy as np

from evoloco.fields import Array
from evoloco.kinematics.chain import Chain
from evoloco.kinematics.forward import Links
from evoloco.kinematics.network import Network, answer
from evoloco.sim.cache import compiled
from evoloco.sim.native import jit

_ENTRY = '''"""Learned angles; made by evoloco, may be deleted."""

import numba

from evoloco.kinematics.direct import ask


@numba.njit(error_model="numpy", cache=True)
def run(links, network, place):
    return ask(links, network, place)
'''


def angles(chain: Chain, network: Network, place: Array) -> Array:
    """The angles that a network answers for a place of the tip, within the limits [rad] (n,).

    A network that was shown two answers to the same place gives their mean, which is none. So the
    limits of the chain that it learns on must leave one.

    Args:
        chain: Of hinges, that the network was learned on.
        network: That `evoloco.kinematics.learn.learn_direct` made.
        place: Wanted place [m] (3,).
    """
    found: Array = _run()(chain.links, network, np.ascontiguousarray(place, np.float64))
    return found


@cache
def _run() -> Any:
    """The compiled network, kept on disk."""
    return compiled(_ENTRY, [ask]).run


@jit
def ask(links: Links, network: Network, place: Array) -> Array:
    """Angles whose sines and cosines are nearest to what the network answers."""
    joints, widest = links.zero.size, 0
    for size in network.sizes:
        widest = max(widest, size)
    signals, sums = np.empty(widest), np.empty(widest)
    for i in range(3):
        signals[i] = place[i]

    answer(network, signals, sums)
    q = np.empty(joints)
    for j in range(joints):
        angle = np.arctan2(signals[j], signals[joints + j])
        q[j] = min(max(angle, links.low[j]), links.high[j])
    return q
