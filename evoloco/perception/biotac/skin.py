"""A surrogate of a BioTac: what contact and warmth do to the 23 readings of a fingertip.

A BioTac is a rigid core with electrodes below a skin that is filled with a liquid. This one is not
calibrated to any: its form, gains and time constants are made up, and only the kinds of effects are
those of the real sensor. A press changes the impedance of the electrodes nearby, shear of those
before and behind it; the skin yields slowly; the pressure is a low-passed force, and its vibration
a high-passed one; contact cools the skin.

References:
    Wettels, Santos, Johansson and Loeb, 2008, Biomimetic tactile sensor array,
    doi:10.1163/156855308X314533.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from evoloco.fields import Array

RATE = 100.0
"""Of the readings [Hz]."""

RADII = np.array([0.007, 0.007, 0.012])
"""Half axes of the skin, an ellipsoid [m]: out of the finger, to the left, along the finger."""

ELECTRODES = 19

CHANNELS = ("pac0", "pac1", "pdc", "tac", *(f"e{number}" for number in range(1, ELECTRODES + 1)))
"""Vibration in two samples, pressure, change of temperature, electrodes."""

REACH = 0.004
"""Distance at which a press still acts on an electrode [m], the standard deviation of a bell."""

STIFF = 0.45
"""Load at which an electrode's change reaches 76 % of its largest, inverted [1/N]."""

SHEAR = 0.6
"""Effect of a tangential force before and behind the contact, over that of a normal one [1]."""

SLOW_PART, YIELDING = 0.35, 0.25
"""Share of the load that arrives slowly, as the skin yields [1], and its time constant [s]."""

PRESSURE_DELAY, VIBRATION_TIME = 0.04, 0.06
"""Time constants of the low pass of the pressure and the high pass of the vibration [s]."""

WARMING, COOLING = 6.0, 2.5
"""Time constants with which the core warms the skin, and a thing that it touches cools it [s]."""

CORE = 31.0
"""Temperature that the core brings the skin to [°C]."""

COUNTS = {"electrode": 900.0, "pressure": 90.0, "vibration": 160.0, "warmth": 40.0}
"""Counts of a full change of an electrode; per newton of pressure and vibration; per kelvin."""

REST = {"electrode": 3000.0, "pressure": 1600.0, "vibration": 2000.0, "warmth": 2000.0}
"""Counts without contact."""

NOISE = 1.5
"""Standard deviation of every reading, which is then rounded to a count."""


def sites() -> Array:
    """Places of the electrodes on the outer half of the skin [m] (19, 3): a sunflower's seeds."""
    number = np.arange(ELECTRODES) + 0.5
    out = 1 - number / ELECTRODES
    angle = np.pi * (1 + np.sqrt(5)) * number
    aside = np.sqrt(1 - out**2)
    round_ = np.stack([out, aside * np.cos(angle), aside * np.sin(angle)], 1)
    return np.asarray(round_ * RADII)


def normals(places: Array) -> Array:
    """Outward unit normals of the skin at places on it [m] (..., 3)."""
    across = places / RADII**2
    return np.asarray(across / np.linalg.norm(across, axis=-1, keepdims=True))


@dataclass(frozen=True)
class Contact:
    """What happens to a fingertip over time, one row per reading.

    Attributes:
        place: Of the contact, in the finger's frame [m] (T, 3).
        force: Of the finger on what it touches, in the finger's frame [N] (T, 3); 0 without
            contact.
        object_temperature: Of what it touches [°C].
        start_temperature: Of the skin at first [°C].
    """

    place: Array
    force: Array
    object_temperature: float
    start_temperature: float


def readings(contact: Contact, rng: np.random.Generator) -> tuple[Array, Array]:
    """The 23 readings [counts] (T, 23), and the temperature's `tdc` [counts] (T,)."""
    normal = normals(contact.place)
    press = (contact.force * normal).sum(1).clip(0)
    tangential = contact.force - press[:, None] * normal

    away = sites() - contact.place[:, None]  # (T, 19, 3)
    near = np.exp(-(away**2).sum(2) / (2 * REACH**2))
    along = (away * tangential[:, None]).sum(2) / REACH
    load = (press[:, None] + SHEAR * along) * near
    load = (1 - SLOW_PART) * load + SLOW_PART * _low_pass(load, YIELDING)
    electrodes = REST["electrode"] - COUNTS["electrode"] * np.tanh(STIFF * load)

    pressure = _low_pass(press, PRESSURE_DELAY)
    vibration = COUNTS["vibration"] * (press - _low_pass(press, VIBRATION_TIME))
    before = np.append(vibration[:1], (vibration[1:] + vibration[:-1]) / 2)
    warmth = _temperature(press > 0, contact)
    change = np.gradient(warmth) * RATE

    exact = np.column_stack(
        [
            REST["vibration"] + vibration,
            REST["vibration"] + before,
            REST["pressure"] + COUNTS["pressure"] * pressure,
            REST["warmth"] + COUNTS["warmth"] * change,
            electrodes,
            REST["warmth"] + COUNTS["warmth"] * (warmth - CORE),
        ]
    )
    told = np.round(exact + rng.normal(0, NOISE, exact.shape))
    return told[:, :-1], told[:, -1]


def _low_pass(values: Array, time_constant: float) -> Array:
    """A low pass of first order along the first axis, which begins at rest at the first value."""
    kept = np.exp(-1 / (RATE * time_constant))
    start = kept * values[:1]
    return np.asarray(lfilter([1 - kept], [1, -kept], values, axis=0, zi=start)[0])


def _temperature(touched: Array, contact: Contact) -> Array:
    """Temperature of the skin [°C] (T,): warmed by the core, cooled by what it touches."""
    found, now = np.empty(len(touched)), contact.start_temperature
    for row, touches in enumerate(touched):
        now += (CORE - now) / (WARMING * RATE)
        now += touches * (contact.object_temperature - now) / (COOLING * RATE)
        found[row] = now
    return found
