"""What a pacemaker feels of the body: lean and load to push it, landings to reset it."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numba
import numpy as np

from evoloco.genome import Array, Gene
from evoloco.morphology import Morphology

SENSE = 6
"""Numbers that `landing` and `lean` read: landing load, two foot loads' places, three gains."""

Feedback = Literal["tilt", "load"]


class Senses:
    """Feedback to a pacemaker that leads the left side and, half a period later, the right one.

    What it feels changes its sign in a mirror: the torso's roll and roll rate
    ("tilt") and the load of the left minus the right foot ("load"). A foot's
    landing can put it into phase 0 (left) or half a period on (right).

    Attributes:
        genes: The gains.

    Args:
        morphology: The body.
        feedback: What is felt.
        reset_load: Load from which a foot has landed, as a fraction of body weight; infinity for no reset.
    """

    def __init__(
        self, morphology: Morphology, feedback: Sequence[Feedback], reset_load: float
    ) -> None:
        self.reset_load, self.feet = reset_load, foot_places(morphology)
        self.genes: list[Gene] = []
        if "tilt" in feedback:
            self.genes.append(
                Gene("pacemaker.tilt_feedback", -10.0, 10.0, "1/(rad s)", "torso roll felt")
            )
            self.genes.append(
                Gene("pacemaker.rate_feedback", -3.0, 3.0, "1/rad", "torso roll rate felt")
            )
        if "load" in feedback and self.feet[1] >= 0:
            meaning = "left minus right foot load felt"
            self.genes.append(Gene("pacemaker.load_feedback", -5.0, 5.0, "1/s", meaning))

    def parameters(self, values: Mapping[str, float]) -> Array:
        """What `landing` and `lean` read (SENSE,)."""
        gains = [values.get(f"pacemaker.{kind}_feedback", 0.0) for kind in ("tilt", "rate", "load")]
        return np.array([self.reset_load, *self.feet, *gains])


def foot_places(morphology: Morphology) -> tuple[int, int]:
    """Where the loads of the first left and the first right foot stand in an observation; -1 for none."""
    first, feet = morphology.observation.foot_load.start, len(morphology.feet)
    return (first if feet else -1, first + feet // 2 if feet > 1 else -1)


@numba.njit(error_model="numpy", nogil=True)
def landing(senses: Array, obs: Array, loads: Array) -> int:
    """Which foot has just landed: 0 for the left one, 1 for the right one, -1 for none.

    Args:
        senses: Its first three numbers are the landing load and the places of the feet's loads.
        obs: Observation.
        loads: Loads of the control step before [1] (2,), replaced by the present ones.
    """
    foot = -1
    if senses[0] == math.inf:
        return foot
    for side in range(2):
        if senses[1 + side] >= 0.0:
            load = obs[int(senses[1 + side])]
            if loads[side] < senses[0] <= load:
                foot = side
            loads[side] = load
    return foot


@numba.njit(error_model="numpy", nogil=True)
def lean(senses: Array, obs: Array, nu: int) -> float:
    """The pacemaker's input [1/s] on a body with `nu` driven joints."""
    total = senses[3] * obs[2 * nu] + senses[4] * obs[2 * nu + 2]
    if senses[5] != 0.0:
        total += senses[5] * (obs[int(senses[1])] - obs[int(senses[2])])
    return float(total)
