"""How much strides differ from each other, and how long and wide steps are."""

import itertools
import math
from typing import NamedTuple

import numpy as np

from evoloco.episode import Episode
from evoloco.gait.analysis import Gait
from evoloco.gait.verdict import settled
from evoloco.genome import Array
from evoloco.stance import Mask


class Spread(NamedTuple):
    """A quantity over strides or steps.

    Attributes:
        mean: Mean [its unit]; NaN without a stride.
        deviation: Standard deviation of the sample [its unit]; NaN with fewer than two.
        samples: Number of strides or steps.
    """

    mean: float
    deviation: float
    samples: int


def spread(values: Array) -> Spread:
    """Returns mean and standard deviation of values (n,), without those that are NaN."""
    values = values[np.isfinite(values)]
    count = len(values)
    mean = float(values.mean()) if count else math.nan
    deviation = float(values.std(ddof=1)) if count > 1 else math.nan
    return Spread(mean, deviation, count)


def stride_values(episode: Episode, gait: Gait) -> dict[str, Array]:
    """Returns one value per stride or step after the warm-up, by the name of the quantity.

    The names are those of `evoloco.gait.analysis.rows`; those of a foot end in
    its name. `step_length` [m] and `step_width` [m] have one value per step.
    """
    forward = episode.torso_position[:, 0]
    both = np.asarray(gait.stance.all(axis=1))
    durations, lengths, together = [], [], []
    values: dict[str, Array] = {}

    for foot, name in enumerate(gait.feet):
        times = settled(gait, foot)
        duration = np.diff(times)
        durations.append(duration)
        lengths.append(np.diff(np.interp(times, episode.physics_time, forward)))
        together.append(_shares(gait.time, both, times))

        duty = _shares(gait.time, gait.stance[:, foot], times)
        values[f"duty_factor {name}"] = duty
        values[f"stance_duration {name}"] = duty * duration
        values[f"swing_duration {name}"] = (1 - duty) * duration

    values["stride_frequency"] = 1 / np.concatenate(durations)
    values["stride_length"] = np.concatenate(lengths)
    if len(gait.feet) == 2:
        values["double_support"] = np.concatenate(together)
        lags = _lags(*(settled(gait, foot) for foot in gait.couple or (0, 1)))
        values["phase_lag"] = gait.phase_lag + (lags - gait.phase_lag + 0.5) % 1.0 - 0.5
        values["step_length"], values["step_width"] = steps(episode, gait)
    return values


def steps(episode: Episode, gait: Gait) -> tuple[Array, Array]:
    """Returns length and width of the steps of a biped after the warm-up [m] (n,), (n,).

    Foot B comes down between two footfalls A and A' of the other foot. With u
    the direction from A to A', in the ground plane:

        length = (B - A) . u                 (1)
        width = |(B - A) x u|                (2)

    So both hold on a curved path too. A foot is at the origin of its body.

    References:
        Huxham, Gong, Baker, Morris and Iansek, 2006, Defining spatial parameters for non-linear
        walking, doi:10.1016/j.gaitpost.2005.01.001.
    """
    falls = sorted(
        (float(time), foot) for foot in range(len(gait.feet)) for time in settled(gait, foot)
    )
    placed = [(foot, _placed(episode, time, foot)) for time, foot in falls]

    lengths, widths = [], []
    for (first, a), (second, b), (third, again) in zip(
        placed, placed[1:], placed[2:], strict=False
    ):
        way = again - a
        stride = float(np.hypot(*way))
        if first == third != second and stride > 0:
            u, step = way / stride, b - a
            lengths.append(float(step @ u))  # (1)
            widths.append(abs(float(step[0] * u[1] - step[1] * u[0])))  # (2)
    return np.array(lengths), np.array(widths)


def _placed(episode: Episode, time: float, foot: int) -> Array:
    """Returns where a foot is at a time, in the ground plane [m] (2,)."""
    place = episode.foot_position[:, foot, :2]
    return np.array([np.interp(time, episode.physics_time, axis) for axis in place.T])


def _shares(time: Array, flags: Mask, touchdown: Array) -> Array:
    """Returns the part of each stride in which a flag (T,) holds [1] (strides,)."""
    edges = np.searchsorted(time, touchdown)
    return np.array(
        [
            flags[start:end].mean() if end > start else math.nan
            for start, end in itertools.pairwise(edges)
        ]
    )


def _lags(left: Array, right: Array) -> Array:
    """Returns where right touchdowns fall within the left strides [1], in [0, 1]."""
    stride = np.searchsorted(left, right, side="right") - 1
    inside = (stride >= 0) & (stride < len(left) - 1)
    start, end = left[stride[inside]], left[stride[inside] + 1]
    return np.asarray((right[inside] - start) / (end - start))
