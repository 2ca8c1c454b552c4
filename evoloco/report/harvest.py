"""The pictures of what a search found besides a champion: Pareto front and repertoire."""

from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from evoloco.report.canvas import INK, around, finish, picture
from evoloco.report.table import Cell, Table
from evoloco.search.pareto_front import Front
from evoloco.search.repertoire import Repertoire

MOST = 1500
"""Largest number of dominated individuals that are drawn; more make a page slow to load."""

LABELS = 8
"""Largest number of points of the front with a label."""

PALEST = 0.12
"""Opacity of the cell with the lowest fitness."""


@picture
def front(figure: Figure, found: Front, champion: tuple[int, int]) -> None:
    """Draws the individuals near the front in objective space, one panel per pair of objectives.

    Args:
        figure: The figure.
        found: The individuals.
        champion: Generation and index of the champion.
    """
    pairs = list(combinations(range(len(found.names)), 2))
    across = min(len(pairs), max(1, int(figure.get_figwidth() * 72 // 300)))
    grid = figure.subplots(-(-len(pairs) // across), across, squeeze=False)

    best = np.flatnonzero(found.best)
    limits = _limits(found)
    layers = _layers(found, champion, limits)
    for (first, second), axes in zip(pairs, grid.flat, strict=False):
        for label, places, style in layers:
            x, y = found.points[places, first], found.points[places, second]
            axes.plot(x, y, "o", label=label, **style)
        _label(axes, found, best, (first, second))
        axes.set(
            xlabel=found.names[first],
            ylabel=found.names[second],
            xlim=limits[first],
            ylim=limits[second],
        )

    for spare in grid.flat[len(pairs) :]:
        spare.remove()
    finish(figure, panel=260)


def _layers(
    found: Front, champion: tuple[int, int], limits: list[tuple[float, float]]
) -> list[tuple[str, NDArray[np.int64], dict[str, Any]]]:
    """Returns label, indices of the individuals and style of each layer, the lowest first."""
    low, high = np.transpose(limits)
    near = np.all((found.points >= low) & (found.points <= high), axis=1)
    others = np.flatnonzero(~found.best & near)
    drawn = np.linspace(0, len(others) - 1, min(MOST, len(others))).astype(int)

    pale = {"color": INK["muted"], "markersize": 3.5, "alpha": 0.35, "markeredgewidth": 0}
    strong = {"color": INK["best"], "markersize": 6, "markeredgewidth": 0}
    ring = {"color": INK["text"], "markersize": 11, "fillstyle": "none", "markeredgewidth": 1.8}
    return [
        ("dominated", others[drawn], pale),
        ("front", np.flatnonzero(found.best), strong),
        ("champion", np.flatnonzero((found.individuals == champion).all(axis=1)), ring),
    ]


def _label(axes: Axes, found: Front, best: NDArray[np.int64], pair: tuple[int, int]) -> None:
    """Labels up to `LABELS` points of the front, evenly taken along the first objective."""
    order = best[np.argsort(found.points[best, pair[0]])]
    labelled = np.unique(np.linspace(0, len(order) - 1, LABELS).astype(int))
    for place in order[labelled]:
        axes.annotate(
            address(found, int(place)),
            (found.points[place, pair[0]], found.points[place, pair[1]]),
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=10,
            color=INK["muted"],
        )


def address(found: Front, place: int) -> str:
    """Returns the individual as `evoloco replay --individual` takes it: GENERATION:INDEX."""
    generation, individual = found.individuals[place]
    return f"{generation}:{individual}"


def front_table(found: Front, champion: tuple[int, int]) -> Table:
    """Returns the individuals that `front` draws, the lowest layer first."""
    rows: list[list[Cell]] = [
        [label, address(found, int(place)), *map(float, found.points[place])]
        for label, places, _ in _layers(found, champion, _limits(found))
        for place in places
    ]
    return Table(("layer", "individual", *found.names), rows)


def _limits(found: Front) -> list[tuple[float, float]]:
    """Returns the limits of the axes, one per objective."""
    return [around(values) for values in found.points[found.best].T]


def repertoire_table(found: Repertoire) -> Table:
    """Returns the cells that hold a gait: their lower corner, individual and fitness."""
    edges = [
        np.linspace(*span, count + 1)[:-1]
        for span, count in zip(found.grid.ranges, found.grid.cells, strict=True)
    ]
    rows: list[list[Cell]] = []
    for row, column in np.argwhere(np.isfinite(found.fitness)):
        generation, individual = found.individuals[row, column]
        corner = float(edges[0][row]), float(edges[1][column])
        fitness = float(found.fitness[row, column])
        rows.append([*corner, f"{generation}:{individual}", fitness])
    lows = (f"{name}, low edge" for name in found.grid.descriptors)
    return Table((*lows, "individual", "fitness"), rows)


@picture
def repertoire(figure: Figure, found: Repertoire, champion: tuple[int, int]) -> None:
    """Draws the fitness of every cell, darker if fitter, and a ring around the champion's.

    Args:
        figure: The figure.
        found: The repertoire.
        champion: Generation and index of the champion.
    """
    axes = figure.subplots()
    grid = found.grid
    rows, columns = (
        np.linspace(*span, count + 1) for span, count in zip(grid.ranges, grid.cells, strict=True)
    )

    low, high = np.nanmin(found.fitness), np.nanmax(found.fitness)
    for row, column in np.argwhere(np.isfinite(found.fitness)):
        share = (found.fitness[row, column] - low) / (high - low) if high > low else 1.0
        corner = rows[row], columns[column]
        size = rows[row + 1] - corner[0], columns[column + 1] - corner[1]
        opacity = PALEST + (1 - PALEST) * share
        axes.add_patch(Rectangle(corner, *size, facecolor=INK["best"], alpha=opacity, linewidth=0))

    for row, column in np.argwhere((found.individuals == champion).all(axis=-1)):
        axes.plot(
            rows[row : row + 2].mean(),
            columns[column : column + 2].mean(),
            "o",
            markersize=9,
            markerfacecolor="none",
            markeredgewidth=1.8,
            color=INK["text"],
            label="champion",
        )

    axes.set(
        xlim=grid.ranges[0],
        ylim=grid.ranges[1],
        xlabel=grid.descriptors[0],
        ylabel=grid.descriptors[1],
    )
    finish(figure, panel=320)
