"""How well the speed of every step keeps within a range."""

import numpy as np

from evoloco.episode import Episode, Outcome
from evoloco.errors import EvolocoError

UNIT = "1"

SHORTEST = 0.1
"""A touchdown sooner than this after the last one is no step [s]."""
IDLE = 1.0
"""Time without a step that is not forgiven at the end of an episode [s]."""


def measure(
    episode: Episode,
    low: float = 0.95,
    high: float = 1.05,
    tolerance: float = 0.05,
    initiation: int = 1,
) -> float:
    """Share of the time in steps of the right speed [1]; one number, at most 1.

    A step lasts from one touchdown of any foot to the next. With its duration
    dt and its speed v, of which e is outside [low, high],

        sum dt max(-1, 1 - e / low) / (sum dt + missing)

    where `missing` is the time after the last step if the body fell or stood
    still. Way is measured at the mean of the two rearmost of torso and feet,
    so neither diving forward nor a foot thrown ahead is a step.

    Args:
        episode: Of a body with at least two feet.
        low: Least speed of a step [m/s].
        high: Largest speed of a step [m/s].
        tolerance: How much may be lacking to 1 without being counted [1].
        initiation: First steps, which do not count.

    Raises:
        EvolocoError: The range is empty or not forward.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological motion,
        doi:10.21105/joss.01421 (its gait measure).
    """
    if not 0 < low <= high:
        raise EvolocoError(f"Measure 'step_speed': needs 0 < low <= high, not {low} and {high}.")
    torso, feet = episode.sensor("torso.position")[:, :1], episode.foot_position[:, :, 0]
    way = np.sort(np.concatenate([torso, feet], axis=1), axis=1)[:, :2].mean(axis=1)
    stance = episode.stance
    rows = np.flatnonzero((stance[1:] & ~stance[:-1]).any(axis=1)) + 1
    times: list[int] = []
    for row in rows.tolist():
        if not times or (row - times[-1]) * episode.control_dt > SHORTEST:
            times.append(row)
    kept = np.array(times[initiation:], dtype=int)
    last = int(kept[-1]) if len(kept) else 0
    rest = (episode.planned - last) * episode.control_dt
    missing = rest if episode.outcome is not Outcome.COMPLETED or rest > IDLE else 0.0
    duration = np.diff(kept) * episode.control_dt
    total = float(duration.sum()) + missing
    if not total:
        return 0.0
    speed = np.diff(way[kept]) / duration
    outside = np.maximum(np.maximum(low - speed, speed - high), 0.0)
    share = float((duration * np.maximum(1 - outside / low, -1.0)).sum()) / total
    return 1.0 if share > 1 - tolerance else share
