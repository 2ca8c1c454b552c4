"""Slow trim: what a tilt that stays says about slopes, loads and sensors that are askew."""

from collections.abc import Mapping

import numba

from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Gene

from ._legs import PITCH, ROLL
from ._posture_feedback import bounded

MEMORY = 4.0
"""Time constant with which old tilt is forgotten [s]."""

SETTLING = 1.0
"""Time after which tilt counts: the first steps lean as they like [s]."""

MOST, TURNED = 0.12, 0.15
"""Largest trims: places of feet [leg lengths], turns of soles [rad]."""

STARTS = {"pitch": (0.0, -0.12), "roll": (0.3, 0.0)}
"""Starting gains of the places [leg lengths/(rad s)] and of the soles [1/s]."""

STATE: Shapes = {"tilt": (2,), "ahead": (), "left": (), "up": (), "out": ()}
"""What `trim` keeps: tilt summed up, and what the feet do about it."""


def trim_genes(leg: float) -> list[Gene]:
    """Genes of the trim of legs of a length [m]."""
    most, meaning = round(1.2 * leg, 4), "per tilt that stays"
    genes = []
    for axis in ("pitch", "roll"):
        place, sole = f"feet shifted {meaning}", f"soles turned {meaning}"
        begin, turn = STARTS[axis]
        genes += [
            Gene(f"trim.{axis}.place", -most, most, "m/(rad s)", place, start=begin * leg),
            Gene(f"trim.{axis}.sole", -1.0, 1.0, "1/s", sole, start=turn),
        ]
    return genes


def trim_parameters(values: Mapping[str, float], leg: float) -> Fields:
    """What `trim` reads; genes that `values` lacks are 0. The legs have a length [m]."""
    axes = ("roll", "pitch")
    return {
        "place": [values.get(f"trim.{axis}.place", 0.0) for axis in axes],
        "sole": [values.get(f"trim.{axis}.sole", 0.0) for axis in axes],
        "most": MOST * leg,
    }


@numba.njit(error_model="numpy", nogil=True)
def trim(trims: Record, state: Record, felt: Record, time: float, dt: float) -> None:
    """Sums up tilt, and says where feet go and how soles turn because of it.

        (1) ds/dt = x - l - s / MEMORY
        (2) place = place gain * s,  turn = sole gain * s

    Args:
        trims: What `trim_parameters` returns.
        state: With the fields of `STATE`.
        felt: Roll and pitch from their levels [rad] (2,).
        time: Since the beginning [s].
        dt: Control step [s].
    """
    if time < SETTLING:
        return
    for axis in range(2):
        state.tilt[axis] += dt * (felt[axis] - state.tilt[axis] / MEMORY)  # (1)

    state.ahead = bounded(trims.place[PITCH] * state.tilt[PITCH], trims.most)  # (2)
    state.left = bounded(-trims.place[ROLL] * state.tilt[ROLL], trims.most)
    state.up = bounded(trims.sole[PITCH] * state.tilt[PITCH], TURNED)
    state.out = bounded(trims.sole[ROLL] * state.tilt[ROLL], TURNED)
