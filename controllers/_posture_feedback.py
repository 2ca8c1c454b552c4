"""Slow, bounded answers of hips, ankles, steps and phase to the torso's tilt."""

import math
from collections.abc import Mapping

import numba

from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene

from ._legs import PITCH, ROLL

ANSWER, SHIFT = 0.35, 0.15
"""Largest answers: turns of hips and ankles [rad], places of feet [leg lengths]."""

SWING, STANCE = 0.06, 0.3
"""Time constants with which a foot's place follows the tilt in swing, and returns in stance [s]."""

FASTER = 0.6
"""Largest change of the phase's rate, as a share of it."""

HIP, ANKLE, PLACE = range(3)
"""Parts of the body that answer, as compiled code knows them."""

PARTS = {"ankle": ANKLE, "hip": HIP, "place": PLACE}
"""Beginning of the names of a part's genes -> the part."""

AXES = {"pitch": PITCH, "roll": ROLL}
"""Axis in the names of genes -> its place in `obs.tilt` and `obs.rate`."""


class PostureFeedback:
    """What a gait does about the torso's tilt, whatever makes its rhythm.

    Roll, pitch and their rates pass a filter of the time constant T:

        (1) dx/dt = (reading - x) / T

    A part of the body answers to each axis with what is felt there, x and x', from the level l:

        (2) answer = tilt (x - l) + rate x'

    Hips and ankles turn by it, at most by `ANSWER`. A swinging foot comes down elsewhere, at most
    `SHIFT` away. Roll speeds or slows the phase p, in which the left foot swings around 1/4:

        (3) dp/dt = (1 + phase.roll x sin 2 pi p) / period

    Attributes:
        genes: Time constant and gains.
        state: What `feel` and `shift` keep.

    Args:
        feet: Number of feet that are put elsewhere.
        leg: Unit of places: the length of a leg [m], or 1 where a hip's turn is the place [rad].
        unit: Its name.
    """

    def __init__(self, feet: int, leg: float, unit: str) -> None:
        self.genes = _genes(leg, unit)
        self.state: Shapes = {"felt": (4,), "shift": (feet, 2)}

    def parameters(self, values: Mapping[str, float]) -> Fields:
        """Time constant [s], level [rad] (2,), gains by part and axis (3, 2), of the phase [1/rad].

        Genes that `values` lacks are 0; `lean` is the pitch from which the torso is felt to tilt.
        """
        by_place = {part: name for name, part in PARTS.items()}
        axis_of = {axis: name for name, axis in AXES.items()}
        names = [[f"{by_place[part]}.{axis_of[axis]}" for axis in range(2)] for part in range(3)]
        return {
            "time": values.get("felt.time", 0.0),
            "level": [0.0, values.get("lean", 0.0)],
            "tilt": [[values.get(f"{name}.tilt", 0.0) for name in row] for row in names],
            "rate": [[values.get(f"{name}.rate", 0.0) for name in row] for row in names],
            "roll": values.get("phase.roll", 0.0),
        }


def _genes(leg: float, unit: str) -> list[Gene]:
    """Genes of the answers; places in legs of a length, whose unit has a name."""
    meaning = "time constant of what is felt"
    genes = [Gene("felt.time", 0.01, 0.3, "s", meaning, log=True, start=0.05)]
    for axis in AXES:
        for part in PARTS:
            place = part == "place"
            tilt, rate = (1.3 * leg, 0.35 * leg) if place else (1.0, 0.2)
            units = (f"{unit}/rad", f"{unit} s/rad") if place else ("1", "s")
            genes += [
                Gene(f"{part}.{axis}.tilt", -tilt, tilt, units[0], f"answer to {axis}", start=0.0),
                Gene(f"{part}.{axis}.rate", -rate, rate, units[1], "answer to its rate", start=0.0),
            ]
    return [*genes, Gene("phase.roll", -6.0, 6.0, "1/rad", "roll that speeds the phase", start=0.0)]


@numba.njit(error_model="numpy", nogil=True)
def bounded(value: float, limit: float) -> float:
    """A value, at most a limit to either side."""
    return float(min(limit, max(-limit, value)))


@numba.njit(error_model="numpy", nogil=True)
def feel(feedback: Record, state: Record, obs: Record, dt: float) -> None:
    """Filters roll and pitch [rad], and their rates [rad/s]."""
    share = dt / (dt + feedback.time)
    for axis in range(2):  # (1)
        state.felt[axis] += share * (obs.tilt[axis] - state.felt[axis])
        state.felt[2 + axis] += share * (obs.rate[axis] - state.felt[2 + axis])


@numba.njit(error_model="numpy", nogil=True)
def answer(feedback: Record, felt: Array, part: int, axis: int) -> float:
    """What a part does about the tilt about an axis, without bounds: equation (2)."""
    tilt = felt[axis] - feedback.level[axis]
    return float(feedback.tilt[part, axis] * tilt + feedback.rate[part, axis] * felt[2 + axis])


@numba.njit(error_model="numpy", nogil=True)
def turn(feedback: Record, felt: Array, part: int, axis: int) -> float:
    """How far hips or ankles turn about an axis [rad]; a foot goes to the left, or its toes up."""
    return bounded(answer(feedback, felt, part, axis), ANSWER)


@numba.njit(error_model="numpy", nogil=True)
def shift(feedback: Record, place: Array, felt: Array, swings: bool, dt: float) -> None:
    """Moves where a foot comes down, ahead and to the left (2,); in stance it returns."""
    if swings:
        share = dt / (dt + SWING)
        place[0] += share * (answer(feedback, felt, PLACE, PITCH) - place[0])
        place[1] += share * (-answer(feedback, felt, PLACE, ROLL) - place[1])
    else:
        for axis in range(2):
            place[axis] -= dt / STANCE * place[axis]


@numba.njit(error_model="numpy", nogil=True)
def pace(feedback: Record, state: Record, phase: float) -> float:
    """Factor on the rate of the phase, which roll over the standing side slows or speeds."""
    speeds = feedback.roll * state.felt[ROLL] * math.sin(2.0 * math.pi * phase)
    return 1.0 + bounded(speeds, FASTER)  # (3)
