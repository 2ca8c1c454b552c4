"""What a body is asked to do over an episode: speed, heading and turning rate, stage by stage."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from evoloco.errors import SpecError
from evoloco.genome import Array

COMMAND = 3
"""Marks the random numbers of the command at a scenario's address: they change no other draw."""

STAGE = ("start", "speed", "heading", "turning_rate")
"""Columns of a timetable: [s], [m/s], [rad], [rad/s]."""

GOES_ON = math.nan
"""Heading of a stage that goes on with the one asked for before, and with 0 at the beginning."""

SAME = 1e-9
"""Largest difference of headings that are one [rad]; above the rounding of a long episode."""

Span = tuple[float, float]
"""Lower and upper end of what a number is drawn from."""


class Draw(NamedTuple):
    """Ranges that the command of one stage is drawn from.

    Attributes:
        speed: Of walking [m/s].
        heading: At the start of the stage, from the world's x axis to the left [rad]; the one asked
            for before where None.
        turning_rate: By which the heading changes within the stage, positive to the left [rad/s].
        start: Of the stage [s].
    """

    speed: Span = (0.0, 0.0)
    heading: Span | None = None
    turning_rate: Span = (0.0, 0.0)
    start: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether it can ask for anything but to stand still."""
        return any(self.speed) or any(self.turning_rate) or any(self.heading or ())


@dataclass(frozen=True)
class Commands:
    """How the command of an episode is drawn.

    Attributes:
        stages: In the order of their starts; the first one starts at 0.
        every: Time after which a command is drawn anew from the last stage [s]; 0 for never.
        stop: Probability that a command is to stand still [1].
    """

    stages: tuple[Draw, ...] = (Draw(),)
    every: float = 0.0
    stop: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether they can ask for anything but to stand still."""
        return any(stage.moves for stage in self.stages)

    @property
    def changes(self) -> bool:
        """Whether the command may change within an episode."""
        return len(self.stages) > 1 or self.every > 0

    def scaled(self, speed: float, rate: float) -> "Commands":
        """The same with speeds and turning rates in other units.

        Args:
            speed: Of the unit of speeds [m/s].
            rate: Of the unit of turning rates [rad/s].
        """

        def times(span: Span, unit: float) -> Span:
            return unit * span[0], unit * span[1]

        stages = tuple(
            one._replace(speed=times(one.speed, speed), turning_rate=times(one.turning_rate, rate))
            for one in self.stages
        )
        return replace(self, stages=stages)

    def draw(self, address: Sequence[int], duration: float) -> Array:
        """Draws the timetable of an episode (S, 4).

        Equal addresses give equal stages. A longer episode has the same ones, and more.

        Args:
            address: Seeds of the random numbers.
            duration: Of the episode [s].
        """
        seed = np.random.SeedSequence(list(address), spawn_key=(COMMAND,))
        random = np.random.default_rng(seed)
        rows = []
        for stage in self._until(duration):
            heading = stage.heading or (0.0, 0.0)
            low, high = np.array([stage.speed, heading, stage.turning_rate], float).T
            speed, turn, rate = low + (high - low) * random.random(3)
            if random.random() < self.stop:
                speed, rate = 0.0, 0.0
            rows.append((stage.start, speed, GOES_ON if stage.heading is None else turn, rate))
        return timetable(rows)

    def _until(self, duration: float) -> list[Draw]:
        """The stages that begin within a time [s]; at least one."""
        if not self.every:
            return list(self.stages)
        # 1e-9: the last stage must not start at the end.
        count = max(math.ceil(duration / self.every - 1e-9), 1)
        return [self.stages[-1]._replace(start=k * self.every) for k in range(count)]


STANDING = Commands()
"""Asks for nothing."""


def timetable(given: Any) -> Array:
    """Stages (S, 4) in the columns of `STAGE`, from what a user gives.

    A heading of NaN becomes the one that the stage before ended with, and 0 in the first stage.
    With the heading h and the turning rate w of a stage that starts at s, the heading asked for is

        h + w (t - s)

    Args:
        given: Three numbers for the whole episode: speed [m/s], heading [rad], turning rate
            [rad/s]. Or a row per stage, with its start [s] before them.

    Raises:
        SpecError: It has another shape, a number is missing or not finite, or starts do not ascend
            from 0.
    """
    try:
        rows = np.array(given, float)
    except (TypeError, ValueError):
        rows = np.zeros(0)
    if rows.shape == (3,):
        rows = np.array([[0.0, *rows]])
    if rows.ndim != 2 or rows.shape[1] != len(STAGE) or not len(rows):
        raise SpecError(
            "A command is three numbers (speed [m/s], heading [rad], turning rate [rad/s]), or "
            "rows of four for stages (start [s], speed, heading, turning rate), such as "
            f"[[0, 0.1, 0, 0], [3, 0.3, 0, 0]], not {given!r}."
        )
    _check_starts(rows[:, 0])

    for k, row in enumerate(rows):
        if math.isnan(row[2]):
            before = rows[k - 1]
            row[2] = before[2] + before[3] * (row[0] - before[0]) if k else 0.0
    if not np.isfinite(rows).all():
        raise SpecError(f"A command must have finite numbers; only a heading may be NaN: {given!r}")
    rows.flags.writeable = False
    return rows


def _check_starts(starts: Array) -> None:
    if starts[0] != 0 or not (np.diff(starts) > 0).all():
        raise SpecError(
            "The stages of a command must start in ascending order, the first one at 0 s, not at "
            f"{', '.join(f'{start:g}' for start in starts)} s."
        )


class Stage(NamedTuple):
    """A part of an episode in which the command stays.

    Attributes:
        first: Control step in which it begins.
        end: Control step after its last one.
        speed: Asked for [m/s].
        turning_rate: Asked for [rad/s].
        turn: By which the heading asked for jumps when the stage begins [rad].
    """

    first: int
    end: int
    speed: float
    turning_rate: float
    turn: float

    @property
    def stands(self) -> bool:
        """Whether it asks to stand still."""
        return not self.speed and not self.turning_rate


def stages(command: Array, dt: float, begins: bool = True) -> list[Stage]:
    """Stages of a recorded command.

    Two stages that ask for the same, one after the other, are one.

    Args:
        command: Speed [m/s], heading [rad] and turning rate [rad/s] at each control step (T, 3).
        dt: Time between rows [s].
        begins: Whether the first row is the start of the episode. What it asks for as a heading is
            then a turn; later it goes on.
    """
    speed, heading, rate = command.T
    jump = np.diff(heading) - rate[:-1] * dt
    differs = (np.diff(speed) != 0) | (np.diff(rate) != 0) | (np.abs(jump) > SAME)
    firsts = [0, *(np.flatnonzero(differs) + 1).tolist()]
    ends = [*firsts[1:], len(command)]
    turns = [float(heading[0]) if begins else 0.0, *jump[differs].tolist()]
    return [
        Stage(first, end, float(speed[first]), float(rate[first]), turn)
        for first, end, turn in zip(firsts, ends, turns, strict=True)
    ]


def way_along(stage: Stage, position: Array, yaw: Array, dt: float) -> Array:
    """Way along the commanded heading in each control step of a stage [m] (n,).

    The heading is the torso's own at the start of the stage, and turns from there as the command
    does. So what a body strayed before the stage does not count.

    Args:
        stage: The stage.
        position: Of the torso at the ends of control steps [m] (T + 1, 2).
        yaw: Likewise [rad] (T + 1,).
        dt: Control step [s].
    """
    middles = dt * (np.arange(stage.end - stage.first) + 0.5)
    heading = yaw[stage.first] + stage.turn + stage.turning_rate * middles
    ahead = np.stack([np.cos(heading), np.sin(heading)], axis=1)
    moved = np.diff(position[stage.first : stage.end + 1], axis=0)
    return np.asarray((moved * ahead).sum(axis=1))
