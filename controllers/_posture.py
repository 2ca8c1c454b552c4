"""The pose that a gait swings about, and the reflex that keeps the torso upright."""

from collections.abc import Mapping

import numba
import numpy as np

from evoloco.errors import ModelError, UnknownNameError
from evoloco.genome import Array, Gene
from evoloco.morphology import Morphology

from ._symmetry import Symmetry, drives, owners

WIDTH = 6
"""Numbers per joint: middle pose, gains of roll and pitch, gains of the three turning rates."""

REFLEX = ("hip", "ankle")
"""Joints with one of these words in their stem take part in the reflex unless others are named."""


OFFSET = 0.35
"""Largest distance of a joint's middle pose from home [rad]."""


class Posture:
    """Target angles from oscillator signals, the same for every oscillator.

    For joint j with signal s_j(t):

        ctrl_j = home_j + offset_j + s_j + tilt_j lean + rate_j d lean/dt

    where lean is the torso's roll for a roll joint and its pitch for a pitch
    joint. A right joint gets the mirror image: roll changes its sign, and so
    does the command where the joints' axes are not images of each other.

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
        if morphology.muscles:
            raise ModelError(
                "This controller drives joints by servos; this body has muscles. Controllers for muscles: reflex."
            )
        if morphology.torques:
            raise ModelError(
                "This controller tells servos angles; the motors of this body take torques. Give it servos."
            )
        known = {joint.stem for joint in morphology.joints}
        for stem in stems or ():
            if stem not in known:
                raise UnknownNameError("joint stem", stem, known)
        self.drives = drives(morphology, symmetry)
        self.genes: list[Gene] = []
        for part in owners(self.drives):
            joint, unit = part.joint, "rad" if part.joint.axis else "m"
            low, high = max(-OFFSET, joint.low - joint.home), min(OFFSET, joint.high - joint.home)
            if offsets and low < high:
                meaning = "middle of the swing, from home"
                self.genes.append(Gene(f"{part.genes}.offset", low, high, unit, meaning))
            usual = any(word in joint.stem.lower() for word in REFLEX)
            named = usual if stems is None else joint.stem in stems
            if reflex and named and joint.axis in ("roll", "pitch"):
                lean = f"the torso's {joint.axis}"
                self.genes += [
                    Gene(f"{part.genes}.tilt", -1.5, 1.5, "rad/rad", f"answer to {lean}"),
                    Gene(f"{part.genes}.rate", -0.4, 0.4, "s", f"answer to the rate of {lean}"),
                ]

    def parameters(self, values: Mapping[str, float]) -> Array:
        """What `aim` reads: a row of `WIDTH` numbers per joint (WIDTH nu,)."""
        table = np.zeros((len(self.drives), WIDTH))
        for row, part in zip(table, self.drives, strict=True):
            row[0] = part.joint.home + part.sign * values.get(f"{part.genes}.offset", 0.0)
            column = 1 if part.joint.axis == "pitch" else 0
            image = -part.sign if part.late and column == 0 else part.sign
            row[1 + column] = image * values.get(f"{part.genes}.tilt", 0.0)
            row[3 + column] = image * values.get(f"{part.genes}.rate", 0.0)
        return table.ravel()


@numba.njit(error_model="numpy", nogil=True)
def aim(params: Array, obs: Array, ctrl: Array) -> None:
    """Turns the signals in `ctrl` into target angles.

    Args:
        params: Parameters of a controller, which end with those of its posture.
        obs: Observation.
        ctrl: Signals [rad] (nu,), replaced by target angles [rad].
    """
    nu = ctrl.size
    first = params.size - WIDTH * nu
    for j in range(nu):
        row = first + WIDTH * j
        target = params[row] + ctrl[j]
        for k in range(5):
            target += params[row + 1 + k] * obs[2 * nu + k]
        ctrl[j] = target
