"""Slow, bounded answers of hips, ankles, steps and phase to the torso's tilt and to landings."""

import math
from collections.abc import Mapping, Sequence

import numba

from evoloco.errors import ModelError
from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene
from evoloco.morphology import Morphology

from ._legs import PITCH, ROLL

ANSWER, SHIFT = 0.35, 0.15
"""Largest answers: turns of hips and ankles [rad], places of feet [leg lengths]."""

SWING, STANCE = 0.06, 0.3
"""Time constants with which a foot's place follows the tilt in swing, and returns in stance [s]."""

LANDED, LIFTED = 0.4, 0.2
"""Loads at which a foot has landed, and below which it has lifted off, in even shares of weight."""

HIP, ANKLE, PLACE = range(3)
"""Parts of the body that answer, as compiled code knows them."""

STARTS = {
    "ankle.pitch": (-0.03, -0.06),
    "hip.pitch": (-0.45, -0.14),
    "ankle.roll": (-0.25, -0.03),
    "hip.roll": (0.4, 0.03),
}
"""Starting answers of a biped to tilt [1] and its rate [s]: hips and soles keep the torso level."""

PARTS = ("hip", "ankle", "place")
"""Beginnings of the names of their genes."""

AXES = ("roll", "pitch")
"""Names of `ROLL` and `PITCH`."""


class PostureFeedback:
    """What a gait does about the torso's tilt and its landings, whatever makes its rhythm.

    Roll, pitch and their rates pass a filter of the time constant T:

        (1) dx/dt = (reading - x) / T

    A part of the body answers to each axis with what is felt there, x and x', from the level l:

        (2) answer = tilt (x - l) + rate x'

    Hips and ankles turn by it, at most by `ANSWER`. A swinging foot comes down elsewhere, at most
    `SHIFT` away.

    The oscillators' own time goes on faster or slower than the clock. With the stride's phase p, in
    which the left foot swings around 1/4 for the share s, roll x, and the period T_p:

        (3) d time/dt = 1 + bounded(roll x sin 2 pi p)
        (4) slower by the factor 1 - hold while a foot that has lifted off is late
        (5) ahead by reset d s T_p where a foot lands in the second half of its swing, with the
            share d of it to go

    A foot is late from the end of its swing until the next one lifts off, but never for longer than
    sqrt(L / g), with the length L of the legs. So with a reset of 1 the phase is that of a landing
    at once, and with a hold of 1 it stands until the foot is down.

    Attributes:
        genes: Time constant and gains.
        state: What the compiled functions keep.

    Args:
        morphology: The body.
        feet: Channels of `foot_load` of the feet that swing; -1 for one that does not exist.
        leg: Unit of places: the length of a leg [m], or 1 where a hip's turn is the place [rad].
        unit: Its name.
        offset: Phase of the stride over the oscillator's [1].
        answers: Whether tilt is answered; else `genes` lacks the gains of it.
        load: Whether landings are; else `genes` lacks the gains of them.

    Raises:
        ModelError: Landings are to be felt by a body without feet.
    """

    def __init__(
        self,
        morphology: Morphology,
        feet: Sequence[int],
        leg: float,
        unit: str,
        offset: float = 0.0,
        answers: bool = True,
        load: bool = False,
    ) -> None:
        if load and not morphology.feet:
            raise ModelError(
                "controller.load = true needs feet whose load is felt; this body has none. Name "
                "its feet in [morphology], or leave `load` out."
            )
        self.feet, self.offset = list(feet), offset
        self.even = 1.0 / max(1, len(morphology.feet))
        self.patience = math.sqrt(morphology.leg_length / morphology.gravity)
        tilt = _tilt_genes(leg, unit, biped=len(morphology.feet) == 2)
        self.genes = (tilt if answers else []) + (_load_genes() if load else [])
        count = len(self.feet)
        self.state: Shapes = {
            "phase": (),
            "felt": (4,),
            "shift": (count, 2),
            "lifted": (count,),
            "late": (),
        }

    def parameters(
        self, values: Mapping[str, float], swing: float, lags: Sequence[float]
    ) -> Fields:
        """What the compiled functions read; genes that `values` lacks are 0.

        Args:
            values: Of the genes. `lean` is the pitch that is not answered [rad].
            swing: Share of a stride that a swing lasts.
            lags: Of the feet behind the stride's phase [1].
        """
        names = [[f"{part}.{axis}" for axis in AXES] for part in PARTS]
        return {
            "time": values.get("felt.time", 0.0),
            "level": [0.0, values.get("lean", 0.0)],
            "tilt": [[values.get(f"{name}.tilt", 0.0) for name in row] for row in names],
            "rate": [[values.get(f"{name}.rate", 0.0) for name in row] for row in names],
            "roll": values.get("phase.roll", 0.0),
            "reset": values.get("phase.reset", 0.0),
            "hold": values.get("phase.hold", 0.0),
            "period": values.get("period", 1.0),
            "swing_share": swing,
            "offset": self.offset,
            "lag": lags,
            "foot": self.feet,
            "landed": LANDED * self.even,
            "lifted": LIFTED * self.even,
            "patience": self.patience,
        }


def _tilt_genes(leg: float, unit: str, biped: bool) -> list[Gene]:
    """Genes of the answers to tilt; places in a unit of legs of a length."""
    meaning = "time constant of what is felt"
    genes = [Gene("felt.time", 0.01, 0.5, "s", meaning, log=True, start=0.2)]
    for axis in ("pitch", "roll"):
        for part in ("ankle", "hip", "place"):
            place = part == "place"
            tilt, rate = (1.3 * leg, 0.35 * leg) if place else (1.0, 0.2)
            units = (f"{unit}/rad", f"{unit} s/rad") if place else ("1", "s")
            name, starts = f"{part}.{axis}", (0.0, 0.0)
            if biped:
                starts = STARTS.get(name, starts)
            genes += [
                Gene(f"{name}.tilt", -tilt, tilt, units[0], f"answer to {axis}", start=starts[0]),
                Gene(f"{name}.rate", -rate, rate, units[1], "answer to its rate", start=starts[1]),
            ]
    hurry = 2.0 if biped else 0.0
    meaning = "roll that speeds the phase"
    return [*genes, Gene("phase.roll", -6.0, 6.0, "1/rad", meaning, start=hurry)]


def _load_genes() -> list[Gene]:
    """Genes of the answers to landings."""
    return [
        Gene("phase.reset", 0.0, 1.0, "1", "share of an early landing's lead taken", start=0.1),
        Gene("phase.hold", 0.0, 1.0, "1", "slowing while a landing is late", start=0.1),
    ]


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
    return float(bounded(answer(feedback, felt, part, axis), ANSWER))


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
