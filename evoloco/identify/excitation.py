"""Commands that show what a servo is: sums of sines, chirps and pseudo-random binary sequences."""

import math
from collections.abc import Callable
from typing import get_args

import mujoco
import numpy as np

from evoloco.errors import SpecError
from evoloco.genome import Array
from evoloco.identify.kinds import Kind
from evoloco.morphology import HOME, Morphology
from evoloco.robot_log import RobotLog

FADE = 0.5
"""Time over which the swing grows from nothing, and shrinks to nothing at the end [s]."""

SINES = 12
"""Sines in a sum."""

FLIP = 0.1
"""Shortest time between two flips of a binary sequence [s]."""

APART = 0.1
"""Sideways way of a foot per angle from which on a joint takes the feet apart [m/rad]."""

SMALL = 1e-4
"""Angle for a difference [rad]."""

REGISTER = 15
"""Bits of the shift register: x^15 + x^14 + 1 repeats after 32767 bits."""


def excite(
    body: Morphology,
    kind: Kind,
    duration: float,
    period: float,
    swing: float,
    fastest: float,
    seed: int,
) -> Array:
    """Commands of the driven joints (T, joints) [rad], which begin and end at home.

    No command leaves its limits. Joints swing about a centre: home, or half-way to the limit that
    takes the feet apart, so that they do not hit each other.

    Args:
        body: Whose joints they are for.
        kind: `mixed` is one after another, three times over, so that a held-out last third has all.
        duration: [s].
        period: Time between commands [s].
        swing: Largest deviation from the centre, as a share of the way to the nearer limit [1].
        fastest: Highest frequency of the sines and the chirp [Hz].
        seed: Of phases and sequences.

    Raises:
        SpecError: A number cannot be used.
    """
    _check(kind, duration, period, swing, fastest)
    time = np.arange(round(duration / period)) * period
    rng = np.random.default_rng(seed)
    kinds = ("multisine", "chirp", "prbs") * 3 if kind == "mixed" else (kind,)

    parts = []
    for one, part in zip(kinds, np.array_split(time, len(kinds)), strict=True):
        shapes = [_SHAPES[one](part - part[0], fastest, rng) for _ in body.joints]
        parts.append(np.stack(shapes, axis=1))
    shape = np.concatenate(parts)

    envelope = np.minimum(np.minimum(time, time[-1] - time) / FADE, 1.0)[:, None]
    home = np.array([joint.home for joint in body.joints])
    middle, reach = _room(body)
    return np.asarray(home + envelope * (middle - home + swing * reach * shape))


def as_log(body: Morphology, commands: Array, period: float) -> RobotLog:
    """Commands (T, joints) [rad] as a log without readings.

    Args:
        body: Whose driven joints they are for.
        commands: The commands.
        period: Time between them [s].
    """
    columns: dict[str, Array] = {"time": np.asarray(np.arange(len(commands)) * period)}
    for joint, column in zip(body.joints, commands.T, strict=True):
        columns[f"{joint.name}.command"] = column
    return RobotLog(columns)


def _room(body: Morphology) -> tuple[Array, Array]:
    """Centre of each joint's swing [rad] (joints,), and the way to its nearer limit."""
    low, high, home = (
        np.array([getattr(joint, end) for joint in body.joints]) for end in ("low", "high", "home")
    )
    apart = _takes_apart(body)
    limit = np.where(apart > 0, high, low)
    middle = np.where(np.abs(apart) > APART, (home + limit) / 2, home)
    cramped = np.minimum(middle - low, high - middle) < 0.2 * (high - low)
    middle = np.where(cramped, (middle + (low + high) / 2) / 2, middle)
    return middle, np.minimum(middle - low, high - middle)


def _takes_apart(body: Morphology) -> Array:
    """By how much each joint takes the feet away from each other sideways [m/rad] (joints,)."""
    model, data = body.model, mujoco.MjData(body.model)
    key = model.key(HOME).id
    outwards = {"left": 1.0, "right": -1.0}

    def distance() -> float:
        mujoco.mj_kinematics(model, data)
        return float(
            sum(outwards.get(side, 0.0) * data.body(foot).xpos[1] for foot, side in body.sides.foot)
        )

    found = []
    for joint in body.joints:
        mujoco.mj_resetDataKeyframe(model, data, key)
        before = distance()
        data.qpos[model.joint(joint.name).qposadr[0]] += SMALL
        found.append((distance() - before) / SMALL)
    return np.array(found)


def multisine(time: Array, fastest: float, rng: np.random.Generator) -> Array:
    """A sum of sines with random phases, as many per octave, within ±1 (T,).

    Their amplitudes fall with the frequency, so that all have the same speed.

    References:
        Schroeder, 1970, Synthesis of low-peak-factor signals and binary sequences with low
        autocorrelation, doi:10.1109/TIT.1970.1054411 (phases are random here).
    """
    frequencies = np.geomspace(0.2, fastest, SINES) * rng.uniform(0.95, 1.05, SINES)
    phases = rng.uniform(0, 2 * math.pi, SINES)
    waves = np.sin(2 * math.pi * frequencies * time[:, None] + phases)
    total: Array = (waves / frequencies**0.7).sum(axis=1)
    return np.asarray(total / np.abs(total).max())


def chirp(time: Array, fastest: float, rng: np.random.Generator) -> Array:
    """A sine whose frequency rises exponentially from 0.2 Hz to `fastest`, within ±1 (T,).

    Its amplitude falls with the frequency from 1 Hz on.
    """
    slowest, length = 0.2, time[-1] if time[-1] > 0 else 1.0
    growth = math.log(fastest / slowest) / length
    frequency = slowest * np.exp(growth * time)
    phase = 2 * math.pi * (frequency - slowest) / growth + rng.uniform(0, 2 * math.pi)
    return np.asarray(np.sin(phase) / np.maximum(frequency, 1.0) ** 0.7)


def prbs(time: Array, fastest: float, rng: np.random.Generator) -> Array:
    """A binary sequence of maximum length that jumps between -1/2 and 1/2 (T,).

    References:
        Golomb, 1967, Shift register sequences.
    """
    register = int(rng.integers(1, 2**REGISTER))
    count = int(time[-1] / FLIP) + 1
    bits = np.empty(count)
    for place in range(count):
        new = (register >> (REGISTER - 1) ^ register >> (REGISTER - 2)) & 1
        register = (register << 1 | new) & (2**REGISTER - 1)
        bits[place] = new
    return np.asarray(bits[(time / FLIP).astype(int)] - 0.5)


_SHAPES: dict[str, Callable[[Array, float, np.random.Generator], Array]] = {
    "multisine": multisine,
    "chirp": chirp,
    "prbs": prbs,
}


def _check(kind: str, duration: float, period: float, swing: float, fastest: float) -> None:
    """Raises a SpecError where a number cannot be used."""
    if kind not in get_args(Kind):
        raise SpecError(f"Unknown excitation '{kind}'. Known: {', '.join(get_args(Kind))}.")
    if not 0 < period <= duration / 10:
        raise SpecError(f"A period of {period:g} s does not fit into {duration:g} s ten times.")
    if not 0 < swing <= 1:
        raise SpecError(f"The swing is {swing:g}; it must be above 0 and at most 1.")
    if not 0.2 < fastest <= 0.5 / period:
        raise SpecError(
            f"The highest frequency is {fastest:g} Hz; it must be above 0.2 Hz and at most half "
            f"the rate of the commands, {0.5 / period:g} Hz."
        )
