"""Paths of the feet as functions of a phase, and slow, bounded answers to the torso's tilt."""

import math
from collections.abc import Mapping

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

SETTLING = 0.06, 0.3
"""Time constants with which a foot's place follows the tilt in swing, and returns in stance [s]."""

BEGIN = 1.5
"""Time in which strides grow to their length [s]."""


class FootPaths:
    """Where feet go, and how they answer.

    A foot of lag l has the phase p - l, and swings around the phase 1/4 for the share
    (1 - double) / 2 of a stride. In swing it goes forward by a stride and up by the lift, in stance
    it goes back evenly. Both feet sway to the side together, so that the body is over the one that
    stands.

    The torso's tilt and rate pass a filter of one time constant. Their answers turn the legs that
    stand about their hips, and their soles, and they shift the place where a foot comes down. No
    answer exceeds `ANSWER` or `SHIFT`.

    Attributes:
        genes: Of the paths and of the answers.
        state: What `follow` advances.

    Args:
        morphology: The body.
        answers: Whether the torso's tilt and rate are answered.
    """

    def __init__(self, morphology: Morphology, answers: bool = True) -> None:
        self.morphology, self.limbs = morphology, limbs(morphology)
        self.sides = [math.copysign(1.0, limb.sole[1]) for limb in self.limbs]
        self.rows = _rows(morphology)
        leg, two = morphology.leg_length, max(self.rows) == 0
        self.genes = _paths(leg, two) + (_answers(leg) if answers else [])
        if not two:
            meaning = "of each pair of legs behind the one before, of a stride"
            self.genes.append(Gene("pair.lag", 0.25, 0.75, "1", meaning, start=0.5))
        most = max(len(limb.joints) for limb in self.limbs)
        count = len(self.limbs)
        self.state: Shapes = {
            "felt": (4,),
            "shift": (count, 2),
            "angle": (count, most),
        }

    def parameters(self, values: Mapping[str, float]) -> Fields:
        """What `follow` reads: limbs, sides, lags, and the genes."""
        own = {gene.name.replace(".", "_"): values[gene.name] for gene in _paths(1.0, True)}
        answers = {gene.name.replace(".", "_"): values.get(gene.name, gene.start or 0.0) for gene in _answers(1.0)}
        return {
            "limbs": fields(self.limbs, self.morphology.leg_length),
            "side": self.sides,
            "lag": [
                (0.0 if side > 0 else 0.5) + row * values.get("pair.lag", 0.0)
                for side, row in zip(self.sides, self.rows, strict=True)
            ],
            "middle": [joint.home for joint in self.morphology.joints],
            **own,
            **answers,
        }


def _rows(morphology: Morphology) -> list[int]:
    """Which pair of legs each foot belongs to, from front to rear; 0 for a foot without a partner."""
    row = {foot: i for i, pair in enumerate(morphology.sides.feet) for foot in pair}
    return [row.get(foot, 0) for foot in morphology.feet]


def _paths(leg: float, two: bool) -> list[Gene]:
    """Genes of the paths, for two or more legs of a length [m]."""
    return [
        Gene("period", 0.45, 1.3, "s", "duration of a stride", log=True, start=0.8),
        Gene("stride", 0.0, 0.6 * leg, "m", "way of a foot over the ground", start=0.15 * leg if two else 0.25 * leg),
        Gene("lift", 0.04 * leg, 0.2 * leg, "m", "height of a swinging foot", start=0.11 * leg),
        Gene("double", 0.02, 0.5, "1", "share of a stride in which both sides stand", start=0.25),
        Gene("drop", -0.05 * leg, 0.15 * leg, "m", "how much lower than at home the torso is", start=0.01 * leg),
        Gene("width", -0.05 * leg, 0.12 * leg, "m", "how much farther outwards the feet are", start=0.0),
        Gene("ahead", -0.15 * leg, 0.15 * leg, "m", "how much farther forward they are", start=0.0),
        Gene("lean", -0.1, 0.3, "rad", "of the torso, forward", start=0.05 if two else 0.0),
        Gene("sway", 0.0, 0.25 * leg, "m", "of the torso to either side", start=0.1 * leg if two else 0.0),
        Gene("lead", -1.2, 1.8, "rad", "of the sway over the swing", start=0.4),
        Gene("hip.raise", -0.05, 0.25, "rad", "of the swinging side by the leg that stands", start=0.04 if two else 0.0),
        Gene("sole.roll", -0.1, 0.1, "rad", "outward turn of the soles", start=0.0),
        Gene("sole.pitch", -0.15, 0.15, "rad", "of the soles, toes up", start=0.0),
    ]


def _answers(leg: float) -> list[Gene]:
    """Genes of the answers."""
    genes = [Gene("felt_time", 0.01, 0.3, "s", "time constant of what is felt", log=True, start=0.05)]
    for part in ("ankle", "hip"):
        for axis in ("pitch", "roll"):
            genes += [
                Gene(f"{part}.{axis}.tilt", -1.0, 1.0, "1", f"answer of the {part} to {axis}", start=0.0),
                Gene(f"{part}.{axis}.rate", -0.2, 0.2, "s", "and to its rate", start=0.0),
            ]
    for axis in ("pitch", "roll"):
        genes += [
            Gene(f"place.{axis}.tilt", -1.3 * leg, 1.3 * leg, "m/rad", f"place of a step and {axis}", start=0.0),
            Gene(f"place.{axis}.rate", -0.35 * leg, 0.35 * leg, "m s/rad", "and its rate", start=0.0),
        ]
    genes.append(Gene("phase.roll", -6.0, 6.0, "1/rad", "roll that speeds the phase", start=0.0))
    return genes


@numba.njit(error_model="numpy", nogil=True)
def bounded(value: float, limit: float) -> float:
    """A value, at most a limit to either side."""
    return min(limit, max(-limit, value))


@numba.njit(error_model="numpy", nogil=True)
def ramp(x: float) -> float:
    """From 0 to 1 with level ends."""
    return x * x * (3.0 - 2.0 * x)


@numba.njit(error_model="numpy", nogil=True)
def within(phase: float) -> float:
    """A phase from 0 to 1."""
    return phase - math.floor(phase)


@numba.njit(error_model="numpy", nogil=True)
def begin(paths: Record, state: Record) -> None:
    """Both feet stand, every joint is at home."""
    state.felt[:] = 0.0
    state.shift[:] = 0.0
    state.angle[:] = paths.limbs.home


@numba.njit(error_model="numpy", nogil=True)
def feel(paths: Record, state: Record, obs: Record, dt: float) -> None:
    """Filters tilt [rad] and rate [rad/s]: roll, pitch, roll rate, pitch rate."""
    share = dt / (dt + paths.felt_time)
    for axis in range(2):
        state.felt[axis] += share * (obs.tilt[axis] - state.felt[axis])
        state.felt[2 + axis] += share * (obs.rate[axis] - state.felt[2 + axis])


@numba.njit(error_model="numpy", nogil=True)
def pace(paths: Record, state: Record, phase: float) -> float:
    """Factor on the rate of the phase: the roll over the standing foot slows or speeds it."""
    return bounded(paths.phase_roll * state.felt[0] * math.sin(2.0 * math.pi * phase), 0.6) + 1.0


@numba.njit(error_model="numpy", nogil=True)
def follow(
    paths: Record, state: Record, phase: float, time: float, dt: float, ctrl: Array
) -> None:
    """Writes the target angles that put every foot on its path.

    Args:
        paths: What `FootPaths.parameters` returns.
        state: With the fields in `FootPaths.state`.
        phase: Of the left side, from 0 to 1.
        time: Since the beginning [s].
        dt: Control step [s].
        ctrl: Gets the target angles [rad] (nu,).
    """
    legs, leg_length = paths.limbs, paths.limbs.leg_length
    roll, pitch, roll_rate, pitch_rate = state.felt
    lean = pitch - paths.lean
    swing = (1.0 - paths.double) / 2.0
    grown = min(1.0, time / BEGIN)
    target, turn, hip, arm = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    x_axis, y_axis = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    ctrl[:] = paths.middle

    for i in range(paths.side.size):
        side = paths.side[i]
        own = within(phase - paths.lag[i])
        done = (own - 0.25) / swing + 0.5  # 0 to 1 in the swing
        shift = state.shift[i]
        if 0.0 <= done <= 1.0:
            ahead, up, stands = ramp(done) - 0.5, math.sin(math.pi * done) ** 2, 0.0
            share = dt / (dt + SETTLING[0])
            shift[0] += share * (
                paths.place_pitch_tilt * lean + paths.place_pitch_rate * pitch_rate - shift[0]
            )
            shift[1] += share * (
                -paths.place_roll_tilt * roll - paths.place_roll_rate * roll_rate - shift[1]
            )
        else:
            past = within(own - (0.25 + 0.5 * swing))
            ahead, up, stands = 0.5 - past / (1.0 - swing), 0.0, 1.0
            for axis in range(2):
                shift[axis] -= dt / SETTLING[1] * shift[axis]

        other = (within(own - 0.5) - 0.25) / swing + 0.5
        lifts = math.sin(math.pi * other) if 0.0 <= other <= 1.0 else 0.0

        target[0] = paths.ahead + grown * paths.stride * ahead + bounded(shift[0], SHIFT * leg_length)
        target[1] = side * paths.width + bounded(shift[1], SHIFT * leg_length)
        target[1] += paths.sway * math.sin(2.0 * math.pi * phase + paths.lead)
        target[2] = paths.drop + paths.lift * up

        ankle_roll = bounded(paths.ankle_roll_tilt * roll + paths.ankle_roll_rate * roll_rate, ANSWER)
        ankle_pitch = bounded(paths.ankle_pitch_tilt * lean + paths.ankle_pitch_rate * pitch_rate, ANSWER)
        hip_roll = bounded(paths.hip_roll_tilt * roll + paths.hip_roll_rate * roll_rate, ANSWER)
        hip_pitch = bounded(paths.hip_pitch_tilt * lean + paths.hip_pitch_rate * pitch_rate, ANSWER)
        about_x = side * paths.hip_raise * lifts + stands * hip_roll
        about_y = -paths.lean - stands * hip_pitch

        for c in range(3):
            hip[c] = legs.anchor[i, 0, c]
            arm[c] = legs.sole[i, c] + target[c] - hip[c]
        turned(x_axis, about_x, arm, arm)
        turned(y_axis, about_y, arm, arm)
        for c in range(3):
            target[c] = hip[c] + arm[c]
        turn[0] = side * paths.sole_roll + about_x + stands * ankle_roll
        turn[1] = -paths.sole_pitch + about_y - stands * ankle_pitch
        turn[2] = 0.0

        n = int(legs.count[i])
        reach(legs, i, target, turn, state.angle[i, :n], ROUNDS)
        for k in range(n):
            ctrl[int(legs.joint[i, k])] = state.angle[i, k]
