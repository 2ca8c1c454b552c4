"""Random patterns for the surfaces of a scene: some families to learn from, others to test on.

A pattern mixes two colours by a mask of values from 0 to 1. The masks of the two splits share no
family, so that a test shows surfaces of kinds that were never seen in training.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array

SIDE = 32
"""Width and height of a texture [texels]."""

GRAIN = 0.03
"""Standard deviation of each texel's own brightness, on every surface."""

Rng = np.random.Generator
Texture = NDArray[np.uint8]


def hue(turn: float, saturation: float, value: float) -> Array:
    """A colour (3,) in red, green and blue from 0 to 1.

    Args:
        turn: Hue, as a part of the colour circle: 0 is red, 1/3 green, 2/3 blue.
        saturation: From 0, grey, to 1.
        value: Brightness from 0 to 1.
    """
    distance = np.abs((turn * 6 - np.array([0.0, 2.0, 4.0]) + 3) % 6 - 3)
    pure = np.clip(2 - distance, 0, 1)
    return np.asarray(value * (1 - saturation * (1 - pure)))


def colour(rng: Rng) -> Array:
    """A random colour (3,), rarely close to black or white."""
    return hue(rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.15, 0.9))


def dull(rng: Rng) -> Array:
    """A random colour (3,) that is neither bright nor strong."""
    return hue(rng.random(), rng.uniform(0.1, 0.5), rng.uniform(0.15, 0.55))


def _grid() -> tuple[Array, Array]:
    """Coordinates from 0 to 1 (SIDE, SIDE), across and down."""
    across, down = np.meshgrid(*[(np.arange(SIDE) + 0.5) / SIDE] * 2)
    return across, down


X, Y = _grid()


def plain(rng: Rng) -> Array:  # noqa: ARG001 - the contract's
    """One colour only."""
    return np.zeros((SIDE, SIDE))


def checks(rng: Rng) -> Array:
    """A chequerboard of 2 to 8 fields a side."""
    fields = rng.integers(2, 9)
    return np.asarray((np.floor(X * fields) + np.floor(Y * fields)) % 2)


def speckles(rng: Rng) -> Array:
    """Every texel by chance."""
    return rng.random((SIDE, SIDE))


def patches(rng: Rng) -> Array:
    """Squares of 2 to 8 texels, each by chance."""
    side = int(rng.choice([2, 4, 8]))
    coarse = rng.random((SIDE // side, SIDE // side))
    return np.asarray(np.kron(coarse, np.ones((side, side))))


def bars(rng: Rng) -> Array:
    """Stripes along one of the two directions."""
    along = X if rng.random() < 0.5 else Y
    return np.floor(along * 2 * rng.integers(1, 7)) % 2


def dots(rng: Rng) -> Array:
    """Round dots, 1 to 4 a side."""
    number = rng.integers(1, 5)
    distance = np.hypot((X * number) % 1 - 0.5, (Y * number) % 1 - 0.5)
    return np.asarray(distance < rng.uniform(0.2, 0.45), float)


def waves(rng: Rng) -> Array:
    """Stripes that meander."""
    bend = rng.uniform(1, 4) * np.sin(2 * np.pi * rng.integers(1, 3) * Y)
    return 0.5 + 0.5 * np.sin(2 * np.pi * rng.integers(1, 5) * X + bend)


def hatching(rng: Rng) -> Array:
    """Slanted stripes."""
    slanted = X * rng.integers(2, 7) + Y * rng.integers(1, 5) * rng.choice([-1, 1])
    return np.asarray(np.floor(slanted) % 2)


def rings(rng: Rng) -> Array:
    """Circles around one point."""
    distance = np.hypot(X - rng.uniform(0.3, 0.7), Y - rng.uniform(0.3, 0.7))
    return np.floor(distance * rng.uniform(4, 14)) % 2


def cells(rng: Rng) -> Array:
    """Regions around 4 to 16 points, each by chance."""
    number = rng.integers(4, 17)
    points, tones = rng.random((2, number)), rng.random(number)
    nearest = np.argmin(np.hypot(X[..., None] - points[0], Y[..., None] - points[1]), axis=-1)
    return np.asarray(tones[nearest])


FAMILIES: dict[str, tuple[Callable[[Rng], Array], ...]] = {
    "train": (plain, checks, speckles, patches, bars, dots),
    "test": (waves, hatching, rings, cells),
}
"""Masks (SIDE, SIDE) of either split."""


def pattern(rng: Rng, held_out: bool) -> Array:
    """A random mask (SIDE, SIDE) of values from 0 to 1.

    Args:
        rng: Draws.
        held_out: Whether from the families that no training picture has.
    """
    families = FAMILIES["test" if held_out else "train"]
    return families[rng.integers(len(families))](rng)


def texture(mask: Array, ground: Array, ink: Array, rng: Rng) -> Texture:
    """A texture (SIDE, SIDE, 3): `ground` where the mask is 0, `ink` where it is 1."""
    mixed = ground + mask[..., None] * (ink - ground)
    grainy = mixed + rng.normal(0, GRAIN, (SIDE, SIDE, 1))
    return np.asarray((grainy.clip(0, 1) * 255).round(), np.uint8)


def surface(rng: Rng, held_out: bool, paint: Callable[[Rng], Array] = colour) -> Texture:
    """A texture (SIDE, SIDE, 3) of two random colours, of weak or strong contrast.

    Args:
        rng: Draws.
        held_out: Whether in patterns that no training picture has.
        paint: Draws a colour.
    """
    ground, ink = paint(rng), paint(rng)
    return texture(rng.uniform(0.2, 1) * pattern(rng, held_out), ground, ink, rng)
