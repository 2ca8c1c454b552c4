"""The pose that a gait swings about, and the reflex that keeps the torso upright."""

from collections.abc import Mapping

import mujoco
import numba
import numpy as np

from evoloco.errors import ModelError, UnknownNameError
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene
from evoloco.morphology import HOME, Morphology
from evoloco.subtree import is_in_subtree

from ._legs import ROLL
from ._pacemaker import first_feet, foot_channels
from ._posture_feedback import ANKLE, AXES, HIP, SHIFT, PostureFeedback, bounded, shift, turn
from ._stride import swung
from ._symmetry import Drive, Symmetry, drives, owners

REFLEX = ("hip", "ankle")
"""Joints with one of these words in their stem take part in the reflex unless others are named."""

OFFSET = 0.35
"""Largest distance of a joint's middle pose from home [rad]."""

SWING = 0.4
"""Share of a stride that a leg swings, as in human walking (Perry, 1992, Gait analysis)."""

LANDING = 0.25 + SWING / 2.0
"""Phase of the stride at the left foot's landing, where the pacemaker has the phase 0."""

PARTS = {"hip": HIP, "ankle": ANKLE}
"""Word in the stem of a joint -> what it is to the posture feedback."""

NO_PART = -1.0
"""Of a joint that does not answer."""


class Posture:
    """Target angles from oscillator signals, the same for every oscillator.

    For joint j with signal s_j(t):

        ctrl_j = home_j + offset_j + s_j + tilt_j theta + rate_j d theta/dt

    where theta is the torso's roll for a roll joint and its pitch for a pitch joint. A right joint
    gets the mirror image: roll changes its sign, and so does the command where the joints' axes are
    not images of each other.

    With `answers`, the filtered and bounded turns of `PostureFeedback` are added at hips and ankles
    that roll or pitch, whichever leg stands. While a leg swings, its hip also turns by the place
    where the foot is to come down, in radians for leg lengths. The left foot is expected to land
    where the pacemaker is in phase 0, the right one half a period later.

    Attributes:
        genes: Offsets, with the reflex its gains, and those of the feedback.
        feedback: Answers to tilt and to landings.
        state: What the feedback keeps.

    Args:
        morphology: The body.
        symmetry: "mirror" shares genes between left and right.
        reflex: Whether torso tilt and rate are fed back.
        stems: Joints that take part in the reflex; those of hips and ankles where None.
        offsets: Whether the middle pose may differ from home.
        answers: Whether hips, ankles, steps and phase answer the torso's tilt, slowly.
        load: Whether landings reset and hold the phase.

    Raises:
        ModelError: The body has muscles, or motors that take torques, or no feet to feel the load
            of.
        UnknownNameError: The body has no joint of a stem in `stems`.
    """

    def __init__(
        self,
        morphology: Morphology,
        symmetry: Symmetry = "mirror",
        reflex: bool = True,
        stems: tuple[str, ...] | None = None,
        offsets: bool = True,
        answers: bool = False,
        load: bool = False,
    ) -> None:
        _check(morphology, stems)
        self.drives = drives(morphology, symmetry)
        feet = foot_channels(morphology)
        self.feedback = PostureFeedback(morphology, feet, 1.0, "rad", LANDING, answers, load)
        self.state = self.feedback.state
        self._turns, self._swinging = _turns(morphology), _swinging(morphology)
        self.genes: list[Gene] = []
        for part in owners(self.drives):
            if offsets:
                self.genes += _offset(part)
            if reflex and _takes_part(part, stems):
                self.genes += _gains(part)
        self.genes += self.feedback.genes

    def parameters(self, values: Mapping[str, float]) -> Fields:
        """What `aim` reads: middle pose [rad] (nu,), gains of tilt (nu, 2), of rate [s] (nu, 3).

        Also the feedback, and for each joint (nu,) its part in it, axis, side, which way it turns,
        and whether it moves a foot that the phase is about.
        """
        nu = len(self.drives)
        middle, tilt_gain, rate_gain = np.zeros(nu), np.zeros((nu, 2)), np.zeros((nu, 3))
        for j, part in enumerate(self.drives):
            middle[j] = part.joint.home + part.sign * values.get(f"{part.genes}.offset", 0.0)
            axis = 1 if part.joint.axis == "pitch" else 0
            image = _image(part, axis == ROLL)
            tilt_gain[j, axis] = image * values.get(f"{part.genes}.tilt", 0.0)
            rate_gain[j, axis] = image * values.get(f"{part.genes}.rate", 0.0)
        return {
            "middle": middle,
            "tilt_gain": tilt_gain,
            "rate_gain": rate_gain,
            "feedback": self.feedback.parameters(values, SWING, (0.0, 0.5)),
            **self._answering(),
        }

    def _answering(self) -> Fields:
        """How each joint answers (nu,)."""
        return {
            "part": [_part(part) for part in self.drives],
            "axis": [float(part.joint.axis == "pitch") for part in self.drives],
            "side": [float(part.late) for part in self.drives],
            "turn": [self._turns[part.joint.name] for part in self.drives],
            "swings": [float(part.joint.name in self._swinging) for part in self.drives],
        }


def _part(part: Drive) -> float:
    """What a joint is to the posture feedback."""
    joint, stem = part.joint, part.joint.stem.lower()
    if joint.axis not in AXES:
        return NO_PART
    return next((float(number) for word, number in PARTS.items() if word in stem), NO_PART)


def _turns(morphology: Morphology) -> dict[str, float]:
    """+1 where a joint's angle turns what hangs on it to the left or its front up, else -1."""
    model, found = morphology.model, {}
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(HOME).id)
    mujoco.mj_kinematics(model, data)
    for part in drives(morphology, "mirror"):
        joint = part.joint
        first = model.joint(joint.partner if part.late else joint.name).id
        roll = joint.axis == "roll"
        left = np.copysign(1.0, data.xaxis[first, 0] if roll else -data.xaxis[first, 1])
        found[joint.name] = float(left * _image(part, roll))
    return found


def _image(part: Drive, roll: bool) -> float:
    """Sign with which a joint answers, where its left partner answers with +1."""
    return -part.sign if part.late and roll else part.sign


def _swinging(morphology: Morphology) -> set[str]:
    """Names of the driven joints that the foremost left and right foot hang on."""
    model = morphology.model
    return {
        joint.name
        for joint in morphology.joints
        for foot in first_feet(morphology)
        if foot
        and is_in_subtree(
            model, int(model.body(foot).id), int(model.jnt_bodyid[model.joint(joint.name).id])
        )
    }


def _check(morphology: Morphology, stems: tuple[str, ...] | None) -> None:
    """Refuses bodies without servos, and unknown stems."""
    if morphology.muscles:
        raise ModelError(
            "This controller drives joints by servos; this body has muscles. Controllers for "
            "muscles are muscle_fsm, reflex and reflex3d. The joints of a model file are driven by "
            "servos, and its muscles rest, where [morphology] has the key `servo`."
        )
    if morphology.torques:
        raise ModelError(
            "This controller tells servos angles; the motors of this body take torques. "
            "Give it servos; a model file gets them without `control`."
        )
    known = {joint.stem for joint in morphology.joints}
    for stem in stems or ():
        if stem not in known:
            raise UnknownNameError("joint stem", stem, known)


def _offset(part: Drive) -> list[Gene]:
    """A gene for the middle of the swing, where the joint's range leaves room for it."""
    joint, unit = part.joint, "rad" if part.joint.axis else "m"
    low, high = max(-OFFSET, joint.low - joint.home), min(OFFSET, joint.high - joint.home)
    meaning = "middle of the swing, from home"
    return [Gene(f"{part.genes}.offset", low, high, unit, meaning)] if low < high else []


def _takes_part(part: Drive, stems: tuple[str, ...] | None) -> bool:
    """Whether a joint answers the torso's tilt."""
    joint = part.joint
    usual = any(word in joint.stem.lower() for word in REFLEX)
    return joint.axis in ("roll", "pitch") and (usual if stems is None else joint.stem in stems)


def _gains(part: Drive) -> list[Gene]:
    """Genes for the gains of the reflex."""
    axis = f"the torso's {part.joint.axis}"
    return [
        Gene(f"{part.genes}.tilt", -1.5, 1.5, "rad/rad", f"answer to {axis}"),
        Gene(f"{part.genes}.rate", -0.4, 0.4, "s", f"answer to the rate of {axis}"),
    ]


@numba.njit(error_model="numpy", nogil=True)
def aim(posture: Record, state: Record, obs: Record, dt: float, ctrl: Array) -> None:
    """Turns the signals in `ctrl` into target angles.

    Args:
        posture: What `Posture.parameters` returns.
        state: That of the posture's feedback.
        obs: Observation.
        dt: Control step [s].
        ctrl: Signals [rad] (nu,), replaced by target angles [rad].
    """
    feedback = posture.feedback
    for side in range(2):
        done = swung(feedback.swing_share, state.phase - feedback.lag[side])
        shift(feedback, state.shift[side], state.felt, 0.0 <= done <= 1.0, dt)

    for j in range(ctrl.size):
        target = posture.middle[j] + ctrl[j]
        for axis in range(2):
            target += posture.tilt_gain[j, axis] * obs.tilt[axis]
        for axis in range(3):
            target += posture.rate_gain[j, axis] * obs.rate[axis]
        if posture.part[j] != NO_PART:
            target += posture.turn[j] * answered(posture, state, j)
        ctrl[j] = target


@numba.njit(error_model="numpy", nogil=True)
def answered(posture: Record, state: Record, j: int) -> float:
    """How far the posture feedback turns joint j to the left, or its front up [rad]."""
    part, axis = int(posture.part[j]), int(posture.axis[j])
    angle: float = turn(posture.feedback, state.felt, part, axis)
    if part == HIP and posture.swings[j] > 0.0:
        place = state.shift[int(posture.side[j])]
        angle += bounded(place[1 - axis], SHIFT)
    return angle
