"""The page of a comparison: one self-contained HTML file."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from evoloco.check.quality import QUANTITIES
from evoloco.compare.result import Comparison, Number, Run, Task
from evoloco.compare.summary import differs, over_runs
from evoloco.report.figures import Drawn
from evoloco.report.quantities import NAMES
from evoloco.report.template import environment, pictured, style
from evoloco.report.words import number as written

TITLES = {
    "films": "Films",
    "scores": "Scores",
    "pairs": "Pairs of contenders",
    "curves": "Learning curves",
    "equal": "At equal cost",
    "scenarios": "Scenarios",
    "gait": "Gait",
    "robustness": "Other worlds",
    "costs": "Size and time",
    "runs": "Runs",
    "about": "What was compared",
}
"""Titles of the sections by their ids, in the order of the page."""


class Film(NamedTuple):
    """One film.

    Attributes:
        task: Name of its task.
        contender: Name of its contender.
        seed: Seed of the run that it shows.
        content: MP4; None where there is none.
        missing: Why there is none.
    """

    task: str
    contender: str
    seed: int
    content: bytes | None
    missing: str


def render(comparison: Comparison, films: Sequence[Film], drawn: Mapping[str, Drawn]) -> str:
    """Returns the page as HTML text; the same arguments give the same bytes.

    Args:
        comparison: What was found.
        films: One per contender and task.
        drawn: The figures, of `evoloco.compare.figures`.
    """
    return (
        environment().get_template("comparison.html").render(**_content(comparison, films, drawn))
    )


def _content(
    comparison: Comparison, films: Sequence[Film], drawn: Mapping[str, Drawn]
) -> dict[str, Any]:
    """Returns everything that the template names."""
    absent = {
        "scores": len(comparison.summaries) < 2,
        "pairs": not comparison.pairs,
        "robustness": "wide" not in drawn,
    }
    return {
        "comparison": comparison,
        "labels": comparison.contenders,
        "films": [_filmed(film) for film in films],
        "pictures": {name: pictured(each) for name, each in drawn.items()},
        "sections": {name: title for name, title in TITLES.items() if not absent.get(name)},
        "tables": [_task(comparison, task) for task in comparison.tasks],
        "spans": spans,
        "differs": differs,
        "largest": max(len(comparison.met(task.name)) for task in comparison.tasks),
        "style": style(),
    }


def _filmed(film: Film) -> dict[str, Any]:
    content = base64.b64encode(film.content).decode() if film.content else ""
    return {**film._asdict(), "content": content}


def spans(number: Number) -> str:
    """Returns the interval of a number in words."""
    if number.low is None or number.high is None:
        return "no interval"
    return f"{written(number.low)} to {written(number.high)}"


def _task(comparison: Comparison, task: Task) -> dict[str, Any]:
    """Returns the tables of a task."""
    met = {name: comparison.of(task.name, name) for name in comparison.met(task.name)}
    return {
        "task": task,
        "met": list(met),
        "equal": [_equal(name, runs) for name, runs in met.items()],
        "scenarios": [
            {"name": name, "rows": [_judged(one, runs, name) for one, runs in met.items()]}
            for name in task.scenarios
        ],
        "gait": _gait(task, met),
        "costs": [_costs(name, runs) for name, runs in met.items()],
        "runs": comparison.of(task.name),
    }


def _equal(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    """Returns the fitness of a contender at equal costs."""
    cpu = [run.equal_cpu for run in runs if run.equal_cpu is not None]
    return {
        "contender": name,
        "simulated": over_runs([run.equal_simulated for run in runs]),
        "cpu": over_runs(cpu) if len(cpu) == len(runs) else None,
    }


def _judged(name: str, runs: Sequence[Run], scenario: str) -> dict[str, Any]:
    """Returns what the champions of a contender do in a scenario."""
    judged = [run.judged[scenario] for run in runs]
    verbs: Counter[str] = Counter()
    for one in judged:
        verbs.update(one.verbs)
    worlds = sum(one.worlds for one in judged)
    falls = over_runs([100 * one.falls / one.worlds for one in judged])
    return {
        "contender": name,
        "fitness": over_runs([one.fitness for one in judged]),
        "speed": over_runs([one.speed for one in judged]),
        "falls": falls,
        "does": ", ".join(
            f"{verb} {100 * count / worlds:.0f} %" for verb, count in verbs.most_common(2)
        ),
    }


def _gait(task: Task, met: Mapping[str, Sequence[Run]]) -> list[dict[str, Any]]:
    """Returns the gait numbers in the first scenario, a row per quantity, a cell per contender."""
    scenario, rows = task.scenarios[0], []
    first = {name: [run.judged[scenario] for run in runs] for name, runs in met.items()}
    speeds = [[one.speed for one in judged] for judged in first.values()]
    ways = [[one.way for one in judged] for judged in first.values()]
    rows.append(_row("speed", "m/s", "mean speed after the warm-up", speeds))
    rows.append(_row("way", "m", "forward way of an episode", ways))
    for name, quantity in QUANTITIES.items():
        found = [[one.numbers.get(name) for one in judged] for judged in first.values()]
        cells = [[value for value in cell if value is not None] for cell in found]
        if any(cells):
            rows.append(_row(NAMES.get(name, name), quantity.unit, quantity.meaning, cells))
    return rows


def _row(name: str, unit: str, meaning: str, cells: list[list[float]]) -> dict[str, Any]:
    """Returns a row: medians over runs, with the least and the largest."""
    found = [
        (float(np.median(cell)), f"{written(min(cell))} to {written(max(cell))}") if cell else None
        for cell in cells
    ]
    return {"name": name, "unit": unit, "meaning": meaning, "cells": found}


def _costs(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    """Returns what a contender is made of and what it costs, medians over runs."""
    cpu = [run.cpu_time for run in runs if run.cpu_time is not None]
    simulated = float(np.median([run.simulated_time for run in runs]))
    spent = float(np.median(cpu)) if len(cpu) == len(runs) else None
    return {
        "contender": name,
        "genes": runs[0].genes,
        "parameters": runs[0].parameters,
        "control": float(np.median([run.control_cost for run in runs])),
        "simulated": simulated,
        "cpu": spent,
        "pace": None if not spent else simulated / spent,
        "records": round(float(np.median([run.records for run in runs]))),
    }
