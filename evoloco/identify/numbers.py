"""The numbers of a servo that a fit finds: their bounds, and how they get into a body."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.genome import Array
from evoloco.morphology import HOME, Morphology
from evoloco.randomization.fields import INPUTS
from evoloco.randomization.quantities import QUANTITIES
from evoloco.randomization.working import Working

LATENCY = "latency"
"""Name of the time from a command to its effect, which all servos share [s]."""

LONGEST_LATENCY = 0.08
"""Of a servo on its bus [s]."""

MASS = 0.3
"""By which share a link's mass may differ from the model's."""

ERROR = 0.2
"""Position error at which a servo without a limit counts as at its limit [rad]."""


@dataclass(frozen=True)
class Number:
    """A number that is fitted.

    Attributes:
        kind: A quantity of `evoloco list quantities`, or `latency`.
        element: Joint or body that has it; empty where all have the same.
        unit: Its unit.
        nominal: What the body has as it is.
        low: Lower bound.
        high: Upper bound.
    """

    kind: str
    element: str
    unit: str
    nominal: float
    low: float
    high: float

    @property
    def name(self) -> str:
        """Such as "knee_left.armature", or "latency"."""
        return f"{self.element}.{self.kind}" if self.element else self.kind

    @property
    def begin(self) -> float:
        """Where a fit begins: the nominal number; of an effect that is absent, a tenth of it."""
        share = 0.1 if self.nominal <= self.low else 0.02
        margin = share * (self.high - self.low)
        return min(max(self.nominal, self.low + margin), self.high - margin)


def prepared(morphology: Morphology) -> Morphology:
    """A body whose servos have room for the longest latency, and delays between physics steps."""
    _check(morphology)
    samples = math.ceil(LONGEST_LATENCY / morphology.model.opt.timestep) + 1
    latency = float(morphology.model.actuator_delay.max())

    def change(spec: mujoco.MjSpec) -> None:
        for joint in morphology.joints:
            servo = spec.actuator(joint.name)
            servo.nsample, servo.interp, servo.delay = samples, 1, latency

    return morphology.changed(change)


def _check(morphology: Morphology) -> None:
    """Raises a ModelError where a driven joint has no servo."""
    servos, _ = QUANTITIES["servo_gain"].elements(morphology)
    for joint in morphology.joints:
        if joint.name not in servos:
            raise ModelError(
                f"Joint '{joint.name}' has no servo that answers to a position error, so there "
                "is nothing to identify. A body needs servos: see docs/write-a-morphology.md."
            )


def numbers(morphology: Morphology, masses: bool = False) -> list[Number]:
    """What is fitted of a body.

    Args:
        morphology: The body.
        masses: Whether the masses of the links that the joints move are fitted too.
    """
    limits = torque_limits(morphology)
    latency = float(morphology.model.actuator_delay.max())
    shortest = float(morphology.model.opt.timestep)  # MuJoCo's shortest delay, if there is one
    found = [Number(LATENCY, "", "s", latency, shortest, LONGEST_LATENCY)]
    for joint in morphology.joints:
        limit = limits[joint.name]
        gain, armature = (
            value(morphology, kind, joint.name) for kind in ("servo_gain", "armature")
        )
        heaviest = max(4.0 * armature, 1e-4)
        bounds = {
            "joint_friction": (0.0, 0.1 * limit),
            "damping": (0.0, 0.2 * limit),
            "armature": (0.2 * armature, heaviest),
            "servo_gain": (0.3 * gain, 3.0 * gain),
        }
        found += [
            Number(
                kind,
                joint.name,
                QUANTITIES[kind].unit,
                value(morphology, kind, joint.name),
                *bounds[kind],
            )
            for kind in bounds
        ]
    if masses:
        found += [
            Number("mass", body, "kg", mass, (1 - MASS) * mass, (1 + MASS) * mass)
            for body, mass in _moved(morphology).items()
        ]
    return found


def with_numbers(
    morphology: Morphology,
    fitted: Sequence[Number],
    values: Sequence[float],
    start: tuple[Array, Array] | None = None,
) -> Morphology:
    """A body with other numbers.

    Args:
        morphology: The prepared body.
        fitted: What is fitted.
        values: Of each.
        start: Angles of the driven joints [rad] and commands [rad] (nu,) that the home keyframe
            becomes; as it is where None.
    """
    working = Working(morphology)
    by_kind: dict[str, dict[str, float]] = {}
    for number, value in zip(fitted, values, strict=True):
        by_kind.setdefault(number.kind, {})[number.element] = value

    model = working.model
    for kind, new in by_kind.items():
        if kind == LATENCY:
            model.actuator_delay[: len(morphology.joints)] = new[""]
        elif kind in QUANTITIES:
            _write(working, kind, new)
    if start is not None:
        key = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_KEY, HOME)
        places = [int(model.joint(joint.name).qposadr[0]) for joint in morphology.joints]
        model.key_qpos[key, places] = start[0]
        model.key_ctrl[key, : len(start[1])] = start[1]

    if working.changed & INPUTS:
        mujoco.mj_setConst(model, working.data)
    return morphology.with_model(model)


def _write(working: Working, kind: str, new: Mapping[str, float]) -> None:
    """Gives elements new numbers of a kind."""
    quantity = QUANTITIES[kind]
    names, ids = quantity.elements(working.morphology)
    chosen = ids[[names.index(element) for element in new]]
    old, values = np.array(quantity.read(working, chosen)), np.array([*new.values()])
    ratio = np.divide(values, old, out=np.ones_like(old), where=old != 0)
    quantity.write(working, chosen, values, ratio)


def value(morphology: Morphology, kind: str, element: str) -> float:
    """A number of a body."""
    names, ids = QUANTITIES[kind].elements(morphology)
    place = ids[[names.index(element)]]
    return float(QUANTITIES[kind].read(Working(morphology), place)[0])


def torque_limits(morphology: Morphology) -> dict[str, float]:
    """Largest torque of the servo of each joint [N m]."""
    names, ids = QUANTITIES["torque_limit"].elements(morphology)
    found = dict(
        zip(names, QUANTITIES["torque_limit"].read(Working(morphology), ids).tolist(), strict=True)
    )
    return {
        joint.name: found.get(joint.name) or ERROR * value(morphology, "servo_gain", joint.name)
        for joint in morphology.joints
    }


def _moved(morphology: Morphology) -> dict[str, float]:
    """Masses of the links that driven joints move [kg], by the names of their bodies."""
    model = morphology.model
    bodies = [int(model.joint(joint.name).bodyid[0]) for joint in morphology.joints]
    return {
        str(model.body(body).name): float(model.body_mass[body])
        for body in sorted(set(bodies))
        if model.body_mass[body] > 0
    }
