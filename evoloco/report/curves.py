"""Curves in titled panels: joint angles, outputs of the controller, signals of the gait cycle."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evoloco.genome import Array
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.sides import SIDES, line
from evoloco.report.table import Table
from evoloco.report.words import words


class Curve(NamedTuple):
    """One curve.

    Attributes:
        panel: Title of its panel, such as "hip_pitch".
        side: "left", "right" or "".
        x: Places along the horizontal axis (n,).
        y: Values (n,).
        deviation: Standard deviation of the values (n,); empty for a single course.
        what: What the curve shows if not the body itself: "target" or "people".
    """

    panel: str
    side: str
    x: Array
    y: Array
    deviation: Array = np.zeros(0)
    what: str = ""

    @property
    def label(self) -> str:
        """Name in the legend."""
        side = self.side or "middle"
        if self.what == "people":
            return "people"
        return f"{side}, {self.what}" if self.what else side


class Axis(NamedTuple):
    """What the two axes of all panels show.

    Attributes:
        x: Label of the horizontal axis, with unit.
        y: Label of the vertical axis, with unit.
        xlim: Limits of the horizontal axis.
        ylim: Limits of the vertical axis; by default those of the data.
    """

    x: str
    y: str
    xlim: tuple[float, float]
    ylim: tuple[float, float] | None = None


@picture
def draw(
    figure: Figure,
    curves: Sequence[Curve],
    axis: Axis,
    marks: Mapping[str, float] | None = None,
    panel: float = 110,
) -> None:
    """Draws one panel per title: means as lines, one standard deviation as a band.

    Args:
        figure: The figure.
        curves: The curves.
        axis: What the axes show.
        marks: Places of dotted vertical lines, such as liftoff, by side.
        panel: Height of a panel [px].
    """
    titles = list(dict.fromkeys(curve.panel for curve in curves))
    sided = any(curve.side for curve in curves)
    for title, axes in panels(figure, titles, axis.y, axis.x).items():
        for curve in curves:
            if curve.panel == title:
                _draw(axes, curve, curve.label if sided else curve.what)
        for side, place in (marks or {}).items():
            axes.axvline(place, color=SIDES[side], linewidth=1.2, linestyle=":", gid="mark")
        axes.set_xlim(axis.xlim)
        if axis.ylim:
            axes.set_ylim(axis.ylim)
    finish(figure, panel=panel)


def _draw(axes: Axes, curve: Curve, label: str) -> None:
    """Draws one curve and its band, with a label for the legend or an empty one."""
    style = line(curve.side)
    if curve.what == "target":
        style = {"color": SIDES[curve.side], "linestyle": ":", "linewidth": 1.3}
    if curve.what == "people":
        style = {"color": INK["muted"], "linewidth": 1.0}

    if curve.deviation.size:
        low, high = curve.y - curve.deviation, curve.y + curve.deviation
        axes.fill_between(curve.x, low, high, color=style["color"], alpha=0.2, linewidth=0)
    axes.plot(curve.x, curve.y, label=label, **style)


def table(curves: Sequence[Curve], axis: Axis) -> Table:
    """Returns what `draw` draws: a column per curve, or a row per point if their places differ."""
    first = curves[0].x
    if all(np.array_equal(curve.x, first) for curve in curves):
        return _side_by_side(curves, axis)

    rows: list[tuple[str | float, ...]] = []
    for curve in curves:
        deviation = curve.deviation if curve.deviation.size else np.full(len(curve.x), np.nan)
        points = zip(curve.x, curve.y, deviation, strict=True)
        rows += [(words(curve.panel), curve.label, *map(float, point)) for point in points]
    return Table(("panel", "curve", axis.x, axis.y, "standard deviation"), rows)


def _side_by_side(curves: Sequence[Curve], axis: Axis) -> Table:
    """Returns curves over the same places as columns, each with its standard deviation if any."""
    columns, parts = [axis.x], [curves[0].x]
    for curve in curves:
        name = f"{words(curve.panel)}, {curve.label}: {axis.y}"
        columns.append(name)
        parts.append(curve.y)
        if curve.deviation.size:
            columns.append(f"{name}, standard deviation")
            parts.append(curve.deviation)
    return Table(columns, np.stack(parts, axis=1).tolist())


def panels(
    figure: Figure, titles: Sequence[str], label: str, below: str = "time [s]"
) -> dict[str, Axes]:
    """Returns one titled panel per name, as many in a row as fit.

    Args:
        figure: The figure.
        titles: Titles of the panels.
        label: Label of the vertical axes.
        below: Label of the horizontal axes.
    """
    across = min(len(titles), max(1, int(figure.get_figwidth() * 72 // 300)))
    down = -(-len(titles) // across)
    grid = figure.subplots(down, across, sharex=True, squeeze=False)

    for axes, title in zip(grid.flat, titles, strict=False):
        axes.set_title(words(title))
        axes.tick_params(labelbottom=True)
        axes.locator_params(nbins=5)
    for axes in grid[:, 0]:
        axes.set_ylabel(label)
    for axes in grid.flat[max(len(titles) - across, 0) : len(titles)]:
        axes.set_xlabel(below)

    for spare in grid.flat[len(titles) :]:
        spare.remove()
    return dict(zip(titles, grid.flat, strict=False))
