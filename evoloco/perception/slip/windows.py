"""Windows of taxel readings: their spectra, and what the object did at their end."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from evoloco.fields import Array
from evoloco.perception.slip.bristles import RATE, SIDE
from evoloco.perception.slip.scenes import Felt

WINDOW = 122
"""Readings of a window: 64 ms."""

HOP = 15
"""Readings from one decision to the next: 8 ms, or 125 decisions a second."""

SEGMENT, STARTS = 64, (0, 29, 58)
"""Readings of a short Fourier transform, and where the three of a window begin."""

BINS = 32
"""Amplitudes that are kept, every 30 Hz up to 950 Hz. The mean is none of them."""

LAST = 30
"""Readings at the end of a window that say what the object does: 16 ms."""

STILL_SHIFT, STILL_TURN = 0.002, 0.0006
"""Speeds below which an object is stable [m/s]: of its middle, and of the rim by turning."""

MOSTLY, CLEARLY = 0.8, 1.25
"""Share of the last readings that must move, and ratio of the speeds of shift and turn from which
on it is one of them."""

NEITHER, STABLE, TRANSLATION, ROTATION = -1, 0, 1, 2
"""What an object does."""

KINDS = ("stable", "translation", "rotation")

STEP = 32.0
"""Steps of a stored amplitude per e-fold."""

QUIET = 8.0
"""Amplitude [counts] from which on the stored ones are about logarithmic."""

HANN = np.hanning(SEGMENT + 1)[:SEGMENT].astype(np.float32)[:, None]


def ends(felt: Felt) -> NDArray[np.intp]:
    """Where the windows of an episode end: the number of readings up to there."""
    return np.arange(WINDOW, len(felt.readings) + 1, HOP)


def spectrum(window: Array) -> NDArray[np.uint8]:
    """Amplitudes of a window (122, 144), averaged over three transforms (32, 12, 12).

    They are stored as 32 ln(1 + amplitude / 8 counts), so that a loud texture is no louder in them
    than a quiet one by more than a few steps.

    References:
        Meier, Walck, Haschke and Ritter, 2016, Tactile convolutional networks for online slip and
        rotation detection, doi:10.1007/978-3-319-44781-0_2.
    """
    parts = np.stack([window[start : start + SEGMENT] for start in STARTS]).astype(np.float32)
    parts -= parts.mean(axis=1, keepdims=True)
    amplitudes = np.abs(fft.rfft(parts * HANN, axis=1))[:, 1:].mean(axis=0)
    stored = np.round(STEP * np.log1p(amplitudes / QUIET)).clip(0, 255)
    return np.asarray(stored.reshape(BINS, SIDE, SIDE), np.uint8)


def speed(felt: Felt, end: int) -> float:
    """The larger of the speeds of shift and turn in the last 16 ms of a window [m/s]."""
    last = slice(end - LAST, end)
    return float(max(felt.shift[last].mean(), felt.turn[last].mean()))


def kind(felt: Felt, end: int) -> int:
    """What the object does in the last 16 ms of a window; `NEITHER` where that is not clear."""
    last = slice(end - LAST, end)
    shift, turn = felt.shift[last], felt.turn[last]
    if (shift < STILL_SHIFT).all() and (turn < STILL_TURN).all():
        return STABLE
    if (np.maximum(shift, turn) > STILL_SHIFT).mean() <= MOSTLY:
        return NEITHER
    if turn.mean() > CLEARLY * shift.mean():
        return ROTATION
    return TRANSLATION if shift.mean() > CLEARLY * turn.mean() else NEITHER


SPACING = HOP / RATE
"""Time from one decision to the next [s]."""
