"""How well the speed of every step keeps within a range."""

import numpy as np

from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.genome import Array
from evoloco.stance import Rows

UNIT = "1"
FLOORS = (-1.0, 1.0)

SHORTEST = 0.1
"""A touchdown that follows another one sooner than this is no step [s]."""

IDLE = 1.0
"""Time without a step that costs nothing at the end of an episode [s]."""


def measure(
    episode: Episode,
    low: float = 0.95,
    high: float = 1.05,
    tolerance: float = 0.05,
    initiation: int = 1,
) -> float:
    """Share of the time in steps of the right speed [1]; one number, at most 1.

    A step lasts from one touchdown of any foot to the next. With its duration d and its speed v,
    which is e outside [low, high],

        e = max(low - v, v - high, 0)                                 (1)
        share = sum d max(-1, 1 - e / low) / (sum d + missing)        (2)

    `missing` is the time after the last step if the body fell or stood still.

    Args:
        episode: Of a body with at least two feet.
        low: Least speed of a step [m/s].
        high: Largest speed of a step [m/s].
        tolerance: A share that lacks no more than this to 1 counts as 1 [1].
        initiation: Number of first steps, which do not count.

    Raises:
        EvolocoError: The range is empty or not forward.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological
        motion, doi:10.21105/joss.01421 (its gait measure).
    """
    if not 0 < low <= high:
        raise EvolocoError(f"Measure 'step_speed': needs 0 < low <= high, not {low} and {high}.")

    ends = _steps(episode)[initiation:]
    duration = np.diff(ends) * episode.physics_dt
    total = float(duration.sum()) + _missing(episode, ends)
    if not total:
        return 0.0

    speed = np.diff(_way(episode)[ends]) / duration
    outside = np.maximum(np.maximum(low - speed, speed - high), 0.0)  # (1)
    share = float((duration * np.maximum(1 - outside / low, -1.0)).sum()) / total  # (2)
    return 1.0 if share > 1 - tolerance else share


def _steps(episode: Episode) -> Rows:
    """Physics steps in which a step ends: a foot comes down, and none did shortly before."""
    stance = episode.stance
    touchdowns = np.flatnonzero((stance[1:] & ~stance[:-1]).any(axis=1)) + 1
    ends: list[int] = []
    for row in touchdowns.tolist():
        if not ends or (row - ends[-1]) * episode.physics_dt > SHORTEST:
            ends.append(row)
    return np.array(ends, dtype=np.intp)


def _missing(episode: Episode, ends: Rows) -> float:
    """Time after the last step in which the body fell or stood still [s]."""
    last = int(ends[-1]) if len(ends) else 0
    rest = episode.planned * episode.control_dt - last * episode.physics_dt
    return rest if episode.outcome is not Outcome.COMPLETED or rest > IDLE else 0.0


def _way(episode: Episode) -> Array:
    """Forward way of the body [m] (T S,): the mean of the two rearmost of torso and feet.

    So neither a torso that dives forward nor a foot thrown ahead is a step.
    """
    torso, feet = episode.torso_position[:, :1], episode.foot_position[:, :, 0]
    rearmost = np.sort(np.concatenate([torso, feet], axis=1), axis=1)[:, :2]
    return np.asarray(rearmost.mean(axis=1))
