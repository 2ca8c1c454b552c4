"""The pictures of what a search left besides a champion: a front, a repertoire."""

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from evoloco.report.canvas import INK, around, finish, picture
from evoloco.search.pareto_front import Front
from evoloco.search.repertoire import Repertoire

MOST = 1500
"""Dominated individuals that are drawn, evenly taken: more make a page heavy and a plot no clearer."""

LABELS = 8
"""Points of the front that carry their address."""

PALEST = 0.12
"""Opacity of the least fit cell."""


@picture
def front(figure: Figure, found: Front, champion: tuple[int, int]) -> None:
    """Individuals in the space of their objectives, one panel per pair of these: the front and what is near."""
    pairs = list(combinations(range(len(found.names)), 2))
    across = min(len(pairs), max(1, int(figure.get_figwidth() * 72 // 300)))
    grid = figure.subplots(-(-len(pairs) // across), across, squeeze=False)
    best = np.flatnonzero(found.best)
    limits = [around(values) for values in found.points[best].T]
    low, high = np.transpose(limits)
    near = np.all((found.points >= low) & (found.points <= high), axis=1)
    others = np.flatnonzero(~found.best & near)
    others = others[np.linspace(0, len(others) - 1, min(MOST, len(others))).astype(int)]
    chosen = np.flatnonzero((found.individuals == champion).all(axis=1))
    for (first, second), axes in zip(pairs, grid.flat, strict=False):
        order = best[np.argsort(found.points[best, first])]
        for label, places, style in (
            (
                "dominated",
                others,
                {"color": INK["muted"], "markersize": 3.5, "alpha": 0.35, "markeredgewidth": 0},
            ),
            ("front", best, {"color": INK["best"], "markersize": 6, "markeredgewidth": 0}),
            (
                "champion",
                chosen,
                {
                    "color": INK["text"],
                    "markersize": 11,
                    "fillstyle": "none",
                    "markeredgewidth": 1.8,
                },
            ),
        ):
            axes.plot(
                found.points[places, first], found.points[places, second], "o", label=label, **style
            )
        for place in order[np.unique(np.linspace(0, len(order) - 1, LABELS).astype(int))]:
            axes.annotate(
                address(found, int(place)), found.points[place, [first, second]], xytext=(5, 4),
                textcoords="offset points", fontsize=10, color=INK["muted"],
            )  # fmt: skip
        axes.set(
            xlabel=found.names[first],
            ylabel=found.names[second],
            xlim=limits[first],
            ylim=limits[second],
        )
    for spare in grid.flat[len(pairs) :]:
        spare.remove()
    finish(figure, panel=260)


def address(found: Front, place: int) -> str:
    """How `evoloco replay --individual` calls an individual: GENERATION:INDEX."""
    generation, individual = found.individuals[place]
    return f"{generation}:{individual}"


@picture
def repertoire(figure: Figure, found: Repertoire, champion: tuple[int, int]) -> None:
    """Fitness of every cell, pale where low and strong where high; a ring where the champion is."""
    axes = figure.subplots()
    filled = np.argwhere(np.isfinite(found.fitness))
    low, high = np.nanmin(found.fitness), np.nanmax(found.fitness)
    edges = [
        np.linspace(*span, count + 1)
        for span, count in zip(found.grid.ranges, found.grid.cells, strict=True)
    ]
    for row, column in filled:
        share = (found.fitness[row, column] - low) / (high - low) if high > low else 1.0
        corner = edges[0][row], edges[1][column]
        size = edges[0][row + 1] - corner[0], edges[1][column + 1] - corner[1]
        axes.add_patch(
            Rectangle(
                corner,
                *size,
                facecolor=INK["best"],
                alpha=PALEST + (1 - PALEST) * share,
                linewidth=0,
            )
        )
    for row, column in np.argwhere((found.individuals == champion).all(axis=-1)):
        middle = edges[0][row : row + 2].mean(), edges[1][column : column + 2].mean()
        axes.plot(
            *middle,
            "o",
            markersize=9,
            markerfacecolor="none",
            markeredgewidth=1.8,
            color=INK["text"],
            label="champion",
        )
    axes.set(
        xlim=found.grid.ranges[0], ylim=found.grid.ranges[1],
        xlabel=found.grid.descriptors[0], ylabel=found.grid.descriptors[1],
    )  # fmt: skip
    finish(figure, panel=320)
