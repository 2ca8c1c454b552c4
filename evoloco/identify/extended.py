"""Servo models beyond Coulomb and viscous friction: M2 to M6, and play and current lag."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import mujoco
import numpy as np

from evoloco.errors import ModelError
from evoloco.genome import Array
from evoloco.identify import numbers as own
from evoloco.identify.friction import LOADS, SCALARS, Friction
from evoloco.identify.model import Start
from evoloco.identify.numbers import LATENCY, LONGEST_LATENCY, Number
from evoloco.morphology import Morphology
from evoloco.randomization.servos import DCMOTOR, GAIN, MOTOR_CONSTANT, RESISTANCE, VOLTAGE

SHARED: dict[str, tuple[str, float, float, float]] = {
    "lag": ("s", 0.0, 0.0, 0.03),
    "stribeck_speed": ("rad/s", 0.3, 0.05, 3.0),
    "stribeck_shape": ("1", 1.35, 0.7, 4.0),
    "load": ("1", 0.0, 0.0, 0.3),
    "load_stribeck": ("1", 0.0, 0.0, 0.5),
    "load_motor": ("1", 0.0, 0.0, 0.3),
    "load_external": ("1", 0.0, 0.0, 0.3),
    "load_motor_stribeck": ("1", 0.0, 0.0, 0.5),
    "load_external_stribeck": ("1", 0.0, 0.0, 0.5),
    "quadratic_motor": ("1/(N m)", 0.0, 0.0, 0.05),
    "quadratic_external": ("1/(N m)", 0.0, 0.0, 0.05),
}
"""Numbers that all servos share: unit, what they are without the effect, and bounds."""

WIDEST = 0.04
"""Largest backlash [rad]."""

INSIDE = ("joint_friction", "damping", "armature", "mass")
"""Numbers that MuJoCo's model has a place for; the others are those of the actuators."""


class Effects(NamedTuple):
    """What a model has beyond M1.

    Attributes:
        meaning: One line for those who choose it.
        kinds: Kinds of its numbers.
    """

    meaning: str
    kinds: tuple[str, ...]


_STRIBECK = ("stribeck", "stribeck_speed", "stribeck_shape")
_M6 = (*_STRIBECK, *LOADS)

_PLAY = ("backlash", "lag")

EFFECTS = {
    "m1_play": Effects("M1 with backlash, and a current that lags", _PLAY),
    "m2": Effects("M1 and Stribeck's effect", _STRIBECK),
    "m3": Effects("M1 and friction that a load causes", ("load",)),
    "m4": Effects(
        "M2 and M3, with more of a load's friction at rest", (*_STRIBECK, "load", "load_stribeck")
    ),
    "m5": Effects(
        "M4, with other friction where the links drive the motor", (*_STRIBECK, *LOADS[:4])
    ),
    "m6": Effects("M5, with a part that grows with the square of the load", _M6),
    "m6_play": Effects("M6 with backlash, and a current that lags", (*_M6, *_PLAY)),
}
"""Models by name."""


class Extended:
    """A servo model with friction that depends on speed or load (see `friction.actuate`).

    Args:
        name: One of `EFFECTS`.
        body: The body.
        masses: Whether the masses of the links are fitted too.

    Raises:
        ModelError: A driven joint has no DC motor behind a position controller.
    """

    def __init__(self, name: str, body: Morphology, masses: bool = False) -> None:
        self.name, (self.meaning, kinds) = name, EFFECTS[name]
        self._body = body
        self.numbers = (*own.numbers(body, masses), *_further(body, kinds))
        self.prepared = prepared(body, name)

    def body(self, values: Sequence[float], start: Start | None = None) -> Morphology:
        """The prepared body with those values that MuJoCo's model has a place for."""
        both = zip(self.numbers, values, strict=True)
        numbers, chosen = zip(*[pair for pair in both if pair[0].kind in INSIDE], strict=True)
        return own.with_numbers(self.prepared, numbers, chosen, start)

    def actuators(self, values: Sequence[float]) -> Friction:
        """The servos with values of their numbers."""
        given = dict(zip((one.name for one in self.numbers), values, strict=True))
        joints, model = self._body.joints, self._body.model
        resistance, constant, volts = motors(self._body)

        def each(kind: str) -> Array:
            return np.array([given.get(f"{joint.name}.{kind}", 0.0) for joint in joints])

        fields = {
            "latency": given[LATENCY],
            **{name: given.get(name, SHARED[name][1]) for name in (*SCALARS[1:], *LOADS)},
            **{name: given[tied] for name, tied in _TIED.items() if tied in given},
            "gain": each("servo_gain"),
            "stall": constant / resistance * volts,
            "emf": constant**2 / resistance,
            "volts": resistance / constant,
            "low": np.array([joint.low for joint in joints]),
            "high": np.array([joint.high for joint in joints]),
            **{kind: each(kind) for kind in ("armature", "stribeck", "backlash")},
        }
        return Friction(fields, math.ceil(LONGEST_LATENCY / model.opt.timestep) + 2)


_TIED = {
    "load_motor": "load",
    "load_external": "load",
    "load_motor_stribeck": "load_stribeck",
    "load_external_stribeck": "load_stribeck",
}
"""Coefficients that M3 and M4 do not tell apart, and their common name there."""


def _further(body: Morphology, kinds: Sequence[str]) -> list[Number]:
    """Numbers of some kinds, beyond those of M1."""
    limits = own.torque_limits(body)
    found = [Number(kind, "", *SHARED[kind]) for kind in kinds if kind in SHARED]
    for joint in body.joints:
        if "stribeck" in kinds:
            most = 0.1 * limits[joint.name]
            found.append(Number("stribeck", joint.name, "N m", 0.0, 0.0, most))
        if "backlash" in kinds:
            found.append(Number("backlash", joint.name, "rad", 0.0, 0.0, WIDEST))
    return found


def motors(body: Morphology) -> tuple[Array, Array, Array]:
    """Resistance, torque constant and supply of the motors of the driven joints (nu,)."""
    model = body.model
    rows = model.actuator_gainprm[[model.actuator(joint.name).id for joint in body.joints]]
    return rows[:, RESISTANCE], rows[:, MOTOR_CONSTANT], rows[:, VOLTAGE]


def prepared(body: Morphology, name: str) -> Morphology:
    """A body whose motors take voltages; what makes them is in `friction.actuate`.

    Raises:
        ModelError: A driven joint has no DC motor behind a position controller.
    """
    model = body.model
    for joint in body.joints:
        place = model.actuator(joint.name).id
        if model.actuator_gaintype[place] != DCMOTOR or not model.actuator_gainprm[place, GAIN]:
            raise ModelError(
                f"Joint '{joint.name}' is driven by no DC motor behind a position controller, "
                f"which the servo model {name} describes. Use --models m1, or give the joint a "
                "`servo` in [morphology]."
            )

    def change(spec: mujoco.MjSpec) -> None:
        spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CLAMPCTRL)
        for joint in body.joints:
            take_voltage(spec.actuator(joint.name), model)

    return body.changed(change)


def take_voltage(motor: mujoco.MjsActuator, model: mujoco.MjModel) -> None:
    """Takes the controller off a DC motor of a spec; the range of the commands stays."""
    resistance, constant = model.actuator(motor.name).gainprm[[RESISTANCE, MOTOR_CONSTANT]]
    motor.set_to_dcmotor(
        motorconst=[constant, 0],
        resistance=resistance,
        controller=[0] * 6,
        ctrlspec=int(mujoco.mjtCtrlInput.mjINPUT_VOLTAGE),
    )
    motor.delay, motor.nsample = 0.0, 0
