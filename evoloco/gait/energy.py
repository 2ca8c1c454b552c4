"""The work of the actuators, in joints or muscles, and at the terminals of their motors."""

import math
from collections.abc import Callable

from evoloco.episode import Episode
from evoloco.errors import ModelError, UnknownNameError
from evoloco.genome import Array


def mechanical_power(episode: Episode) -> Array:
    """Mean power that each actuator gives to its joint, or each muscle to its ends [W] (T, nf).

    It is force times speed, as a mean over the physics steps of each control step.
    """
    net = episode["positive_work"] - episode["negative_work"]
    return net / episode.control_dt


def mechanical_energy(episode: Episode) -> Array:
    """Work that each actuator did within each control step [J] (T, nf).

    What it took up at other times is not taken off.
    """
    return episode["positive_work"]


def electrical_energy(episode: Episode) -> Array:
    """Energy that each servo drew at its terminals within each control step [J] (T, nf).

    With a motor's torque constant K and terminal resistance R, both at the output of the gear:

        I = torque / K                         (1)
        P = V I = R I^2 + K omega I            (2)

    What a servo generates is not taken off. This leaves out the current that drives friction inside
    the actuator (cogging, LuGre), and the inductance and warming of the winding.

    Raises:
        ModelError: An actuator is not a `dcmotor`.

    References:
        MuJoCo 4.0, XML reference, actuator/dcmotor (R and K are `gainprm[0]` and `gainprm[1]`).
    """
    morphology = episode.morphology
    if morphology.muscles:
        raise ModelError(
            "Electrical energy needs motors with a resistance, and this body has muscles. "
            "Ask for effort."
        )
    if not morphology.has_motors:
        ideal = ", ".join(joint.name for joint in morphology.joints)
        raise ModelError(
            f"Electrical energy needs motors with a resistance, and not all actuators of {ideal} "
            "are. Make them `dcmotor` actuators, or ask for mechanical power."
        )
    return episode["electrical_energy"]


ENERGY: dict[str, Callable[[Episode], Array]] = {
    "mechanical": mechanical_energy,
    "electrical": electrical_energy,
}
"""Kinds of energy by name of their power."""


def cost_of_transport(episode: Episode, power: str = "mechanical") -> float:
    """Energy per weight and forward way [1]; infinite if the body did not get forward.

        CoT = sum_steps sum_actuators max(0, P) dt / (m g d)        (1)

    The sum is over physics steps. What one actuator absorbs does not pay for another.

    Args:
        episode: At least one lived step.
        power: A name in `ENERGY`.

    Raises:
        UnknownNameError: There is no such power.
        ModelError: The power is electrical and an actuator has no motor.

    References:
        Collins, Ruina, Tedrake, Wisse, 2005, Efficient bipedal robots based on
        passive-dynamic walkers, doi:10.1126/science.1107799.
    """
    if power not in ENERGY:
        raise UnknownNameError("power", power, ENERGY)

    energy, forward = float(ENERGY[power](episode).sum()), episode.forward
    return energy / (episode.morphology.weight * forward) if forward > 0 else math.inf  # (1)
