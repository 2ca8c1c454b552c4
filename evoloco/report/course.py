"""The course of the search: fitness over the generations, and the champion's scenarios."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evoloco.report.canvas import INK, around, finish, picture
from evoloco.report.findings import Generations, Trials
from evoloco.report.table import Table
from evoloco.report.words import room


@picture
def fitness(figure: Figure, generations: Generations, champion: tuple[int, float]) -> None:
    """Draws best, mean and spread of the fitness over generations, and the champion.

    Args:
        figure: The figure.
        generations: Fitness of the generations.
        champion: Generation and fitness of the champion.
    """
    axes = figure.subplots()
    number = np.arange(len(generations.best))
    if generations.support is not None and np.any(generations.support > 0):
        shade = axes.fill_between(
            number,
            0,
            generations.support,
            transform=axes.get_xaxis_transform(),
            color=INK["support"],
            alpha=0.18,
            linewidth=0,
            label="virtual support (its share)",
        )
        shade.set_zorder(0)

    axes.fill_between(
        number,
        generations.low,
        generations.high,
        color=INK["muted"],
        alpha=0.25,
        linewidth=0,
        label=f"spread ({generations.spread})",
    )
    axes.plot(number, generations.mean, "--", color=INK["muted"], label="mean")
    axes.plot(number, generations.best, color=INK["best"], label="best")
    axes.plot(
        *champion,
        "o",
        markersize=9,
        markerfacecolor="none",
        markeredgewidth=1.8,
        color=INK["text"],
        label="champion",
    )

    axes.set(xlabel="generation", ylabel="fitness")
    axes.margins(x=0.02)
    if is_cut(generations):
        axes.set_ylim(around(generations.best[np.isfinite(generations.best)]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    finish(figure, panel=210)


def is_cut(generations: Generations) -> bool:
    """Whether the picture leaves out values far below the best ones."""
    finite = generations.best[np.isfinite(generations.best)]
    return bool(finite.size and np.min(generations.low) < around(finite)[0])


def fitness_table(generations: Generations) -> Table:
    """Returns what `fitness` draws: one row per generation."""
    low, high = (f"{edge} edge of the spread ({generations.spread})" for edge in ("low", "high"))
    columns = ["generation", "best fitness", "mean fitness", low, high]
    parts = [generations.best, generations.mean, generations.low, generations.high]
    if generations.support is not None:
        columns.append("virtual support [1]")
        parts.append(generations.support)
    rows = [(number, *map(float, row)) for number, row in enumerate(zip(*parts, strict=True))]
    return Table(columns, rows)


@picture
def trials(figure: Figure, search: Trials, held_out: Trials) -> None:
    """Draws the fitness in every scenario of the search and of the held-out ones.

    Diamonds are the aggregates.
    """
    axes = figure.subplots()
    rows = ((1, "search", search, INK["muted"]), (0, "held-out", held_out, INK["best"]))
    for row, _, tried, colour in rows:
        axes.plot(
            tried.scenarios,
            np.full(len(tried.scenarios), row),
            "o",
            color=colour,
            alpha=0.45,
            markersize=9,
            markeredgewidth=0,
        )
        axes.plot(
            tried.fitness,
            row,
            "D",
            color=INK["text"],
            markersize=8,
            fillstyle="none",
            markeredgewidth=1.8,
        )

    names = [name for _, name, *_ in rows]
    axes.set_yticks([row for row, *_ in rows], names)
    axes.tick_params(axis="y", length=0, labelcolor=INK["text"], labelsize=12)
    axes.set(xlabel="fitness", ylim=(-0.6, 1.6))
    axes.spines["left"].set_visible(False)
    finish(figure, panel=80, left=room(names))


def trials_table(search: Trials, held_out: Trials) -> Table:
    """Returns what `trials` draws: one row per scenario, and one per aggregate."""
    rows: list[tuple[str, str, float]] = []
    for name, tried in (("search", search), ("held-out", held_out)):
        rows += [(name, str(place), float(each)) for place, each in enumerate(tried.scenarios, 1)]
        rows.append((name, "aggregate", tried.fitness))
    return Table(("set", "scenario", "fitness"), rows)
