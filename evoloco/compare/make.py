"""Makes a comparison of finished runs: measures them, and writes `comparison.json` and its page."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evoloco import __version__, provenance
from evoloco.compare import conclusions, summary
from evoloco.compare.contenders import described
from evoloco.compare.entry import Course, Entry
from evoloco.compare.figures import figures
from evoloco.compare.lineup import Entrant, Lineup
from evoloco.compare.measuring import Equal, Measuring, equal
from evoloco.compare.page import Film, render
from evoloco.compare.result import FILE, PAGE, SCHEMA, Comparison, Run, Settings, Task
from evoloco.errors import unwritten
from evoloco.experiment import Experiment
from evoloco.record.files import ONCE_MORE, write
from evoloco.record.lock import held
from evoloco.report.figures import Drawn
from evoloco.unheard import unheard

LOGS, FILMS, CSV = "measured", "films", "csv"
"""Folders in that of a comparison."""


class Progress(NamedTuple):
    """How far a comparison is.

    Attributes:
        what: Is measured now.
        done: Runs that are measured.
        total: Runs in all.
    """

    what: str
    done: int
    total: int


def make(
    lineup: Lineup,
    folder: Path,
    threads: int = 0,
    show: Callable[[Progress], object] = unheard,
) -> tuple[Comparison, Path]:
    """Compares finished runs; what was measured before is not measured again.

    Args:
        lineup: Who is compared.
        folder: Where the comparison is written.
        threads: Number of threads; 0 for all CPUs. Results do not depend on it.
        show: Called before each measurement.

    Returns:
        What was found, and the path of the page.

    Raises:
        BusyError: Another process uses the folder.
        JournalError: A run has no champion, or its record is damaged.
        StorageError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(error, f"{folder} cannot be made: {error.strerror}.") from None

    with held(folder):
        costs = _costs(lineup)
        runs = [
            _measured(one, lineup, costs[one.task], folder, threads, place, show)
            for place, one in enumerate(lineup.entrants)
        ]
        found = compared(lineup, runs, costs)
        films = _films(found, lineup, costs, folder, threads, show)
        drawn = figures(found)
        _write(found, films, drawn, folder)
    return found, folder / PAGE


def _costs(lineup: Lineup) -> dict[str, Equal]:
    """Returns the costs at which the runs of each task are compared."""
    courses: dict[str, list[Course]] = {}
    for one in lineup.entrants:
        entry = Entry(one.folder)
        with closing(entry):
            courses.setdefault(one.task, []).append(entry.course)
    return {task: equal(found, lineup) for task, found in courses.items()}


def _measured(
    entrant: Entrant,
    lineup: Lineup,
    costs: Equal,
    folder: Path,
    threads: int,
    place: int,
    show: Callable[[Progress], object],
) -> Run:
    """Measures one run."""
    who = f"{lineup.contenders[entrant.contender]}, seed {entrant.seed}"

    def doing(what: str) -> None:
        show(Progress(f"{who}: {what}", place, len(lineup.entrants)))

    with Measuring(entrant, lineup, costs, folder / LOGS, threads, doing) as measuring:
        return measuring.result()


def compared(lineup: Lineup, runs: Sequence[Run], costs: Mapping[str, Equal]) -> Comparison:
    """Returns what measured runs come to.

    Args:
        lineup: Who is compared.
        runs: All runs.
        costs: At which the runs of each task are compared.
    """
    settings = Settings(
        simulated_time=lineup.simulated_time,
        cpu_time=lineup.cpu_time,
        worlds=lineup.worlds,
        gap_worlds=lineup.gap_worlds,
    )
    tasks = tuple(_task(name, lineup, costs[name]) for name in lineup.tasks if name in costs)
    order = list(lineup.contenders)
    summaries, pairs = summary.summaries(runs, order), summary.pairs(runs, order)
    said = conclusions.conclusion(settings, lineup.contenders, tasks, runs, summaries, pairs)
    return Comparison(
        schema_version=SCHEMA,
        name=lineup.name,
        versions=_versions(lineup),
        settings=settings,
        contenders=dict(lineup.contenders),
        tasks=tasks,
        runs=tuple(runs),
        summaries=tuple(summaries),
        pairs=tuple(pairs),
        conclusion=tuple(said),
        notes=lineup.notes,
    )


def _versions(lineup: Lineup) -> dict[str, str]:
    """Returns the versions and the CPU that judge."""
    first = next(iter(lineup.tasks.values()))
    facts = provenance.collect(Experiment(next(iter(first.judges.values()))))
    return {"evoloco": __version__, **facts["packages"], "cpu": facts["cpu"]}


def _task(name: str, lineup: Lineup, costs: Equal) -> Task:
    """Returns a task as the file has it."""
    task = lineup.tasks[name]
    judge = next(iter(task.judges.values()))
    return Task(
        name=name,
        label=task.label,
        body=described(judge),
        terms={term: table.weight for term, table in judge.fitness.items()},
        scenarios=tuple(task.judges),
        duration=judge.evaluation.heldout_duration or judge.scenario.duration,
        equal_simulated=costs.simulated,
        equal_cpu=costs.cpu,
    )


def _films(
    found: Comparison,
    lineup: Lineup,
    costs: Mapping[str, Equal],
    folder: Path,
    threads: int,
    show: Callable[[Progress], object],
) -> list[Film]:
    """Films the run of each contender in each task whose score is in the middle."""
    scores, films = summary.Scores(found.runs), []
    entrants = {(one.task, one.contender, one.seed): one for one in lineup.entrants}
    total = len(lineup.entrants)
    for task in found.tasks:
        for name in found.met(task.name):
            runs = found.of(task.name, name)
            order = sorted(runs, key=lambda run: float(np.mean(scores.of(run))))
            seed = order[(len(order) - 1) // 2].seed
            entrant = entrants[task.name, name, seed]

            def doing(what: str, name: str = name) -> None:
                show(Progress(f"{lineup.contenders[name]}: {what}", total, total))

            with Measuring(
                entrant, lineup, costs[task.name], folder / LOGS, threads, doing
            ) as measuring:
                films.append(Film(task.name, name, seed, *measuring.film(folder / FILMS)))
    return films


def _write(
    found: Comparison, films: Sequence[Film], drawn: Mapping[str, Drawn], folder: Path
) -> None:
    """Writes the file, the page and the CSV of every figure."""
    try:
        (folder / CSV).mkdir(exist_ok=True)
    except OSError as error:
        raise unwritten(error, f"{folder / CSV} cannot be made: {error.strerror}.") from None
    for name, each in drawn.items():
        write(folder / CSV / f"{name}.csv", each.table.csv(), ONCE_MORE)
    write(folder / FILE, found.dumps(), ONCE_MORE)
    write(folder / PAGE, render(found, films, drawn), ONCE_MORE)
