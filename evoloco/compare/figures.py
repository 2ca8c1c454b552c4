"""The figures of a comparison, each with its drawing and its numbers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evoloco.compare import curves
from evoloco.compare.curves import Band
from evoloco.compare.result import Comparison, Number
from evoloco.compare.summary import Scores, over_runs
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.curves import panels
from evoloco.report.figures import Drawn
from evoloco.report.table import Cell, Table

COLOURS = ("left", "right", "best", "support", "muscle", "muted")
"""Colours of contenders, in the order of the comparison."""

DASHES = ("-", (0, (6, 2)), (0, (1, 1.5)))
"""Lines of contenders, once the colours are used up."""

MARKERS = "os^Dvp"
"""Marks of contenders."""

ROW = 34
"""Height of a row of dots [px]."""

BAND = 0.16
"""Opacity of a band."""

PANEL = 190
"""Height of a panel [px]."""

SCORES = (-0.02, 1.05)
"""Limits of an axis of scores."""

SMALL = 120
"""Height of a panel of many [px]."""


class Style(NamedTuple):
    """How a contender is drawn."""

    label: str
    colour: str
    dash: Any
    marker: str


def styles(comparison: Comparison) -> dict[str, Style]:
    """Returns how each contender is drawn, by its name."""
    found = {}
    for place, (name, label) in enumerate(comparison.contenders.items()):
        colour = INK[COLOURS[place % len(COLOURS)]]
        dash = DASHES[place // len(COLOURS) % len(DASHES)]
        found[name] = Style(label, colour, dash, MARKERS[place % len(MARKERS)])
    return found


def figures(comparison: Comparison) -> dict[str, Drawn]:
    """Returns every figure of the page by name."""
    looks = styles(comparison)
    drawn = {}
    if len(comparison.summaries) > 1:
        drawn["scores"] = _scores(comparison, looks)
        drawn["profiles"] = _profiles(comparison, looks)
        drawn["scenarios"] = _scenarios(comparison, looks)
    for name, (over, what) in CURVES.items():
        if bands := curves.bands(comparison, over, what):
            drawn[name] = _bands(bands, looks, curves.AXES[over], curves.VALUES[what])
    if wide := curves.falls(comparison):
        drawn["wide"] = _bands(wide, looks, "width of all gaps at once", "falls [%]", (-3, 103))
        single = curves.falls_of_gaps(comparison)
        for task in comparison.tasks:
            own = [band for band in single if band.task == task.name]
            drawn[f"gaps_{task.name}"] = _bands(
                own, looks, "width of the gap", "falls [%]", (-3, 103), SMALL
            )
    return drawn


CURVES = {
    "quality_simulated": ("simulated", "quality"),
    "quality_cpu": ("cpu", "quality"),
    "search_simulated": ("simulated", "best"),
    "search_cpu": ("cpu", "best"),
}
"""Figures of learning curves: over what, and of what."""


# Curves


def _bands(
    bands: Sequence[Band],
    looks: dict[str, Style],
    x: str,
    y: str,
    limits: tuple[float, float] | None = None,
    panel: float = PANEL,
) -> Drawn:
    """Returns a figure of curves with their intervals as bands."""
    rows: list[tuple[Cell, ...]] = [
        (band.panel, looks[band.contender].label, *map(float, point))
        for band in bands
        for point in zip(band.x, band.y, band.low, band.high, strict=True)
    ]
    table = Table(("panel", "contender", x, y, "low (95 %)", "high (95 %)"), rows)
    return Drawn(lambda width: draw_bands(width, bands, looks, x, y, limits, panel), table)


@picture
def draw_bands(
    figure: Figure,
    bands: Sequence[Band],
    looks: dict[str, Style],
    x: str,
    y: str,
    limits: tuple[float, float] | None,
    panel: float,
) -> None:
    """Draws one panel per title, and in it a line and a band per contender."""
    titles = list(dict.fromkeys(band.panel for band in bands))
    for title, axes in panels(figure, titles, y, x).items():
        for band in (one for one in bands if one.panel == title):
            look = looks[band.contender]
            if np.isfinite(band.low).any():
                axes.fill_between(
                    band.x, band.low, band.high, color=look.colour, alpha=BAND, linewidth=0
                )
            axes.plot(band.x, band.y, color=look.colour, linestyle=look.dash, label=look.label)
            if len(band.x) < curves.FEW:
                axes.plot(band.x, band.y, look.marker, color=look.colour, markersize=4.5)
        if limits:
            axes.set_ylim(limits)
    finish(figure, panel=panel)


# Dots with intervals


class Dot(NamedTuple):
    """One number with its interval: in a panel, in a row, of a contender."""

    panel: str
    row: str
    contender: str
    number: Number


def _dots(dots: Sequence[Dot], looks: dict[str, Style], x: str, legend: bool) -> Drawn:
    """Returns a figure of dots with intervals."""
    rows: list[tuple[Cell, ...]] = [
        (
            dot.panel,
            dot.row,
            looks[dot.contender].label,
            dot.number.value,
            *(np.nan if end is None else end for end in (dot.number.low, dot.number.high)),
        )
        for dot in dots
    ]
    table = Table(("panel", "row", "contender", x, "low (95 %)", "high (95 %)"), rows)
    return Drawn(lambda width: draw_dots(width, dots, looks, x, legend), table)


@picture
def draw_dots(
    figure: Figure, dots: Sequence[Dot], looks: dict[str, Style], x: str, legend: bool
) -> None:
    """Draws a panel per title, in it a label per row, and below it a dot per contender."""
    titles = list(dict.fromkeys(dot.panel for dot in dots))
    across = min(len(titles), max(1, int(figure.get_figwidth() * 72 // 400)))
    down = -(-len(titles) // across)
    grid = figure.subplots(down, across, squeeze=False)
    tallest = 0.0
    for title, axes in zip(titles, grid.flat, strict=False):
        own = [dot for dot in dots if dot.panel == title]
        tallest = max(tallest, _draw_dots(axes, own, looks, legend))
        axes.set_title(title)
        axes.set(xlabel=x, xlim=SCORES)
    for axes in grid.flat[: len(titles)]:
        axes.set_ylim(tallest, -0.9)
    for spare in grid.flat[len(titles) :]:
        spare.remove()
    finish(figure, panel=ROW * (tallest + 0.9) * 0.62, left=16)


def _draw_dots(axes: Axes, dots: Sequence[Dot], looks: dict[str, Style], legend: bool) -> float:
    """Draws the dots of one panel; returns where it ends."""
    place = 0.0
    for row in dict.fromkeys(dot.row for dot in dots):
        own = [dot for dot in dots if dot.row == row]
        axes.text(
            0,
            place - 0.25,
            row,
            fontsize=11.5,
            va="bottom",
            color=INK["text"],
            transform=axes.get_yaxis_transform(),
        )
        for dot in own:
            look, number = looks[dot.contender], dot.number
            if number.low is not None and number.high is not None:
                axes.plot([number.low, number.high], [place, place], color=look.colour, lw=1.6)
            label = look.label if legend else ""
            axes.plot(
                number.value, place, look.marker, color=look.colour, markersize=6, label=label
            )
            place += 0.5
        place += 0.9
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    return place - 0.6


def _scores(comparison: Comparison, looks: dict[str, Style]) -> Drawn:
    """Interquartile means of the scores, the best first."""
    dots = [
        Dot("", looks[one.contender].label, one.contender, one.score)
        for one in comparison.summaries
    ]
    return _dots(dots, looks, "score, interquartile mean", legend=False)


def _scenarios(comparison: Comparison, looks: dict[str, Style]) -> Drawn:
    """Interquartile means of the scores in each scenario of each task that several met."""
    scores = Scores(comparison.runs)
    dots = []
    for task in (one for one in comparison.tasks if len(comparison.met(one.name)) > 1):
        for place, scenario in enumerate(task.scenarios):
            for name in comparison.met(task.name):
                column = [scores.of(run)[place] for run in comparison.of(task.name, name)]
                dots.append(Dot(task.label, scenario, name, over_runs(column)))
    return _dots(dots, looks, "score, interquartile mean", legend=True)


def _profiles(comparison: Comparison, looks: dict[str, Style]) -> Drawn:
    """Shares of runs above each score."""
    bands = []
    for one in comparison.summaries:
        profile = one.profile
        unknown = np.full(len(profile.levels), np.nan)
        low, high = (np.array(end) if end else unknown for end in (profile.low, profile.high))
        levels, share = np.array(profile.levels), np.array(profile.share)
        bands.append(Band("", "all runs in all scenarios", one.contender, levels, share, low, high))
    return _bands(bands, looks, "score", "share of runs above it", (-0.03, 1.03))
