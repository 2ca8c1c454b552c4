"""Paths of the feet as functions of a phase, and slow, bounded answers to the torso's tilt."""

import math
from collections.abc import Mapping, Sequence
from itertools import count

import numba
import numpy as np

from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene
from evoloco.morphology import Morphology

from ._limbs import fields, limbs, reach, turned

ROUNDS = 2
"""Rounds of inverse kinematics per control step; they begin at the angles of the step before."""

ANSWER, SHIFT = 0.35, 0.15
"""Largest answers: turns of legs and soles [rad], places of feet [leg lengths]."""

SWING, STANCE = 0.06, 0.3
"""Time constants with which a foot's place follows the tilt in swing, and returns in stance [s]."""

PERIODS = 2.5, 7.5, 4.5
"""Shortest, longest and starting duration of a stride over sqrt(L / g) [1]."""

SIDES = {"left": 1.0, "right": -1.0, "": 0.0}
"""Which way is outwards, by the side of a foot."""

BEGIN = 1.5
"""Time in which strides grow to their length [s]."""


class FootPaths:
    """Where feet go, and how they answer.

    A foot that lags by l has the phase p - l. It swings around the phase 1/4, for the share
    (1 - double) / 2 of a stride: forward by a stride, and up by the lift. In stance it goes back
    evenly. The right side lags by half a stride. Both sides sway together, so that the body is over
    the feet that stand. On more than two legs, each pair lags the one before it by `pair.lag`. Feet
    that are on no side lag by half a stride one after another, from front to rear.

    The torso's roll and pitch and their rates pass a filter of one time constant. What is felt then
    turns the standing legs about their hips, turns their soles, and shifts where feet come down. No
    answer exceeds `ANSWER` or `SHIFT`.

    Lengths of genes are shares of the robot's legs, and periods of the time sqrt(L / g) of legs of
    the length L, so that one recipe fits robots of all sizes.

    Attributes:
        genes: Of the paths and of the answers.
        state: What `begin`, `feel` and `follow` keep.

    Args:
        morphology: The body.
        answers: Whether the torso's tilt and rate are answered.

    Raises:
        ModelError: A foot hangs on no driven hinge.
    """

    def __init__(self, morphology: Morphology, answers: bool = True) -> None:
        self.morphology, self.limbs = morphology, limbs(morphology)
        self._sides = [SIDES[morphology.sides.of_foot(limb.foot)] for limb in self.limbs]
        self._pairs = _pairs(morphology)

        leg, many = morphology.leg_length, max(self._pairs) > 0
        natural = math.sqrt(leg / morphology.gravity)
        paths = _paths(leg, natural, many)
        self._known = [*paths, *_answers(leg)]
        self.genes = paths + (_answers(leg) if answers else [])
        joints = max(len(limb.joints) for limb in self.limbs)
        self.state: Shapes = {
            "felt": (4,),
            "shift": (len(self.limbs), 2),
            "angle": (len(self.limbs), joints),
        }

    def parameters(self, values: Mapping[str, float]) -> Fields:
        """What the functions here read: limbs, their sides and lags, home, and the genes."""
        lag = values.get("pair.lag", 0.0)
        return {
            "limbs": fields(self.limbs, self.morphology.leg_length),
            "side": self._sides,
            "lag": [
                pair * lag + half / 2
                for pair, half in zip(self._pairs, _halves(self._sides), strict=True)
            ],
            "middle": [joint.home for joint in self.morphology.joints],
            **{gene.name.replace(".", "_"): values.get(gene.name, 0.0) for gene in self._known},
        }


def _pairs(morphology: Morphology) -> list[int]:
    """Number of the pair that each foot belongs to, from the front; 0 without a partner."""
    number = {foot: i for i, pair in enumerate(morphology.sides.feet) for foot in pair}
    return [number.get(foot, 0) for foot in morphology.feet]


def _halves(sides: Sequence[float]) -> list[int]:
    """By how many half strides each foot lags, within its pair or beside others on no side."""
    alone = count()
    return [int(side < 0) if side else next(alone) for side in sides]


def _paths(leg: float, natural: float, many: bool) -> list[Gene]:
    """Genes of the paths of legs of a length [m] and a period [s]; of two, or of many."""
    two = 0.0 if many else 1.0
    shortest, longest, usual = (round(share * natural, 4) for share in PERIODS)
    genes = [
        Gene("period", shortest, longest, "s", "duration of a stride", log=True, start=usual),
        Gene("stride", 0.0, 0.6 * leg, "m", "way of a foot over the ground", start=0.2 * leg),
        Gene("lift", 0.04 * leg, 0.2 * leg, "m", "height of a swinging foot", start=0.11 * leg),
        Gene("double", 0.02, 0.5, "1", "share of a stride in which all stand", start=0.25),
        Gene("drop", -0.05 * leg, 0.15 * leg, "m", "torso below home", start=0.01 * leg),
        Gene("width", -0.05 * leg, 0.12 * leg, "m", "feet outwards of home", start=0.0),
        Gene("ahead", -0.15 * leg, 0.15 * leg, "m", "feet ahead of home", start=0.0),
        Gene("lean", -0.1, 0.3, "rad", "of the torso, forward", start=0.05 * two),
        Gene("sway", 0.0, 0.25 * leg, "m", "of the torso to a side", start=0.1 * leg * two),
        Gene("lead", -1.2, 1.8, "rad", "of the sway over the swing", start=0.4),
        Gene("hip.raise", -0.05, 0.25, "rad", "of the swinging side", start=0.04 * two),
        Gene("sole.roll", -0.1, 0.1, "rad", "outward turn of the soles", start=0.0),
        Gene("sole.pitch", -0.15, 0.15, "rad", "of the soles, toes up", start=0.0),
    ]
    if many:
        meaning = "of a pair of legs behind the one before it, of a stride"
        genes.append(Gene("pair.lag", 0.25, 0.75, "1", meaning, start=0.5))
    return genes


def _answers(leg: float) -> list[Gene]:
    """Genes of the answers to the torso's tilt, for legs of a length [m]."""
    meaning = "time constant of what is felt"
    genes = [Gene("felt.time", 0.01, 0.3, "s", meaning, log=True, start=0.05)]
    tilt, rate = 1.3 * leg, 0.35 * leg
    for axis in ("pitch", "roll"):
        for part in ("ankle", "hip"):
            genes += [
                Gene(f"{part}.{axis}.tilt", -1.0, 1.0, "1", f"answer to {axis}", start=0.0),
                Gene(f"{part}.{axis}.rate", -0.2, 0.2, "s", "answer to its rate", start=0.0),
            ]
        genes += [
            Gene(f"place.{axis}.tilt", -tilt, tilt, "m/rad", f"answer to {axis}", start=0.0),
            Gene(f"place.{axis}.rate", -rate, rate, "m s/rad", "answer to its rate", start=0.0),
        ]
    return [*genes, Gene("phase.roll", -6.0, 6.0, "1/rad", "roll that speeds the phase", start=0.0)]


@numba.njit(error_model="numpy", nogil=True)
def bounded(value: float, limit: float) -> float:
    """A value, at most a limit to either side."""
    return float(min(limit, max(-limit, value)))


@numba.njit(error_model="numpy", nogil=True)
def ramp(x: float) -> float:
    """From 0 to 1, with level ends."""
    return x * x * (3.0 - 2.0 * x)


@numba.njit(error_model="numpy", nogil=True)
def within(phase: float) -> float:
    """A phase, from 0 to 1."""
    return float(phase - math.floor(phase))


@numba.njit(error_model="numpy", nogil=True)
def begin(paths: Record, state: Record) -> None:
    """Every joint is at home, nothing is felt."""
    state.felt[:] = 0.0
    state.shift[:] = 0.0
    state.angle[:] = paths.limbs.home


@numba.njit(error_model="numpy", nogil=True)
def feel(paths: Record, state: Record, obs: Record, dt: float) -> None:
    """Filters roll and pitch [rad], and their rates [rad/s]: dx/dt = (new - x) / time."""
    share = dt / (dt + paths.felt_time)
    for axis in range(2):
        state.felt[axis] += share * (obs.tilt[axis] - state.felt[axis])
        state.felt[2 + axis] += share * (obs.rate[axis] - state.felt[2 + axis])


@numba.njit(error_model="numpy", nogil=True)
def pace(paths: Record, state: Record, phase: float) -> float:
    """Factor on the rate of the phase, which roll over the standing side slows or speeds."""
    slows = paths.phase_roll * state.felt[0] * math.sin(2.0 * math.pi * phase)
    return float(1.0 + bounded(slows, 0.6))


@numba.njit(error_model="numpy", nogil=True)
def swing(paths: Record, phase: float) -> float:
    """How far a foot is in its swing, from 0 to 1; outside of that it stands."""
    return float((within(phase) - 0.25) / ((1.0 - paths.double) / 2.0) + 0.5)


@numba.njit(error_model="numpy", nogil=True)
def place(paths: Record, state: Record, i: int, phase: float, grown: float, target: Array) -> None:
    """Writes where a foot is on its path, from home and without answers [m] (3,).

    Args:
        paths: What `FootPaths.parameters` returns.
        state: With the fields in `FootPaths.state`.
        i: Number of the foot.
        phase: Of the left side, from 0 to 1.
        grown: Length of a stride over that of the gene [1].
        target: Gets the place.
    """
    own = phase - paths.lag[i]
    done = swing(paths, own)
    if 0.0 <= done <= 1.0:
        ahead, up = ramp(done) - 0.5, math.sin(math.pi * done) ** 2
    else:
        stance = (1.0 + paths.double) / 2.0
        ahead, up = 0.5 - within(own - 0.25 - (1.0 - stance) / 2.0) / stance, 0.0

    side, reached = paths.side[i], SHIFT * paths.limbs.leg_length
    sway = paths.sway * math.sin(2.0 * math.pi * phase + paths.lead)
    target[0] = paths.ahead + grown * paths.stride * ahead + bounded(state.shift[i, 0], reached)
    target[1] = side * paths.width + sway + bounded(state.shift[i, 1], reached)
    target[2] = paths.drop + paths.lift * up


@numba.njit(error_model="numpy", nogil=True)
def shift(paths: Record, shift: Array, felt: Array, swings: bool, dt: float) -> None:
    """Moves the place where a foot comes down by what is felt; in stance it returns [m] (2,)."""
    roll, lean, roll_rate, pitch_rate = felt[0], felt[1] - paths.lean, felt[2], felt[3]
    if swings:
        share = dt / (dt + SWING)
        ahead = paths.place_pitch_tilt * lean + paths.place_pitch_rate * pitch_rate
        left = -(paths.place_roll_tilt * roll + paths.place_roll_rate * roll_rate)
        shift[0] += share * (ahead - shift[0])
        shift[1] += share * (left - shift[1])
    else:
        for axis in range(2):
            shift[axis] -= dt / STANCE * shift[axis]


@numba.njit(error_model="numpy", nogil=True)
def answers(paths: Record, felt: Array, hip: Array, ankle: Array) -> None:
    """What is felt turns standing legs about their hips, and their soles [rad] (2,), (2,)."""
    roll, lean, roll_rate, pitch_rate = felt[0], felt[1] - paths.lean, felt[2], felt[3]
    hip[0] = bounded(paths.hip_roll_tilt * roll + paths.hip_roll_rate * roll_rate, ANSWER)
    hip[1] = bounded(paths.hip_pitch_tilt * lean + paths.hip_pitch_rate * pitch_rate, ANSWER)
    ankle[0] = bounded(paths.ankle_roll_tilt * roll + paths.ankle_roll_rate * roll_rate, ANSWER)
    ankle[1] = bounded(paths.ankle_pitch_tilt * lean + paths.ankle_pitch_rate * pitch_rate, ANSWER)


@numba.njit(error_model="numpy", nogil=True)
def follow(paths: Record, state: Record, phase: float, time: float, dt: float, ctrl: Array) -> None:
    """Writes the target angles that put every foot on its path.

    Args:
        paths: What `FootPaths.parameters` returns.
        state: With the fields in `FootPaths.state`.
        phase: Of the left side, from 0 to 1.
        time: Since the beginning [s].
        dt: Control step [s].
        ctrl: Gets the target angles [rad] (nu,).
    """
    legs, grown = paths.limbs, min(1.0, time / BEGIN)
    target, turn, arm = np.zeros(3), np.zeros(3), np.zeros(3)
    hip, ankle, axes = np.zeros(2), np.zeros(2), np.eye(3)
    answers(paths, state.felt, hip, ankle)
    ctrl[:] = paths.middle

    for i in range(paths.side.size):
        done, side = swing(paths, phase - paths.lag[i]), paths.side[i]
        swings = 0.0 <= done <= 1.0
        shift(paths, state.shift[i], state.felt, swings, dt)
        place(paths, state, i, phase, grown, target)

        stands = 0.0 if swings else 1.0
        theirs = swing(paths, phase - paths.lag[i] - 0.5)
        lifts = math.sin(math.pi * theirs) if 0.0 <= theirs <= 1.0 else 0.0
        about_x = side * paths.hip_raise * lifts + stands * hip[0]
        about_y = -paths.lean - stands * hip[1]

        for c in range(3):
            arm[c] = legs.sole[i, c] + target[c] - legs.anchor[i, 0, c]
        turned(axes[0], about_x, arm, arm)
        turned(axes[1], about_y, arm, arm)
        for c in range(3):
            target[c] = legs.anchor[i, 0, c] + arm[c]
        turn[0] = side * paths.sole_roll + about_x + stands * ankle[0]
        turn[1] = about_y - paths.sole_pitch - stands * ankle[1]

        n = int(legs.count[i])
        reach(legs, i, target, turn, state.angle[i, :n], ROUNDS)
        for k in range(n):
            ctrl[int(legs.joint[i, k])] = state.angle[i, k]
