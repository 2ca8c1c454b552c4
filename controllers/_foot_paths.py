"""Paths of the feet as functions of a phase."""

import math
from collections.abc import Mapping, Sequence
from itertools import count

import numba
import numpy as np

from evoloco.fields import Array, Fields, Record, Shapes
from evoloco.genome import Gene
from evoloco.morphology import Morphology

from ._legs import PITCH, ROLL
from ._limbs import fields, limbs, reach, scratch, turned
from ._odometry import state as odometry
from ._posture_feedback import ANKLE, HIP, SHIFT, PostureFeedback, bounded, shift, turn
from ._steering import STATE as STEERING
from ._steering import Steering
from ._stride import begin_at, swung, track, within
from ._trim import STATE as TRIM
from ._trim import trim, trim_genes, trim_parameters

ROUNDS = 2
"""Rounds of inverse kinematics per control step; they begin at the angles of the step before."""

PERIODS = 2.5, 7.5, 3.6
"""Shortest, longest and starting duration of a stride over sqrt(L / g) [1]."""

SIDES = {"left": 1.0, "right": -1.0, "": 0.0}
"""Which way is outwards, by the side of a foot."""

BENT = 0.9
"""Stretch at home below which two legs are bent enough to walk [1]."""

LONGEST = 0.6
"""Longest stride that a command makes [leg lengths]."""

BEGIN = 1.5
"""Time in which strides grow to their length [s]."""


class FootPaths:
    """Where feet go, and how they answer.

    A foot that lags by l has the phase p - l. It swings around the phase 1/4, for the share
    (1 - double) / 2 of a stride: forward by a stride, and up by the lift. In stance it goes back
    evenly. The right side lags by half a stride. Both sides sway together, so that the body is over
    the feet that stand. On more than two legs, each pair lags the one before it by `pair.lag`. Feet
    that are on no side lag by half a stride one after another, from front to rear.

    `PostureFeedback` turns the standing legs about their hips, turns their soles, and shifts where
    feet come down.

    Lengths of genes are shares of the robot's legs, and periods of the time sqrt(L / g) of legs of
    the length L, so that one recipe fits robots of all sizes.

    Attributes:
        genes: Of the paths and of the answers.
        state: What `begin` and `follow` keep, and the feedback.

    Args:
        morphology: The body.
        answers: Whether the torso's tilt and rate are answered.
        commands: Whether steps follow the speed and turning that are asked for.
        load: Whether landings are answered, which needs load cells or switches at the feet.

    Raises:
        ModelError: There is no foot, or one hangs on no driven hinge.
    """

    def __init__(
        self,
        morphology: Morphology,
        answers: bool = True,
        commands: bool = False,
        load: bool = False,
    ) -> None:
        self.morphology, self.limbs = morphology, limbs(morphology)
        self._sides = [SIDES[morphology.sides.of_foot(limb.foot)] for limb in self.limbs]
        self._pairs = _pairs(morphology)

        leg, many = morphology.leg_length, max(self._pairs) > 0
        natural = math.sqrt(leg / morphology.gravity)
        bent = not many and self.limbs[0].stretch < BENT
        paths = _paths(leg, natural, many, bent)
        feet = range(len(self.limbs))
        self.feedback = PostureFeedback(morphology, feet, leg, "m", answers=answers, load=load)
        self.steering = Steering(morphology) if commands else None
        self._known = [*paths, *_with_speed(leg)]
        if self.steering is None:
            self.genes = list(paths)
        else:
            walks = [gene for gene in paths if gene.name != "stride"]
            self.genes = [*walks, *_with_speed(leg), *self.steering.genes]
        self.genes += self.feedback.genes + (trim_genes(leg) if answers else [])
        joints = max(len(limb.joints) for limb in self.limbs)
        self.state: Shapes = {
            "feedback": self.feedback.state,
            "steering": STEERING,
            "odometry": odometry(len(self.limbs)),
            "trim": TRIM,
            "angle": (len(self.limbs), joints),
        }

    def parameters(self, values: Mapping[str, float]) -> Fields:
        """What the functions here read: limbs, their sides and lags, home, and the genes."""
        lag = values.get("pair.lag", 0.0)
        lags = [
            pair * lag + half / 2
            for pair, half in zip(self._pairs, _halves(self._sides), strict=True)
        ]
        return {
            "limbs": fields(self.limbs, self.morphology.leg_length),
            "side": self._sides,
            "lag": lags,
            "middle": [joint.home for joint in self.morphology.joints],
            "feedback": self.feedback.parameters(values, (1.0 - values["double"]) / 2.0, lags),
            "trim": trim_parameters(values, self.morphology.leg_length),
            "steering": self.steering.parameters(values) if self.steering else {"speed_gain": 0.0},
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


def _paths(leg: float, natural: float, many: bool, bent: bool) -> list[Gene]:
    """Genes of the paths of legs of a length [m] and a period [s]; of two, or of many.

    Legs that are bent at home begin at its height.
    """
    two = 0.0 if many else 1.0
    width, drop = 0.01 * leg * two, 0.0 if bent else 0.12 * leg
    shortest, longest, usual = (round(share * natural, 4) for share in PERIODS)
    genes = [
        Gene("period", shortest, longest, "s", "duration of a stride", log=True, start=usual),
        Gene("stride", 0.0, 0.6 * leg, "m", "way of a foot over the ground", start=0.2 * leg),
        Gene("lift", 0.04 * leg, 0.2 * leg, "m", "height of a swinging foot", start=0.08 * leg),
        Gene("double", 0.02, 0.5, "1", "share of a stride in which all stand", start=0.27),
        Gene("drop", -0.05 * leg, 0.2 * leg, "m", "torso below home", start=drop),
        Gene("width", -0.05 * leg, 0.12 * leg, "m", "feet outwards of home", start=width),
        Gene("ahead", -0.15 * leg, 0.15 * leg, "m", "feet ahead of home", start=-0.04 * leg * two),
        Gene("lean", -0.1, 0.3, "rad", "of the torso, forward", start=0.03 * two),
        Gene("sway", 0.0, 0.25 * leg, "m", "of the torso to a side", start=0.065 * leg * two),
        Gene("lead", -1.2, 1.8, "rad", "of the sway over the swing", start=0.8),
        Gene("hip.raise", -0.05, 0.25, "rad", "of the swinging side", start=0.14 * two),
        Gene("sole.roll", -0.1, 0.1, "rad", "outward turn of the soles", start=0.0),
        Gene("sole.pitch", -0.15, 0.15, "rad", "of the soles, toes up", start=0.0),
    ]
    if many:
        meaning = "of a pair of legs behind the one before it, of a stride"
        genes.append(Gene("pair.lag", 0.25, 0.75, "1", meaning, start=0.5))
    return genes


def _with_speed(leg: float) -> list[Gene]:
    """Genes of what changes with the speed of steps, for legs of a length [m]."""
    meaning = "per speed of steps"
    return [
        Gene("ahead.speed", -0.3, 0.3, "s", f"feet further ahead {meaning}", start=0.0),
        Gene("lean.speed", -0.5, 0.5, "rad s/m", f"lean {meaning}", start=0.0),
    ]


@numba.njit(error_model="numpy", nogil=True)
def ramp(x: float) -> float:
    """From 0 to 1, with level ends."""
    return x * x * (3.0 - 2.0 * x)


@numba.njit(error_model="numpy", nogil=True)
def begin(paths: Record, state: Record) -> None:
    """Every joint is at home, nothing is felt."""
    begin_at(paths.feedback, state.feedback, 0.0)
    state.angle[:] = paths.limbs.home
    state.steering.activity = 1.0


@numba.njit(error_model="numpy", nogil=True)
def swing(paths: Record, phase: float) -> float:
    """How far a foot is in its swing, from 0 to 1; outside of that it stands."""
    return float(swung(paths.feedback.swing_share, phase))


@numba.njit(error_model="numpy", nogil=True)
def place(paths: Record, state: Record, i: int, phase: float, grown: float, target: Array) -> float:
    """Writes where a foot is on its path, from home and without answers [m] (3,).

    Args:
        paths: What `FootPaths.parameters` returns.
        state: With the fields in `FootPaths.state`.
        i: Number of the foot.
        phase: Of the left side, from 0 to 1.
        grown: Length of a stride over that of the gene [1].
        target: Gets the place.

    Returns:
        Turn of the foot about the torso's vertical axis [rad].
    """
    own = phase - paths.lag[i]
    done, stance = swing(paths, own), (1.0 + paths.double) / 2.0
    if 0.0 <= done <= 1.0:
        ahead, up = ramp(done) - 0.5, math.sin(math.pi * done) ** 2
    else:
        ahead, up = 0.5 - within(own - 0.25 - (1.0 - stance) / 2.0) / stance, 0.0

    asked, leg = state.steering, paths.limbs.leg_length
    side, reached, lasts = paths.side[i], SHIFT * leg, stance * paths.period
    over_ground = asked.speed - asked.turning * paths.limbs.sole[i, 1]
    stride = grown * paths.stride + bounded(lasts * over_ground, LONGEST * leg)
    moved, lift = state.feedback.shift[i], asked.activity * paths.lift
    sway = asked.activity * paths.sway * math.sin(2.0 * math.pi * phase + paths.lead)

    target[0] = paths.ahead + asked.speed * paths.ahead_speed + state.trim.ahead
    target[0] += stride * ahead + bounded(moved[0], reached)
    target[1] = side * paths.width + sway + bounded(moved[1], reached) + state.trim.left
    target[2] = paths.drop + lift * up
    return float(lasts * asked.turning * ahead)


@numba.njit(error_model="numpy", nogil=True)
def follow_oscillator(
    paths: Record, state: Record, seen: float, own: float, time: float, dt: float, ctrl: Array
) -> None:
    """Takes the stride's phase to that of an oscillator, and the feet along.

    Args:
        paths: What `FootPaths.parameters` returns.
        state: With the fields in `FootPaths.state`.
        seen: Phase of the oscillator [1].
        own: Time by which it went on [s].
        time: Since the beginning [s].
        dt: Control step [s].
        ctrl: Gets the target angles [rad] (nu,).
    """
    track(paths.feedback, state.feedback, seen, own)
    follow(paths, state, state.feedback.phase, time, dt, ctrl)


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
    feedback, felt = paths.feedback, state.feedback.felt.copy()
    target, turned_by, arm, axes = np.zeros(3), np.zeros(3), np.zeros(3), np.eye(3)
    lean = paths.lean + state.steering.speed * paths.lean_speed
    active = state.steering.activity
    felt[PITCH] -= lean - paths.lean  # what is asked for is no tilt
    tilt = np.array([felt[ROLL], felt[PITCH] - paths.lean])
    trim(paths.trim, state.trim, tilt, time, dt)
    memory = scratch(state.angle.shape[1])
    ctrl[:] = paths.middle

    for i in range(paths.side.size):
        done, side = swing(paths, phase - paths.lag[i]), paths.side[i]
        swings = 0.0 <= done <= 1.0
        shift(feedback, state.feedback.shift[i], felt, swings, dt)
        turned_by[2] = place(paths, state, i, phase, grown, target)

        stands = 1.0 - active if swings else 1.0
        theirs = swing(paths, phase - paths.lag[i] - 0.5)
        lifts = math.sin(math.pi * theirs) if 0.0 <= theirs <= 1.0 else 0.0
        about_x = active * side * paths.hip_raise * lifts + stands * turn(feedback, felt, HIP, ROLL)
        about_y = -lean - stands * turn(feedback, felt, HIP, PITCH)

        for c in range(3):
            arm[c] = legs.sole[i, c] + target[c] - legs.anchor[i, 0, c]
        turned(axes[0], about_x, arm, arm)
        turned(axes[1], about_y, arm, arm)
        for c in range(3):
            target[c] = legs.anchor[i, 0, c] + arm[c]
        turned_by[0] = side * paths.sole_roll + about_x + stands * turn(feedback, felt, ANKLE, ROLL)
        turned_by[0] += state.trim.out
        turned_by[1] = about_y - paths.sole_pitch - stands * turn(feedback, felt, ANKLE, PITCH)
        turned_by[1] -= state.trim.up

        n = int(legs.count[i])
        reach(legs, i, target, turned_by, state.angle[i, :n], ROUNDS, memory)
        for k in range(n):
            ctrl[int(legs.joint[i, k])] = state.angle[i, k]
