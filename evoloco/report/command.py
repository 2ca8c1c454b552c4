"""The command over time: what was asked for and what was reached."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evoloco.episode import Episode
from evoloco.gait.analysis import Gait
from evoloco.gait.following import Followed, course
from evoloco.genome import Array
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.curves import panels
from evoloco.report.table import Table

PERIOD = 0.5
"""Least time that means are taken over [s]: whole strides, where there are some."""

SPARE = 0.15
"""Room above and below the curves of a panel, over their range [1]."""

LEAST = {"speed [m/s]": 0.1, "turning rate [°/s]": 10.0}
"""Titles of the panels, and the least range that each shows."""


@picture
def command(figure: Figure, episode: Episode, gait: Gait, followed: Sequence[Followed]) -> None:
    """Draws speed and turning rate over time, with what was asked for; every other stage is shaded.

    Args:
        figure: The figure.
        episode: The episode.
        gait: Its gait.
        followed: What was reached in each stage.
    """
    time, asked, reached = courses(episode, gait)
    for row, (title, axes) in enumerate(panels(figure, list(LEAST), "").items()):
        for stage in followed[1::2]:
            axes.axvspan(stage.start, stage.end, color=INK["line"], alpha=0.5, linewidth=0)
        axes.plot(time, reached[row], color=INK["best"], label="reached")
        axes.step(time, asked[row], "--", where="post", color=INK["text"], label="asked for")
        axes.set_xlim(float(time[0]), float(time[-1]) or 1.0)
        _limit(axes, np.concatenate([asked[row], reached[row]]), LEAST[title])
    finish(figure, panel=150)


def _limit(axes: Axes, values: Array, least: float) -> None:
    """Sets the limits of a panel around its curves."""
    low, high = float(values.min()), float(values.max())
    span = max(high - low, least)
    middle = (low + high) / 2
    half = span / 2 + SPARE * span
    axes.set_ylim(middle - half, middle + half)


def courses(episode: Episode, gait: Gait) -> tuple[Array, Array, Array]:
    """Returns time [s] (T,), and speed [m/s] and turning rate [°/s] asked and reached (2, T)."""
    speed, rate = course(episode, period(gait))
    asked = episode.command[:, [0, 2]].T
    scale = np.array([[1.0], [math.degrees(1.0)]])
    return episode.time, scale * asked, scale * np.stack([speed, rate])


def period(gait: Gait) -> float:
    """Returns the time that means are taken over [s]: whole strides, if there are some."""
    frequency = gait.stride_frequency
    if not (math.isfinite(frequency) and frequency > 0):
        return PERIOD
    return math.ceil(PERIOD * frequency) / frequency


def table(episode: Episode, gait: Gait) -> Table:
    """Returns what `command` draws: one row per control step."""
    time, asked, reached = courses(episode, gait)
    parts = np.stack([time, asked[0], reached[0], asked[1], reached[1]], axis=1)
    columns = (
        "time [s]",
        "speed asked for [m/s]",
        "speed reached [m/s]",
        "turning rate asked for [°/s]",
        "turning rate reached [°/s]",
    )
    return Table(columns, parts.tolist())
