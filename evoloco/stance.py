"""When feet stand: the phases of a gait, from the load under each foot."""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evoloco.genome import Array

Mask = NDArray[np.bool_]

Rows = NDArray[np.intp]
"""Indices of control steps, ascending."""

LOADED = 0.05
"""Load above which a foot counts as loaded [body weights]; touches and grazes stay below."""

TOUCHDOWN = 0.10
"""Load at which a swinging foot counts as standing [body weights]; it leaves the ground at `LOADED`."""

SHORTEST_PHASE = 0.05
"""Stance and swing shorter than this are chatter of the contact, not phases of a gait [s]."""


def find_stance(load: Array, control_dt: float) -> Mask:
    """Which feet stand at each step (T, F).

    | from -> to       | condition                                      |
    |------------------|------------------------------------------------|
    | swing -> stance  | load >= `TOUCHDOWN` body weights               |
    | stance -> swing  | load <= `LOADED` body weights                  |

    Then swings, and after them stances, shorter than `SHORTEST_PHASE` are
    given to the phases around them.

    Args:
        load: Vertical ground force under each foot over body weight [1] (T, F).
        control_dt: Time between rows [s].
    """
    decided = (load >= TOUCHDOWN) | (load <= LOADED)
    decided[0] = True  # a foot that starts in between is taken as swinging
    latest = np.maximum.accumulate(np.where(decided, np.arange(len(load))[:, None], 0), axis=0)
    stance: Mask = np.take_along_axis(load >= TOUCHDOWN, latest, axis=0)
    shortest = math.ceil(SHORTEST_PHASE / control_dt - 1e-9)  # 1e-9: rounding of the quotient
    for foot in stance.T:
        for phase in (False, True):
            edges = np.flatnonzero(foot[1:] != foot[:-1]) + 1
            for start, end in pairwise(edges):
                if foot[start] == phase and end - start < shortest:
                    foot[start:end] = not phase
    return stance


def touchdowns(stance: Mask) -> list[Rows]:
    """Rows in which each foot comes down, F arrays, from which feet stand (T, F)."""
    return [np.flatnonzero(~foot[:-1] & foot[1:]) + 1 for foot in stance.T]
