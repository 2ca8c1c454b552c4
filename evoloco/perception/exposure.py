"""What a camera does to a picture: gain, noise, motion blur, eight bits."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evoloco.perception.patterns import Rng

Picture = NDArray[np.uint8]

GAIN, TINT = (0.6, 1.6), (0.8, 1.25)
"""Range of the gain of a picture, and of that of each colour."""

NOISE = 4.0
"""Largest standard deviation of the noise of a pixel, of 255."""


def exposed(picture: Picture, rng: Rng) -> Picture:
    """A picture with a random gain, white balance and noise.

    Args:
        picture: Pixels (height, width, 3).
        rng: Draws.
    """
    (low, high), (least, most) = np.log(GAIN), np.log(TINT)
    gain = np.exp(rng.uniform(low, high)) * np.exp(rng.uniform(least, most, 3))
    noise = rng.normal(0, rng.uniform(0, NOISE), picture.shape)
    return _in_bits(picture * gain + noise)


def blurred(picture: Picture, length: float, angle: float) -> Picture:
    """A picture that moved while it was taken.

    Args:
        picture: Pixels (height, width, 3).
        length: Of the motion [px].
        angle: Of the motion, from the rightward to the downward direction [rad].
    """
    steps = max(int(np.ceil(length)), 1)
    along = (np.arange(steps) - (steps - 1) / 2) * length / steps
    moved = [
        ndimage.shift(
            picture.astype(np.float32),
            (shift * np.sin(angle), shift * np.cos(angle), 0),
            order=1,
            mode="nearest",
        )
        for shift in along
    ]
    return _in_bits(np.mean(moved, axis=0))


def _in_bits(pixels: NDArray[np.floating]) -> Picture:
    return np.asarray(pixels.round().clip(0, 255), np.uint8)
