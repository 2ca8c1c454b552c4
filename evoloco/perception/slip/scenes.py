"""Objects that hang in a grip which weakens, and what 144 taxels feel until they are dropped."""

from dataclasses import dataclass

import numpy as np

from evoloco.fields import Array
from evoloco.perception.slip.bristles import LOST, OBJECT, PITCH, RATE, SIDE, SPIN, feet, hang

EARTH = 9.81
"""Gravity [m/s^2]."""

LONGEST = 1330
"""Readings of an episode at most: 0.7 s."""

GRID = 128
"""Heights on a side of a texture."""

COUNTS = 4095.0
"""Largest number that 12 bits hold."""

HEADROOM = 1.6
"""Pressure that a taxel can tell, over the largest one in the first 0.1 s."""

WHITE, PINK = 1.5, 2.0
"""Standard deviations of the readings' noise, white and 1/f [counts]."""

Draws = np.random.Generator


@dataclass(frozen=True)
class Felt:
    """One episode.

    Attributes:
        readings: Of the taxels [counts] (T, 144).
        motion: Of the object in the plane of the array: [m/s], [m/s], [rad/s] (T, 3).
    """

    readings: Array
    motion: Array

    @property
    def shift(self) -> Array:
        """Speed of the object at the array's middle [m/s] (T,)."""
        return np.asarray(np.hypot(self.motion[:, 0], self.motion[:, 1]))

    @property
    def turn(self) -> Array:
        """Speed of the object at the patch's rim, from its turning alone [m/s] (T,)."""
        return np.asarray(LOST * abs(self.motion[:, SPIN]))


def episode(rng: Draws, held_out: bool) -> Felt:
    """Draws an object, a grip and noise, and lets the object slip.

    Args:
        rng: Draws everything.
        held_out: Whether texture and direction of gravity are of kinds that no training has.
    """
    thing, share, grip = _object(rng, held_out)
    forces, motion = np.zeros((LONGEST, SIDE**2)), np.zeros((LONGEST, 3))
    length = hang(thing, share, grip, texture(rng, held_out), feet(), forces, motion)
    shaken = forces[:length] * (1 + _shaking(rng)[:length, None])
    return Felt(counts(shaken, shaken[:200].max(), rng), motion[:length])


def counts(forces: Array, largest: float, rng: Draws) -> Array:
    """Readings of an amplifier with noise and 12 bits [counts] (T, 144).

    Args:
        forces: On the taxels [N] (T, 144).
        largest: Of the forces to which the amplifier is set [N].
        rng: Draws the noise.
    """
    told = forces * (COUNTS / (HEADROOM * largest))
    told = told + rng.normal(0, WHITE, told.shape) + PINK * pink(rng, *told.shape)
    return np.asarray(np.round(told.clip(0, COUNTS)))


def pink(rng: Draws, *shape: int) -> Array:
    """1/f noise along the first axis, with a standard deviation of 1."""
    spectrum = np.fft.rfft(rng.normal(size=shape), axis=0)
    frequency = np.maximum(np.arange(len(spectrum)), 1)
    scaled = spectrum / np.sqrt(frequency).reshape(-1, *(1,) * (len(shape) - 1))
    noise = np.fft.irfft(scaled, shape[0], axis=0)
    return np.asarray(noise / noise.std())


def texture(rng: Draws, held_out: bool) -> Array:
    """Heights of a surface that repeats, with a mean of 0 and a deviation of 1 (128, 128).

    Surfaces of training are smooth on one length. Held-out ones have a preferred wavelength, or are
    rough on all lengths.
    """
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(GRID), np.fft.fftfreq(GRID)))
    if not held_out:
        strength = np.exp(-((frequency * rng.uniform(1.5, 6)) ** 2) / 2)
    elif rng.random() < 0.5:
        strength = np.exp(-(((frequency - rng.uniform(0.06, 0.2)) / 0.02) ** 2) / 2)
    else:
        strength = 1 / (frequency + 0.01) ** rng.uniform(0.8, 1.4)
    heights = np.fft.ifft2(np.fft.fft2(rng.normal(size=(GRID, GRID))) * strength).real
    return np.asarray((heights - heights.mean()) / heights.std())


def _object(rng: Draws, held_out: bool) -> tuple[Array, Array, Array]:
    """Numbers of an object, shares of the grip (144,), and the grip over time [N] (T,)."""
    mass, static = rng.uniform(0.15, 0.5), rng.uniform(0.4, 0.9)
    down = rng.uniform(-np.pi / 3, np.pi / 3) + (np.pi / 2 if held_out else -np.pi / 2)
    aside, side = (rng.random() < 0.55) * rng.uniform(0.02, 0.08), rng.uniform(-np.pi, np.pi)
    around = rng.uniform(0.02, 0.05)  # radius of gyration [m]
    stiffness = mass * (2 * np.pi * rng.uniform(40, 110)) ** 2 / SIDE**2

    thing = np.empty(OBJECT)
    thing[:4] = *EARTH * np.array([np.cos(down), np.sin(down)]), *_polar(aside, side)
    thing[4:6] = mass, mass * (around**2 + aside**2)
    thing[6:9] = static, static * rng.uniform(0.6, 0.9), rng.uniform(0.002, 0.02)
    thing[9:11] = stiffness, 0.1 * np.sqrt(stiffness * mass / SIDE**2)
    thing[11:] = rng.uniform(1e-4, 2.5e-4), rng.uniform(0.03, 0.15)

    share = _pressed(rng) * (1 + rng.uniform(0, 15) * feet() @ _polar(1.0, down)).clip(0)
    needed = mass * EARTH / static * rng.uniform(1.5, 3 + 20 * aside)
    return thing, share / share.sum(), needed * _weakening(rng)


def _polar(length: float, angle: float) -> Array:
    return length * np.array([np.cos(angle), np.sin(angle)])


def _pressed(rng: Draws) -> Array:
    """How a grip is spread over the taxels (144,): a dome or a plane face, uneven by a tenth."""
    middle, radius = rng.normal(0, 1.3 * PITCH, 2), rng.uniform(5.5, 11) * PITCH
    away = ((feet() - middle) ** 2).sum(1) / radius**2
    dome = np.sqrt(np.maximum(0, 1 - away))
    flat = (away < 1).astype(float)
    even = dome if rng.random() < 0.6 else flat
    return np.asarray(even * (1 + rng.normal(0, 0.1, SIDE**2)).clip(0.5))


def _weakening(rng: Draws) -> Array:
    """A grip that holds and then weakens, over its first value (T,)."""
    time = np.arange(LONGEST) / RATE
    after = np.maximum(0, time - rng.uniform(0.1, 0.3))
    wave = rng.uniform(0, 0.05) * np.sin(2 * np.pi * rng.uniform(1, 8) * time)
    return np.asarray((1 - after * rng.uniform(1.2, 4)).clip(0) * (1 + wave))


def _shaking(rng: Draws) -> Array:
    """Change of all forces by the arm's vibration and by knocks, over the forces (T,).

    Three arms in ten are quiet.
    """
    time = np.arange(LONGEST) / RATE
    if rng.random() < 0.3:
        return np.zeros(LONGEST)
    hum = rng.uniform(0.001, 0.02) * np.sin(2 * np.pi * rng.uniform(20, 400) * time + 1)
    shaking = hum + rng.uniform(0, 0.01) * pink(rng, LONGEST)
    for _ in range(rng.integers(3)):
        since = time - rng.uniform(0, LONGEST / RATE)
        knock = np.sin(2 * np.pi * rng.uniform(50, 300) * since) * np.exp(-abs(since) / 0.01)
        shaking += rng.uniform(0.01, 0.06) * knock
    return np.asarray(shaking)
