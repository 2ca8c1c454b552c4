"""How far a gait follows the command: what each stage asked for, and what it reached."""

from typing import NamedTuple

import numpy as np

from evoloco.command import Stage
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.genome import Array
from evoloco.stance import touchdowns

SETTLING = 1.5
"""Time at the start of a stage in which a body may get there [s]; at most half of the stage."""

WITHIN = 0.2
"""Largest relative error of a body that follows [1]."""

SPEED, TURNING_RATE = 0.3, float(np.radians(20.0))
"""What errors are relative to where nothing is asked for [m/s], [rad/s]."""


class Followed(NamedTuple):
    """A stage of the command, and what a body did.

    Attributes:
        start: Of the stage [s].
        end: Of what was lived of it [s].
        asked_speed: What the command asks for [m/s].
        asked_turning_rate: Likewise [rad/s].
        speed: What was reached, ahead in the torso's own heading [m/s].
        turning_rate: Likewise [rad/s].
        speed_error: Relative error [1].
        turning_error: Relative error [1].
        lasted: Whether the body lived to the end of the stage.
    """

    start: float
    end: float
    asked_speed: float
    asked_turning_rate: float
    speed: float
    turning_rate: float
    speed_error: float
    turning_error: float
    lasted: bool

    def follows(self, within: float = WITHIN) -> bool:
        """Whether the body lived, and no relative error is larger than this [1]."""
        return self.lasted and max(self.speed_error, self.turning_error) <= within


def following(
    episode: Episode,
    settling: float = SETTLING,
    speed: float = SPEED,
    turning_rate: float = TURNING_RATE,
) -> list[Followed]:
    """What each stage of the command asked for, and what was reached.

    With V asked for and v reached, the relative error is |v - V| / |V|, and |v| / `speed` where V
    is 0; likewise for the turning rate. Reached values are means over the whole strides after the
    settling time: from the first touchdown to the last of the foot that has the most. Where no foot
    takes a stride they are means over all of that time.

    An episode that ended in a fall has the stages that it lived to see. Its last one has not
    lasted, and stages after that are missing.

    Args:
        episode: What is looked at.
        settling: Time at the start of a stage that is left out [s]; at most half of the stage.
        speed: What the error is relative to where no speed is asked for [m/s].
        turning_rate: Likewise [rad/s].
    """
    velocity, yaw = episode.torso_velocity, np.unwrap(episode.yaw)
    ahead = np.cos(yaw) * velocity[:, 0] + np.sin(yaw) * velocity[:, 1]
    whole = episode.outcome is Outcome.COMPLETED and len(episode) >= episode.planned

    found = []
    for stage in episode.stages:
        first, last = _whole_strides(episode, stage, settling)
        reached = float(ahead[first:last].mean())
        turned = _rate(yaw[first : last + 1], episode.physics_dt)
        found.append(
            Followed(
                stage.first * episode.control_dt,
                stage.end * episode.control_dt,
                stage.speed,
                stage.turning_rate,
                reached,
                turned,
                _error(reached, stage.speed, speed),
                _error(turned, stage.turning_rate, turning_rate),
                whole or stage.end < len(episode),
            )
        )
    return found


def follows(episode: Episode, within: float = WITHIN, settling: float = SETTLING) -> bool:
    """Whether a body lived to the end of an episode and followed every stage of its command."""
    lived = episode.outcome is Outcome.COMPLETED
    return lived and all(stage.follows(within) for stage in following(episode, settling))


def course(episode: Episode, period: float) -> tuple[Array, Array]:
    """Speed ahead [m/s] and turning rate [rad/s] at each control step, as means over a stride.

    Args:
        episode: What is looked at.
        period: Duration of a stride [s]; each mean is over so much time around its step, and over
            less at the ends of the episode.
    """
    position, yaw = episode.at_ends
    middle = (yaw[1:] + yaw[:-1]) / 2
    ahead = np.stack([np.cos(middle), np.sin(middle)], axis=1)
    way = np.append(0.0, np.cumsum((np.diff(position, axis=0) * ahead).sum(axis=1)))

    half = max(round(period / episode.control_dt / 2), 1)
    steps = np.arange(len(episode))
    low, high = np.maximum(steps - half, 0), np.minimum(steps + half, len(episode))
    time = (high - low) * episode.control_dt
    return (way[high] - way[low]) / time, (yaw[high] - yaw[low]) / time


def _whole_strides(episode: Episode, stage: Stage, settling: float) -> tuple[int, int]:
    """First physics step of whole strides after the settling time, and the one after the last."""
    length = stage.end - stage.first
    settled = min(round(settling / episode.control_dt), length // 2)
    first, last = (
        episode.substeps * (stage.first + settled),
        episode.substeps * stage.end,
    )
    falls = [rows[(rows >= first) & (rows < last)] for rows in touchdowns(episode.stance)]
    most = max(falls, key=len)
    return (int(most[0]), int(most[-1])) if len(most) > 1 else (first, last)


def _rate(yaw: Array, dt: float) -> float:
    """Mean turning rate [rad/s] from a yaw [rad] (n,)."""
    return float(yaw[-1] - yaw[0]) / ((len(yaw) - 1) * dt) if len(yaw) > 1 else 0.0


def _error(reached: float, asked: float, reference: float) -> float:
    """Relative error [1]."""
    return abs(reached - asked) / (abs(asked) or reference)
