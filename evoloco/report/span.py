"""Which part of an episode a figure shows."""

import math

import numpy as np
from numpy.typing import NDArray

from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.gait.analysis import WARM_UP, Gait
from evoloco.genome import Array

Span = tuple[float, float]
"""Start and end of the time to show [s]."""

FALL = 0.5
"""Time before a fall or divergence that is not shown as part of the gait [s]."""


def strides(gait: Gait, count: int) -> Span:
    """Returns start and end [s] of `count` strides in the middle of a foot's touchdowns.

    The first foot with enough touchdowns is used. If there is none, the span is
    the last `count` seconds.
    """
    for times in gait.touchdown:
        if len(times) > count:
            first = (len(times) - count) // 2
            return float(times[first]), float(times[first + count])

    start, end = float(gait.time[0]), float(gait.time[-1])
    return max(start, end - count), max(end, start + 1e-3)


def stretch(episode: Episode, gait: Gait, sizes: float) -> Span:
    """Returns start and end [s] around the strides shown, long enough for a distance.

    Args:
        episode: The episode.
        gait: Its gait.
        sizes: Distance that the body moves in this time, in sizes of the body.
    """
    size = episode.morphology.size
    first, last = float(gait.time[0]), float(gait.time[-1])

    slowest = 0.1  # [m/s], or the span of a body that stands would never end
    speed = slowest if math.isnan(gait.speed) else max(abs(gait.speed), slowest)
    half = min(sizes * size / speed, last - first) / 2
    middle = min(max(sum(strides(gait, 2)) / 2, first + half), last - half)
    return middle - half, middle + half


def settled(episode: Episode) -> Span:
    """Returns start and end [s] of the gait: without warm-up, and without a fall."""
    start, end = float(episode.time[0]), float(episode.time[-1])
    if episode.outcome is not Outcome.COMPLETED:
        end = max(end - FALL, (start + end) / 2)
    return min(WARM_UP, end / 2), end


def several(episode: Episode, gait: Gait, count: int) -> Span:
    """Returns start and end [s] of up to `count` strides after the warm-up, or of all of it."""
    start, end = settled(episode)
    for times in gait.touchdown:
        inside = times[(times >= start) & (times <= end)]
        if len(inside) > 2:
            return float(inside[0]), float(inside[min(count, len(inside) - 1)])
    return start, end


def within(time: Array, span: Span) -> NDArray[np.bool_]:
    """Returns whether each time [s] is in a span."""
    return (time >= span[0]) & (time <= span[1])
