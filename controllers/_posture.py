"""The pose that a gait swings about, and the reflex that keeps the torso upright."""

from collections.abc import Mapping

import numba
import numpy as np

from evoloco.errors import ModelError, UnknownNameError
from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene
from evoloco.morphology import Morphology

from ._symmetry import Drive, Symmetry, drives, owners

REFLEX = ("hip", "ankle")
"""Joints with one of these words in their stem take part in the reflex unless others are named."""

OFFSET = 0.35
"""Largest distance of a joint's middle pose from home [rad]."""


class Posture:
    """Target angles from oscillator signals, the same for every oscillator.

    For joint j with signal s_j(t):

        ctrl_j = home_j + offset_j + s_j + tilt_j theta + rate_j d theta/dt

    where theta is the torso's roll for a roll joint and its pitch for a pitch joint. A right joint
    gets the mirror image: roll changes its sign, and so does the command where the joints' axes are
    not images of each other.

    Attributes:
        genes: Offsets, and with the reflex its gains.

    Args:
        morphology: The body.
        symmetry: "mirror" shares genes between left and right.
        reflex: Whether torso tilt and rate are fed back.
        stems: Joints that take part in the reflex; those of hips and ankles where None.
        offsets: Whether the middle pose may differ from home.

    Raises:
        ModelError: The body has muscles, or motors that take torques.
        UnknownNameError: The body has no joint of a stem in `stems`.
    """

    def __init__(
        self,
        morphology: Morphology,
        symmetry: Symmetry = "mirror",
        reflex: bool = True,
        stems: tuple[str, ...] | None = None,
        offsets: bool = True,
    ) -> None:
        _check(morphology, stems)
        self.drives = drives(morphology, symmetry)
        self.genes: list[Gene] = []
        for part in owners(self.drives):
            if offsets:
                self.genes += _offset(part)
            if reflex and _takes_part(part, stems):
                self.genes += _gains(part)

    def parameters(self, values: Mapping[str, float]) -> Fields:
        """What `aim` reads: middle pose [rad] (nu,), gains of tilt (nu, 2), of rate [s] (nu, 3)."""
        nu = len(self.drives)
        middle, tilt_gain, rate_gain = np.zeros(nu), np.zeros((nu, 2)), np.zeros((nu, 3))
        for j, part in enumerate(self.drives):
            middle[j] = part.joint.home + part.sign * values.get(f"{part.genes}.offset", 0.0)
            axis = 1 if part.joint.axis == "pitch" else 0
            image = -part.sign if part.late and axis == 0 else part.sign
            tilt_gain[j, axis] = image * values.get(f"{part.genes}.tilt", 0.0)
            rate_gain[j, axis] = image * values.get(f"{part.genes}.rate", 0.0)
        return {"middle": middle, "tilt_gain": tilt_gain, "rate_gain": rate_gain}


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
def aim(posture: Record, obs: Record, ctrl: Array) -> None:
    """Turns the signals in `ctrl` into target angles.

    Args:
        posture: What `Posture.parameters` returns.
        obs: Observation.
        ctrl: Signals [rad] (nu,), replaced by target angles [rad].
    """
    for j in range(ctrl.size):
        target = posture.middle[j] + ctrl[j]
        for axis in range(2):
            target += posture.tilt_gain[j, axis] * obs.tilt[axis]
        for axis in range(3):
            target += posture.rate_gain[j, axis] * obs.rate[axis]
        ctrl[j] = target
