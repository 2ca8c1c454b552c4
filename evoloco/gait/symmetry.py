"""Whether the legs do the same, half a stride apart."""

import math

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import ModelError
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.subtree import is_in_subtree

NEAR = 0.9
"""Part of the highest peak that the peak at the period reaches; a second harmonic stays below."""


def hip_pair(morphology: Morphology) -> tuple[int, int, float] | None:
    """The uppermost pair of pitch joints of legs: indices, left before right, and mirror sign.

    Of pairs as high in the tree, it is the foremost. A leg ends in a foot, so arms do not
    count. None if the body has no such pair.
    """
    names = [joint.name for joint in morphology.joints]
    pairs = [
        (names.index(joint.name), names.index(joint.partner), joint.mirror)
        for joint in morphology.joints
        if joint.axis == "pitch" and joint.side == "left" and moves_a_foot(morphology, joint.name)
    ]
    return min(pairs, key=lambda pair: _rank(morphology, names[pair[0]]), default=None)


def moves_a_foot(morphology: Morphology, joint: str) -> bool:
    """Whether a foot hangs on a joint."""
    model = morphology.model
    moved = int(model.joint(joint).bodyid[0])
    return any(is_in_subtree(model, model.body(foot).id, moved) for foot in morphology.feet)


def _rank(morphology: Morphology, joint: str) -> tuple[int, int, int]:
    """Sorts joints of legs: by bodies above the one that it moves, by feet, as in the model."""
    model, depth = morphology.model, 0
    moved = int(model.joint(joint).bodyid[0])
    foremost = next(
        place
        for place, foot in enumerate(morphology.feet)
        if is_in_subtree(model, model.body(foot).id, moved)
    )

    body = moved
    while body:
        body, depth = int(model.body_parentid[body]), depth + 1
    return depth, foremost, int(model.joint(joint).id)


def hip_symmetry(episode: Episode) -> float:
    """Normalised cross-correlation of the hip angles half a stride apart [1], in [-1, 1].

    With l and r the angles of the first pair of pitch joints less their means, r mirrored, and P
    the stride period,

        sum_t l(t) r(t - P/2) / sqrt(sum_t l(t)^2 sum_t r(t - P/2)^2)        (1)

    averaged with the same for l and r exchanged. NaN if the angles do not repeat.

    Raises:
        ModelError: The body has no pair of pitch joints.
    """
    pair = hip_pair(episode.morphology)
    if pair is None:
        names = ", ".join(joint.name for joint in episode.morphology.joints)
        raise ModelError(
            f"Gait symmetry needs a left and a right pitch joint above feet; this body has {names}."
        )

    left, right, mirror = pair
    angle = episode.joint_angle
    angles = np.array([angle[:, left], mirror * angle[:, right]])
    angles -= angles.mean(axis=1, keepdims=True)
    half = _period(angles) / 2
    if math.isnan(half):
        return math.nan

    correlations = [_correlation(one, other, half) for one, other in (angles, angles[::-1])]
    return float(sum(correlations)) / len(correlations)


def _correlation(one: Array, other: Array, lag: float) -> float:
    """Equation (1) for signals (T,) and a lag in steps, between which it is interpolated."""
    whole, part = int(lag), lag % 1.0
    later = one[whole + 1 :]
    earlier = (1 - part) * other[1 : len(other) - whole] + part * other[: -whole - 1]
    size = math.sqrt((later @ later) * (earlier @ earlier))
    return float(later @ earlier) / size if size else math.nan


def _period(signals: Array) -> float:
    """Period of zero-mean signals (k, T) in steps; NaN if they do not repeat.

    It is the first peak of their autocorrelation, after that has turned negative, which comes near
    the highest peak: if the period is no whole number of steps, a multiple of it may stand a little
    higher. The parabola through three points places the peak between steps.
    """
    length = signals.shape[1]
    spectrum = np.fft.rfft(signals, 2 * length)  # twice as long, so that the ends do not meet
    correlation = np.fft.irfft((spectrum * spectrum.conj()).real.sum(axis=0))[:length]
    start = int(np.argmax(correlation < 0))
    highest = float(correlation[start:].max())
    if start == 0 or highest <= 0:
        return math.nan

    before = correlation[start - 1 : -2]
    top = correlation[start:-1]
    after = correlation[start + 1 :]
    peaks = np.flatnonzero((top >= before) & (top > after) & (top >= NEAR * highest))
    if not len(peaks):
        return math.nan

    first = peaks[0]
    bend = before[first] - 2 * top[first] + after[first]
    return float(start + first + 0.5 * (before[first] - after[first]) / bend)
