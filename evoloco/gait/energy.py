"""The work of the actuators, in joints or muscles, and at the terminals of their motors."""

import math
from collections.abc import Callable

import mujoco
import numpy as np

from evoloco.episode import Episode
from evoloco.errors import ModelError, UnknownNameError
from evoloco.genome import Array
from evoloco.morphology import Morphology

_MOTOR = int(mujoco.mjtGain.mjGAIN_DCMOTOR)


def mechanical_power(episode: Episode) -> Array:
    """Power that each actuator gives to its joint, or each muscle to its ends [W] (T, nu).

    It is torque times velocity, or force times speed.
    """
    return np.asarray(episode["actuator_force"] * _speed(episode))


def electrical_power(episode: Episode) -> Array:
    """Power that each servo draws at its terminals [W] (T, nu); negative where it generates.

    With a motor's torque constant K and terminal resistance R, both at the output of the gear:

        I = torque / K                         (1)
        P = V I = R I^2 + K omega I            (2)

    It leaves out the current that drives friction inside the actuator (cogging, LuGre), and the
    inductance and warming of the winding.

    Raises:
        ModelError: An actuator is not a `dcmotor`.

    References:
        MuJoCo 4.0, XML reference, actuator/dcmotor (R and K are `gainprm[0]` and `gainprm[1]`).
    """
    model = episode.morphology.model
    if episode.morphology.muscles:
        raise ModelError(
            "Electrical power needs motors with a resistance, and this body has muscles. "
            "Ask for effort."
        )

    ideal = [
        joint.name
        for joint, kind in zip(episode.morphology.joints, model.actuator_gaintype, strict=True)
        if kind != _MOTOR
    ]
    if ideal:
        raise ModelError(
            f"Electrical power needs motors with a resistance, but {', '.join(ideal)} have ideal "
            "actuators. Make them `dcmotor` actuators, or ask for mechanical power."
        )

    resistance, constant = model.actuator_gainprm[:, :2].T
    current = episode["actuator_force"] / constant  # (1)
    return np.asarray((resistance * current + constant * _speed(episode)) * current)  # (2)


def has_motors(morphology: Morphology) -> bool:
    """Whether every actuator has an electrical model."""
    return bool(np.all(morphology.model.actuator_gaintype == _MOTOR))


POWER: dict[str, Callable[[Episode], Array]] = {
    "mechanical": mechanical_power,
    "electrical": electrical_power,
}
"""Kinds of power by name."""


def cost_of_transport(episode: Episode, power: str = "mechanical") -> float:
    """Energy per weight and forward distance [1]; infinite if the body did not get forward.

        CoT = sum_steps sum_actuators max(0, P) dt / (m g d)        (1)

    What one actuator absorbs does not pay for another.

    Args:
        episode: At least one lived step.
        power: A name in `POWER`.

    Raises:
        UnknownNameError: There is no such power.
        ModelError: The power is electrical and an actuator has no motor.

    References:
        Collins, Ruina, Tedrake, Wisse, 2005, Efficient bipedal robots based on
        passive-dynamic walkers, doi:10.1126/science.1107799.
    """
    if power not in POWER:
        raise UnknownNameError("power", power, POWER)

    energy = float(np.maximum(POWER[power](episode), 0.0).sum()) * episode.control_dt
    forward = episode.sensor("torso.position")[:, 0]
    distance = float(forward[-1] - forward[0])
    return energy / (episode.morphology.weight * distance) if distance > 0 else math.inf  # (1)


def fibre_velocity(episode: Episode) -> Array:
    """Speeds of the muscles' fibres along the tendon [m/s] (T, M); positive if lengthening."""
    return episode.sensors([f"{muscle.name}.velocity" for muscle in episode.morphology.muscles])


def _speed(episode: Episode) -> Array:
    """Speed at the actuators' side of the gear [rad/s], or of lengthening muscles [m/s] (T, nu)."""
    if episode.morphology.muscles:
        return fibre_velocity(episode)
    return np.asarray(episode.joint_velocity * episode.morphology.model.actuator_gear[:, 0])
