"""What drives the joints: gains, torque limits and supplies of actuators."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.randomization.fields import Elements, Ids, elements_of
from evoloco.randomization.working import Working

RESISTANCE, MOTOR_CONSTANT, GAIN, VELOCITY_GAIN, VOLTAGE = 0, 1, 4, 6, 7
"""Places in a DC motor's `gainprm`: R [Ohm], K [N m/A], gains of its controller, supply [V]."""

FORCE = 2
"""Place of a muscle's largest isometric force [N] in its `gainprm` and `biasprm`."""

AFFINE = int(mujoco.mjtBias.mjBIAS_AFFINE)
DCMOTOR, MUSCLE, FIXED = (
    int(getattr(mujoco.mjtGain, f"mjGAIN_{kind}")) for kind in ("DCMOTOR", "MUSCLE", "FIXED")
)
"""Types of actuators."""


def servos(morphology: Morphology) -> Elements:
    """Actuators that answer to a position error."""
    model = morphology.model
    motors = _motors(model) & (model.actuator_gainprm[:, GAIN] > 0)
    springs = (model.actuator_biastype == AFFINE) & (model.actuator_biasprm[:, 1] < 0)
    return _some(morphology, motors | springs)


def limited(morphology: Morphology) -> Elements:
    """Actuators whose torque or force has a limit."""
    model = morphology.model
    bounded = model.actuator_forcelimited.astype(bool)
    return _some(morphology, bounded | _stalling(model) | _muscles(model))


def supplied(morphology: Morphology) -> Elements:
    """DC motors behind a controller with a supply."""
    model = morphology.model
    return _some(morphology, _motors(model) & (model.actuator_gainprm[:, VOLTAGE] > 0))


def read_gain(working: Working, ids: Ids) -> Array:
    """Torque per position error [N m/rad] (k,)."""
    gain, bias = working["actuator_gainprm"][ids], working["actuator_biasprm"][ids]
    return np.where(_motors(working.model)[ids], gain[:, GAIN], -bias[:, 1])


def write_gain(working: Working, ids: Ids, new: Array, ratio: Array) -> None:
    """Sets the torque per position error; that per velocity stays.

    Behind a gear, a position actuator's gain is not its stiffness, and is scaled with it.
    """
    model, gain = working.model, working["actuator_gainprm"]
    motors = _motors(model)[ids]
    gain[ids[motors], GAIN] = new[motors]

    springs, stiffness, bias = ids[~motors], new[~motors], working["actuator_biasprm"]
    scaling = model.actuator_gaintype[springs] == FIXED
    direct = gain[springs, 0] == -bias[springs, 1]
    scaled = np.where(direct, stiffness, ratio[~motors] * gain[springs, 0])
    gain[springs[scaling], 0] = scaled[scaling]
    bias[springs, 1] = -stiffness


def read_limit(working: Working, ids: Ids) -> Array:
    """Largest torque [N m], or force of muscles [N] (k,)."""
    model, gain = working.model, working["actuator_gainprm"][ids]
    resistance = np.where(_motors(model)[ids], gain[:, RESISTANCE], 1.0)
    stall = gain[:, MOTOR_CONSTANT] / resistance * gain[:, VOLTAGE]
    limit = np.where(_muscles(model)[ids], gain[:, FORCE], stall)

    bound = working["actuator_forcerange"][ids, 1]
    own = _stalling(model)[ids] | _muscles(model)[ids]
    return np.asarray(np.where(own, limit, bound))


def write_limit(working: Working, ids: Ids, new: Array, ratio: Array) -> None:
    """Makes actuators stronger or weaker.

    A DC motor with f times the stall torque and the same no-load speed has the same K and R / f.
    The velocity gain of its controller stands against the back-EMF, K² / R, and follows it. Its
    torque per position error stays.
    """
    model, gain = working.model, working["actuator_gainprm"]
    stalling, muscles = _stalling(model)[ids], _muscles(model)[ids]
    gain[ids[stalling], RESISTANCE] /= ratio[stalling]
    gain[ids[stalling], VELOCITY_GAIN] *= ratio[stalling]

    gain[ids[muscles], FORCE] = new[muscles]
    working["actuator_biasprm"][ids[muscles], FORCE] = new[muscles]

    bounded = model.actuator_forcelimited[ids].astype(bool)
    working["actuator_forcerange"][ids[bounded]] *= ratio[bounded, None]


def read_voltage(working: Working, ids: Ids) -> Array:
    """Supply of DC motors [V] (k,)."""
    return np.asarray(working["actuator_gainprm"][ids, VOLTAGE])


def write_voltage(working: Working, ids: Ids, new: Array, ratio: Array) -> None:
    """Sets the supply of DC motors.

    A servo's controller answers an error with a share of the supply (its duty cycle), so its gain
    follows the supply.
    """
    gain = working["actuator_gainprm"]
    gain[ids, VOLTAGE] = new
    gain[ids, GAIN] *= ratio


def _motors(model: mujoco.MjModel) -> NDArray[np.bool_]:
    """Whether an actuator is a DC motor."""
    return np.asarray(model.actuator_gaintype == DCMOTOR)


def _muscles(model: mujoco.MjModel) -> NDArray[np.bool_]:
    """Whether an actuator is a muscle whose force is given."""
    return np.asarray((model.actuator_gaintype == MUSCLE) & (model.actuator_gainprm[:, FORCE] > 0))


def _stalling(model: mujoco.MjModel) -> NDArray[np.bool_]:
    """Whether an actuator is a DC motor that its supply limits, without dynamics of its current."""
    supplied = model.actuator_gainprm[:, VOLTAGE] > 0
    return np.asarray(_motors(model) & supplied & (model.actuator_actnum == 0))


def _some(morphology: Morphology, chosen: NDArray[np.bool_]) -> Elements:
    """The actuators that are chosen."""
    names, ids = elements_of("actuator")(morphology)
    return tuple(name for name, taken in zip(names, chosen, strict=True) if taken), ids[chosen]
