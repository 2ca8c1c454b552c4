"""What a pacemaker feels of the body: roll and load drive it, landings reset it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numba
import numpy as np
from numba.extending import overload

from evoloco.fields import Array, Fields, Record
from evoloco.genome import Gene
from evoloco.morphology import Morphology

Feedback = Literal["tilt", "load"]

NONE = np.zeros(0)
"""Loads of the feet of a body without feet."""


class Senses:
    """Feedback to a pacemaker that leads the left side and, half a period later, the right one.

    What it feels changes its sign in a mirror: the torso's roll and roll rate ("tilt") and the load
    of the left minus the right foot ("load"):

        f(obs) = tilt_feedback roll + rate_feedback roll rate + load_feedback (left - right load)

    A foot's landing can put it into phase 0 (left) or half a period on (right).

    Attributes:
        genes: The gains.

    Args:
        morphology: The body.
        feedback: What is felt.
        reset_load: Load from which a foot has landed, as a fraction of body weight; infinity for no
            reset.
    """

    def __init__(
        self, morphology: Morphology, feedback: Sequence[Feedback], reset_load: float
    ) -> None:
        self.reset_load, self.feet = reset_load, foot_channels(morphology)
        self.genes: list[Gene] = []
        if "tilt" in feedback:
            self.genes += [
                Gene("pacemaker.tilt_feedback", -10.0, 10.0, "1/(rad s)", "torso roll felt"),
                Gene("pacemaker.rate_feedback", -3.0, 3.0, "1/rad", "torso roll rate felt"),
            ]
        if "load" in feedback and self.feet[1] >= 0:
            meaning = "left minus right foot load felt"
            self.genes.append(Gene("pacemaker.load_feedback", -5.0, 5.0, "1/s", meaning))

    def parameters(self, values: Mapping[str, float]) -> Fields:
        """What `landing` and `feel` read: load, channels of the feet (2,), and the gains."""
        return {
            "reset_load": self.reset_load,
            "feet": self.feet,
            "tilt_gain": values.get("pacemaker.tilt_feedback", 0.0),
            "rate_gain": values.get("pacemaker.rate_feedback", 0.0),
            "load_gain": values.get("pacemaker.load_feedback", 0.0),
        }


def first_feet(morphology: Morphology) -> tuple[str, str]:
    """Names of the foremost left foot and its partner; "" for none.

    Of two feet that are no pair, they are the front and the rear one.
    """
    feet = morphology.feet
    return morphology.sides.couple or (feet[0] if feet else "", "")


def foot_channels(morphology: Morphology) -> tuple[int, int]:
    """Channels of `foot_load` for these two feet; -1 for none."""
    left, right = (morphology.feet.index(foot) if foot else -1 for foot in first_feet(morphology))
    return left, right


def foot_loads(obs: Record) -> Array:
    """Loads of the feet; none on a body without feet, whose observation lacks the field."""
    loads: Array = obs.foot_load if "foot_load" in obs.dtype.names else NONE
    return loads


@overload(foot_loads, strict=False)
def _compiled_foot_loads(obs: Any) -> Any:
    """What Numba compiles instead: `obs` is the type of an observation."""
    if "foot_load" in obs.fields:
        return lambda obs: obs.foot_load
    return lambda obs: NONE


@numba.njit(error_model="numpy", nogil=True)
def landing(senses: Record, obs: Record, loads: Array) -> int:
    """Which foot has just landed: 0 for the left one, 1 for the right one, -1 for none.

    Args:
        senses: Has `reset_load` and `feet`, as `Senses.parameters` gives them.
        obs: Observation.
        loads: Loads of the control step before [1] (2,), replaced by the present ones.
    """
    landed = -1
    if senses.reset_load == math.inf:
        return landed

    for side in range(2):
        channel = int(senses.feet[side])
        if channel >= 0:
            load = foot_loads(obs)[channel]
            if loads[side] < senses.reset_load <= load:
                landed = side
            loads[side] = load
    return landed


@numba.njit(error_model="numpy", nogil=True)
def feel(senses: Record, obs: Record) -> float:
    """The pacemaker's input f(obs) [1/s]; `senses` is what `Senses.parameters` gives."""
    roll, roll_rate = obs.tilt[0], obs.rate[0]
    total = senses.tilt_gain * roll + senses.rate_gain * roll_rate

    if senses.load_gain != 0.0:
        loads = foot_loads(obs)
        left, right = loads[int(senses.feet[0])], loads[int(senses.feet[1])]
        total += senses.load_gain * (left - right)
    return float(total)
