"""How much of the commanded way was covered, without a fall."""

import numpy as np

from evoloco.command import Stage, way_along
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.genome import Array

UNIT = "1"
FLOORS = (0.0, 1.0)

COMMANDED = True
"""It means nothing in a scenario that asks for nothing."""

BRAKING = 1.0
"""Time in which a body may come to a stop [s]; at most half of a stage."""


def measure(episode: Episode, tolerance: float = 0.15, angle: float = 0.15) -> float:
    """Covered share of what the command asks for [1]; one number from 0 to 1.

    It is 0 if the episode ended before its planned end. Otherwise it is the mean of the shares of
    the command's stages, weighted by their durations. With the position p of the torso in the
    ground plane, its yaw y from the start of the stage on, and the commanded speed V and turning
    rate R, a stage of the duration d has the share

        way   = int dp . (cos h, sin h) / (V d),  h = y(0) + turn + R t          (1)
        angle = (y(d) - y(0)) / (R d)                                            (2)
        share = near(way) * near(angle),  near(x) = clip(1 - |x - 1|)            (3)
        clip(x) = min(max(x, 0), 1)

    `turn` is by how much the commanded heading jumps when the stage begins. A body that strayed
    before a stage is not judged by it again. A stage without a speed has, in place of (1), the time
    for which the torso stays where it is `BRAKING` after its start: the mean over the time of
    clip(2 - |p - p'| / l), with l the tolerance times the length of the legs. A stage without a
    speed and a turning rate has, in place of (2), the like of the yaw. A stage with a speed alone
    has no factor (2), because its way counts along the commanded heading.

    So it is 0 for a fall. A body that stands has no share of a stage that moves, and one that never
    stops has little of a stage that stands. More than the way asked for is as bad as less.

    Args:
        episode: What is measured.
        tolerance: Way within which a body stands [leg lengths].
        angle: Angle within which a body stands [rad].

    Raises:
        EvolocoError: A tolerance is not positive.
    """
    if not (tolerance > 0 and angle > 0):
        raise EvolocoError(
            f"Measure 'arrival': tolerance and angle must be above 0, not {tolerance} and {angle}."
        )
    if episode.outcome is not Outcome.COMPLETED or len(episode) < episode.planned:
        return 0.0

    position, yaw = episode.at_ends
    length = tolerance * episode.morphology.leg_length
    shares = [_share(episode, stage, position, yaw, length, angle) for stage in episode.stages]
    durations = [stage.end - stage.first for stage in episode.stages]
    return float(np.average(shares, weights=durations))


def _share(
    episode: Episode, stage: Stage, position: Array, yaw: Array, length: float, angle: float
) -> float:
    """The share of a stage [1].

    Args:
        episode: The episode.
        stage: Its stage.
        position: Of the torso at the ends of control steps [m] (T + 1, 2).
        yaw: Likewise [rad] (T + 1,).
        length: Way within which a body stands [m].
        angle: Angle within which it stands [rad].
    """
    dt = episode.control_dt
    along = way_along(stage, position, yaw, dt)  # (1)
    position, yaw = position[stage.first : stage.end + 1], yaw[stage.first : stage.end + 1]
    steps = stage.end - stage.first
    settled = min(round(BRAKING / dt), steps // 2)

    if stage.speed:
        share = _near(float(along.sum()) / (stage.speed * steps * dt))
    else:
        strayed = np.linalg.norm(position[settled:] - position[settled], axis=1)
        share = float(np.mean(_clip(2 - strayed / length)))

    if stage.turning_rate:
        share *= _near((yaw[-1] - yaw[0]) / (stage.turning_rate * steps * dt))  # (2), (3)
    elif stage.stands:
        strayed = np.abs(yaw[settled:] - yaw[settled])
        share *= float(np.mean(_clip(2 - strayed / angle)))
    return float(share)


def _near(share: float) -> float:
    """How near a covered share is to the whole [1]."""
    return float(_clip(1.0 - abs(share - 1.0)))


def _clip(values: Array | float) -> Array | float:
    """Values from 0 to 1."""
    return np.clip(values, 0.0, 1.0)
