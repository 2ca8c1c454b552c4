"""When feet stand: the phases of a gait, from the load under each foot."""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evoloco.genome import Array
from evoloco.morphology import Morphology

Mask = NDArray[np.bool_]

Rows = NDArray[np.intp]
"""Indices of steps, ascending."""

LOADED = 0.1
"""Load above which a foot counts as loaded; a foot that only grazes stays below.

It is a share of the even load: body weight over the number of feet.
"""

TOUCHDOWN = 0.2
"""Load from which on a swinging foot stands, a share of the even load; it stands until `LOADED`."""

SHORTEST_PHASE = 0.05
"""A stance or swing shorter than this is chatter of the contact, not a phase of the gait [s]."""


def loaded_force(morphology: Morphology) -> float:
    """Vertical ground force above which a foot counts as loaded [N]."""
    return LOADED * morphology.weight / len(morphology.feet)


def find_stance(load: Array, dt: float) -> Mask:
    """Which feet stand at each step (n, F).

    | from -> to       | condition                                      |
    |------------------|------------------------------------------------|
    | swing -> stance  | load >= `TOUCHDOWN`                            |
    | stance -> swing  | load <= `LOADED`                               |

    Then swings shorter than `SHORTEST_PHASE` become part of the stances around them, and after
    that short stances part of the swings around them.

    Args:
        load: Vertical ground force under each foot over the even load [1] (n, F).
        dt: Time between steps [s].
    """
    decided = (load >= TOUCHDOWN) | (load <= LOADED)
    decided[0] = True  # a foot that starts in between is taken as swinging
    latest = np.maximum.accumulate(np.where(decided, np.arange(len(load))[:, None], 0), axis=0)
    stance: Mask = np.take_along_axis(load >= TOUCHDOWN, latest, axis=0)

    shortest = math.ceil(SHORTEST_PHASE / dt - 1e-9)  # 1e-9: rounding of the quotient
    for foot in stance.T:
        for phase in (False, True):
            _fill_short(foot, phase, shortest)
    return stance


def _fill_short(foot: Mask, phase: bool, shortest: int) -> None:
    """Turns the phases of one kind that are shorter than `shortest` rows into the other kind."""
    edges = np.flatnonzero(foot[1:] != foot[:-1]) + 1
    for start, end in pairwise(edges):
        if foot[start] == phase and end - start < shortest:
            foot[start:end] = not phase


def touchdowns(stance: Mask) -> list[Rows]:
    """Rows in which each foot comes down, F arrays, from which feet stand (n, F)."""
    return [np.flatnonzero(~foot[:-1] & foot[1:]) + 1 for foot in stance.T]
