"""How good a gait is where nothing differs: tracking, loads, support and costs."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from evoloco.check.result import Number
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.gait.analysis import WARM_UP, analyse
from evoloco.gait.following import follows
from evoloco.gait.verdict import Manner, verdict
from evoloco.json_number import finite

GAITS = (Manner.WALKING, Manner.RUNNING, Manner.HOPPING, Manner.ALTERNATING)
"""Kinds of gait that go somewhere."""


class Quantity(NamedTuple):
    """A number about a gait.

    Attributes:
        unit: Of it.
        meaning: What it is.
        bound: What is allowed at most, or at least; None where nothing is.
        least: Whether the bound is the least.
    """

    unit: str
    meaning: str
    bound: float | None = None
    least: bool = False


QUANTITIES = {
    "tracking_error": Quantity(
        "rad", "angle of the joints less their command, after the delay: root mean square", 0.1
    ),
    "peak_load": Quantity("body weights", "largest force of the ground under all feet", 2.5),
    "double_support": Quantity(
        "1", "part of the stride in which both feet of a biped stand", 0.1, least=True
    ),
    "electrical_cost": Quantity("1", "energy drawn by the servos / (weight distance)"),
    "mechanical_cost": Quantity("1", "work of the actuators / (weight distance)"),
    "effort": Quantity("J/kg/m", "metabolic energy after Wang / (mass distance)"),
    "slip": Quantity("m/s", "mean speed of a loaded foot over the ground"),
    "heading_drift": Quantity(
        "rad", "turn from start to end beyond that asked for, without its sign"
    ),
}
"""What is measured, by name."""


class Look(NamedTuple):
    """What one episode shows.

    Attributes:
        fell: Whether it did not last.
        lasted: Time until its end [s].
        way: Its forward way [m]; NaN where it diverged.
        verb: What the body does.
        goes: Whether it walks, runs or hops forward.
        follows: Whether it lasted and followed every stage of its command.
        speed: After the warm-up [m/s].
        numbers: Of `QUANTITIES`, by name; None where there is none.
    """

    fell: bool
    lasted: float
    way: float
    verb: str
    goes: bool
    follows: bool
    speed: float
    numbers: Mapping[str, float | None]


def look(episode: Episode) -> Look:
    """Returns what an episode shows."""
    gait = analyse(episode)
    found = verdict(gait)
    numbers = {
        name: finite(float(getattr(gait, name))) for name in QUANTITIES if name != "tracking_error"
    }
    turned = numbers["heading_drift"]
    numbers["heading_drift"] = abs(turned) if turned is not None else None
    return Look(
        fell=episode.outcome is not Outcome.COMPLETED,
        lasted=episode.duration,
        way=episode.forward,
        verb=found.verb,
        goes=found.manner in GAITS and not found.backward,
        follows=follows(episode),
        speed=gait.speed,
        numbers={"tracking_error": finite(tracking_error(episode)), **numbers},
    )


def tracking_error(episode: Episode) -> float:
    """Returns the root mean square of joint angles less their commands [rad].

    A command counts from the time on at which the servo has it. The warm-up is left out. NaN where
    muscles or torques drive the joints, or where the episode ended within the warm-up.
    """
    morphology, substeps = episode.morphology, episode.substeps
    begin = round(WARM_UP / episode.control_dt) * substeps
    if morphology.muscles or morphology.torques or begin >= len(episode) * substeps:
        return math.nan

    command = np.repeat(episode["ctrl"], substeps, axis=0)
    joints = len(morphology.joints)
    late = np.rint(morphology.model.actuator_delay[:joints] / episode.physics_dt).astype(int)
    time = np.arange(begin, len(command))[:, None]
    error = episode.joint_angle[begin:] - command[time - late, np.arange(joints)]
    return float(np.sqrt(np.mean(error**2)))


def numbers(looks: Sequence[Look]) -> tuple[Number, ...]:
    """Returns the quantities over episodes that lasted, or over all where none did.

    Quantities that the gait has nowhere are left out.
    """
    chosen = [one for one in looks if not one.fell] or looks
    found = []
    for name, quantity in QUANTITIES.items():
        values = [value for one in chosen if (value := one.numbers[name]) is not None]
        if not values:
            continue
        worst = min(values) if quantity.least else max(values)
        found.append(
            Number(
                name=name,
                mean=float(np.mean(values)),
                worst=worst,
                unit=quantity.unit,
                meaning=quantity.meaning,
                bound=quantity.bound,
                within=_within(quantity, worst),
            )
        )
    return tuple(found)


def _within(quantity: Quantity, value: float) -> bool:
    if quantity.bound is None:
        return True
    return value >= quantity.bound if quantity.least else value <= quantity.bound
