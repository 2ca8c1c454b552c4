"""Curves of contenders over simulated time, CPU time and the width of gaps, with intervals."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evoloco.compare.result import Comparison, Falls, Run
from evoloco.compare.statistics import interquartile_course, mean
from evoloco.genome import Array

AXES = {"simulated": "simulated time [s]", "cpu": "CPU time [s]"}
"""What a learning curve is over, in words."""

VALUES = {"quality": "judged fitness", "best": "best fitness in the search"}
"""What a learning curve is of, in words."""

GRID = 60
"""Places of a learning curve."""

FEW = 30
"""Places below which a curve has marks."""

LONGEST = 40
"""Most letters of a title: what a panel has room for."""

SAMPLES = 1000
"""Bootstrap samples of a band."""


class Band(NamedTuple):
    """A curve of a contender with its interval.

    Attributes:
        task: Name of its task; empty for all together.
        panel: Title of its panel.
        contender: Its name.
        x: Places (n,).
        y: Values (n,).
        low: Lower ends (n,); NaN where there is no interval.
        high: Upper ends (n,).
    """

    task: str
    panel: str
    contender: str
    x: Array
    y: Array
    low: Array
    high: Array


def bands(comparison: Comparison, over: str, what: str) -> list[Band]:
    """Returns the learning curves of all contenders.

    The curve is the interquartile mean over runs. It begins where every run has a value; a run that
    has ended keeps its last one.

    Args:
        comparison: The comparison.
        over: "simulated" or "cpu".
        what: "quality" for the judged best individual so far, "best" for the best fitness in the
            search so far.
    """
    found = []
    for task in comparison.tasks:
        for name in comparison.met(task.name):
            courses = [_course(run, over, what) for run in comparison.of(task.name, name)]
            known = [(x, y) for x, y in courses if len(x)]
            if len(known) < len(courses):
                continue
            begin, end = max(x[0] for x, _ in known), max(x[-1] for x, _ in known)
            grid = np.linspace(begin, end, GRID)
            values = np.array([_at(grid, x, y, what == "best") for x, y in known])
            found.append(
                Band(task.name, task.label, name, grid, *interquartile_course(values, SAMPLES))
            )
    return found


def _course(run: Run, over: str, what: str) -> tuple[Array, Array]:
    """Returns places and values of a run's curve; none where it has none."""
    curve = run.checkpoints if what == "quality" else run.curve
    x = getattr(curve, over)
    y = run.checkpoints.quality if what == "quality" else run.curve.best
    if x is None:
        return np.zeros(0), np.zeros(0)
    values = np.array([np.nan if value is None else value for value in y])
    known = np.isfinite(values)
    return np.array(x)[known], values[known]


def _at(grid: Array, x: Array, y: Array, steps: bool) -> Array:
    """Returns a curve at other places: the last value before, or on the line between two."""
    if steps:
        return np.asarray(y[np.clip(np.searchsorted(x, grid, side="right") - 1, 0, None)])
    return np.interp(grid, x, y)


def falls(comparison: Comparison) -> list[Band]:
    """Returns the falls with all gaps at once over their width [%]; none where left out."""
    found = []
    for task in comparison.tasks:
        for name in comparison.met(task.name):
            runs = comparison.of(task.name, name)
            if all(run.wide for run in runs):
                course = _falls([run.wide for run in runs])
                found.append(Band(task.name, task.label, name, *course))
    return found


def falls_of_gaps(comparison: Comparison) -> list[Band]:
    """Returns the falls with single gaps over their width [%], those with most falls first."""
    found = []
    for task in comparison.tasks:
        gaps = {key: gap for run in comparison.of(task.name) for key, gap in run.gaps.items()}
        for key, gap in gaps.items():
            for name in comparison.met(task.name):
                runs = [run for run in comparison.of(task.name, name) if key in run.gaps]
                if runs:
                    course = _falls([run.gaps[key].falls for run in runs])
                    title = f"{gap.label} ({gap.extent})"
                    title = title if len(title) <= LONGEST else gap.label
                    found.append(Band(task.name, title, name, *course))
    worst: dict[tuple[str, str], float] = {}
    for band in found:
        place = band.task, band.panel
        worst[place] = max(worst.get(place, 0.0), float(band.y.sum()))
    return sorted(found, key=lambda band: -worst[band.task, band.panel])


def _falls(runs: Sequence[Sequence[Falls]]) -> tuple[Array, Array, Array, Array]:
    """Returns widths, shares of falls [%] as means over runs, and their intervals."""
    widths = np.array([one.width for one in runs[0]])
    shares = np.array([[100 * one.falls / one.worlds for one in run] for run in runs])
    each = [mean([column[:, None]], SAMPLES) for column in shares.T]
    ends = [one.interval or (np.nan, np.nan) for one in each]
    low, high = np.array(ends).T
    return widths, np.array([one.value for one in each]), low, high
