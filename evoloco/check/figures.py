"""The figures of a check, each with its drawing and its numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evoloco.check.result import Check, Map, Margin, Tally, Trial, Wide
from evoloco.check.survey import UPWARD
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.figures import Drawn
from evoloco.report.table import Cell, Table

ROW = 40
"""Height of a bar with its label above it [px]."""

THICK = 0.3
"""Thickness of a bar [of a row]."""

PALEST = 0.06
"""Opacity of a cell of the map without a fall."""

HALF = 0.5
"""Share of falls from which letters on a cell are light."""

SHARES = ("worlds", "falls", "falls, low [%]", "falls, high [%]", "way [m]", "worst tenth [m]")
"""Columns of a tally."""


class Bar(NamedTuple):
    """One bar of falls: what stands above it, and the tally."""

    label: str
    tally: Tally


def figures(check: Check) -> dict[str, Drawn]:
    """Returns every figure of the page by name."""
    drawn = {
        "wide": Drawn(lambda width: widths(width, check.wide), _wide_table(check.wide)),
        "gaps": Drawn(lambda width: falls(width, bars(check.gaps)), _trials_table(check.gaps)),
        "margins": Drawn(
            lambda width: margins(width, check.margins), _margins_table(check.margins)
        ),
    }
    if check.beyond:
        drawn["beyond"] = Drawn(
            lambda width: falls(width, bars(check.beyond)), _trials_table(check.beyond)
        )
    if (found := check.map) is not None:
        drawn["map"] = Drawn(lambda width: heat(width, found), _map_table(found))
    return drawn


def bars(trials: Sequence[Trial]) -> list[Bar]:
    """Returns the bars of trials."""
    return [Bar(f"{one.label}: {one.extent}", one.tally) for one in trials]


@picture
def falls(figure: Figure, shown: Sequence[Bar]) -> None:
    """Draws the share of falls of each bar, with its interval."""
    axes = figure.subplots()
    for row, (label, tally) in enumerate(shown):
        axes.barh(row, 100 * tally.share, THICK, color=INK["bad"], alpha=0.75)
        axes.plot([100 * tally.low, 100 * tally.high], [row, row], color=INK["text"], linewidth=1.2)
        axes.plot(100 * tally.share, row, "o", color=INK["text"], markersize=4)
        axes.text(0, row - 0.28, label, fontsize=11.5, va="bottom", color=INK["text"])

    axes.set(xlabel="worlds that end in a fall [%]", xlim=(0, 102))
    _rows(axes, len(shown))
    finish(figure, panel=ROW * len(shown) + 8, left=16)


@picture
def widths(figure: Figure, wide: Sequence[Wide]) -> None:
    """Draws falls and ways over the width of worlds with all gaps at once."""
    left, right = _panels(figure, 2)
    at = [one.width for one in wide]
    shares = np.array([100 * one.tally.share for one in wide])
    ends = np.array([[100 * one.tally.low, 100 * one.tally.high] for one in wide]).T
    errors = np.maximum(np.abs(ends - shares), 0)
    left.errorbar(at, shares, errors, fmt="o-", color=INK["bad"], capsize=4, elinewidth=1.2)
    left.set(xlabel="width", ylabel="falls [%]", ylim=(-3, 103), xticks=at)

    mean = [one.tally.distance for one in wide]
    worst = [one.tally.worst_tenth for one in wide]
    right.plot(at, mean, "o-", color=INK["best"], label="mean way")
    right.plot(at, worst, "s--", color=INK["support"], label="worst tenth")
    right.set(xlabel="width", ylabel="way [m]", xticks=at)
    top = max(*mean, 0.1)
    right.set_ylim(min(0.0, *worst) - 0.03 * top, 1.1 * top)
    finish(figure, panel=210)


def _panels(figure: Figure, count: int) -> list[Axes]:
    """Panels beside each other, or one above the other on a phone."""
    across = count if figure.get_figwidth() * 72 > 500 else 1
    return list(figure.subplots(-(-count // across), across, squeeze=False).flat)


@picture
def margins(figure: Figure, shown: Sequence[Margin]) -> None:
    """Draws how wide each gap may become until 1 in 10 falls."""
    axes, last = figure.subplots(), UPWARD[-1]
    for row, one in enumerate(shown):
        holds = one.holds or 0.0
        axes.barh(row, holds, THICK, color=INK["best"], alpha=0.75)
        if one.fails is not None:
            axes.barh(row, one.fails - holds, THICK, left=holds, color=INK["bad"], alpha=0.35)
        axes.text(0, row - 0.28, margin_label(one), fontsize=11.5, va="bottom", color=INK["text"])

    axes.axvline(1.0, color=INK["muted"], linewidth=1, linestyle="--")
    axes.set(xlabel="width of the gap", xlim=(0, last))
    _rows(axes, len(shown))
    finish(figure, panel=ROW * len(shown) + 8, left=16)


def margin_label(margin: Margin) -> str:
    """Returns a gap and where 1 in 10 falls, in words."""
    if margin.fails is None:
        return f"{margin.label}: beyond {margin.holds_extent}"
    if margin.holds is None:
        return f"{margin.label}: always ({margin.fails_extent})"
    return f"{margin.label}: {margin.fails_extent}"


def _rows(axes: Axes, count: int) -> None:
    """Rows from above, without an axis of their own."""
    axes.set_ylim(count - 0.6, -0.9)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)


@picture
def heat(figure: Figure, found: Map) -> None:
    """Draws the falls over two gaps, a cell the redder the more fall."""
    axes = figure.subplots()
    for row, counts in enumerate(found.falls):
        for column, count in enumerate(counts):
            share = count / found.worlds
            alpha = PALEST + (1 - PALEST) * share
            axes.add_patch(_cell(column, row, alpha))
            colour = INK["card"] if share > HALF else INK["text"]
            axes.text(column, row, f"{count}", ha="center", va="center", color=colour, fontsize=13)

    size = len(found.widths)
    names = [f"{width:g}" for width in found.widths]
    first, second = found.labels
    axes.set(xlim=(-0.5, size - 0.5), ylim=(-0.5, size - 0.5))
    axes.set(xlabel=f"width: {first}", ylabel=f"width: {second}")
    axes.set_xticks(range(size), names)
    axes.set_yticks(range(size), names)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    finish(figure, panel=250)


def _cell(column: int, row: int, alpha: float) -> Rectangle:
    """A cell of the map."""
    return Rectangle(
        (column - 0.48, row - 0.46), 0.96, 0.92, facecolor=INK["bad"], alpha=alpha, linewidth=0
    )


def _numbers(tally: Tally) -> tuple[float, ...]:
    """A tally as `SHARES` names it."""
    return (
        tally.worlds,
        tally.falls,
        100 * tally.low,
        100 * tally.high,
        tally.distance,
        tally.worst_tenth,
    )


def _wide_table(wide: Sequence[Wide]) -> Table:
    return Table(("width", *SHARES), [(one.width, *_numbers(one.tally)) for one in wide])


def _trials_table(trials: Sequence[Trial]) -> Table:
    rows: list[tuple[Cell, ...]] = [(one.label, one.extent, *_numbers(one.tally)) for one in trials]
    return Table(("gap", "extent", *SHARES), rows)


def _margins_table(found: Sequence[Margin]) -> Table:
    rows = [
        (one.label, step.width, step.extent, step.falls, step.worlds)
        for one in found
        for step in one.steps
    ]
    return Table(("gap", "width", "extent", "falls", "worlds"), rows)


def _map_table(found: Map) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (column, row, count, found.worlds)
        for row, counts in zip(found.widths, found.falls, strict=True)
        for column, count in zip(found.widths, counts, strict=True)
    ]
    first, second = found.labels
    return Table((f"width of {first}", f"width of {second}", "falls", "worlds"), rows)
