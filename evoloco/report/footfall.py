"""The footfall diagram: when each foot stands, and with which load."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.gait.analysis import Gait
from evoloco.genome import Array
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.sides import areas, line
from evoloco.report.span import Span, within
from evoloco.report.table import Table
from evoloco.report.words import room, words

TOP = 2.0
"""Load at the top of a foot's row [body weights]; higher loads are cut off there."""


@picture
def footfall(figure: Figure, episode: Episode, gait: Gait, span: Span) -> None:
    """Draws the stance of each foot as bars, and the load on it as a line.

    A triangle marks a load that is cut off at `TOP`.

    Args:
        figure: The figure.
        episode: The episode.
        gait: Its gait.
        span: Time to show.
    """
    sides = dict(episode.morphology.sides.foot)
    axes = figure.subplots()
    time, load = loads(episode, span)
    tall = 0.8  # height of a foot's row

    for row, (foot, side) in enumerate(sides.items()):
        bottom = len(sides) - 1 - row
        bars = [(start, end - start) for start, end in stances(gait, row)]
        for layer in areas(side, 0.3):
            axes.broken_barh(bars, (bottom, tall), **layer)

        height = bottom + tall * np.minimum(load[:, row] / TOP, 1)
        style = {**line(side), "linestyle": "-", "linewidth": 1.2}
        axes.plot(time, height, gid=foot, **style)
        for peak in cut(time, load[:, row]):
            axes.plot(peak, bottom + tall + 0.06, "^", color=INK["text"], markersize=5, gid="cut")

    names = list(sides)
    middles = [len(names) - 0.6 - row for row in range(len(names))]
    axes.set_yticks(middles, [words(foot) for foot in names])
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set(xlabel="time [s]", xlim=span, ylim=(-0.1, len(names)))
    finish(figure, panel=52 * len(names), left=room(names))


def loads(episode: Episode, span: Span) -> tuple[Array, Array]:
    """Returns times in a span [s] (n,) and vertical forces on the feet [body weights] (n, F)."""
    shown = within(episode.physics_time, span)
    return episode.physics_time[shown], episode.foot_load[shown] / episode.morphology.weight


def stances(gait: Gait, foot: int) -> list[Span]:
    """Returns start and end [s] of each stance of a foot."""
    flags, time = gait.stance[:, foot].astype(int), gait.time
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags, [0]])))
    after = float(time[-1] + (time[1] - time[0] if len(time) > 1 else 0.0))
    times = np.append(time, after)
    return [(float(times[start]), float(times[end])) for start, end in edges.reshape(-1, 2)]


def cut(time: Array, load: Array) -> list[float]:
    """Returns one time [s] for each spell in which a load (n,) exceeds `TOP`: that of its peak."""
    over: NDArray[np.bool_] = load > TOP
    edges = np.flatnonzero(np.diff(np.concatenate([[0], over.astype(int), [0]])))
    return [
        float(time[start + int(np.argmax(load[start:end]))]) for start, end in edges.reshape(-1, 2)
    ]


def table(episode: Episode, gait: Gait, span: Span) -> Table:
    """Returns the loads that `footfall` draws, whole, and whether each foot stands."""
    time, load = loads(episode, span)
    rows = np.searchsorted(gait.time, time, side="right") - 1
    standing = gait.stance[np.clip(rows, 0, len(gait.time) - 1)].astype(int)
    feet = [words(foot) for foot in episode.morphology.feet]
    columns = [
        "time [s]",
        *(f"load on {foot} [body weights]" for foot in feet),
        *(f"{foot} stands" for foot in feet),
    ]
    return Table(
        columns,
        [
            (float(moment), *map(float, on), *map(int, stands))
            for moment, on, stands in zip(time, load, standing, strict=True)
        ],
    )
