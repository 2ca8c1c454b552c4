"""Builds the report of a run folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from evoloco.check import result as checks
from evoloco.controller import signals
from evoloco.episode import Episode
from evoloco.errors import EvolocoError, JournalError
from evoloco.evaluators.local import judge
from evoloco.experiment import Experiment
from evoloco.gait.analysis import analyse
from evoloco.gait.following import following
from evoloco.members import member
from evoloco.options import checked, options_of
from evoloco.record.files import replacing, write
from evoloco.replay import Replay, replay
from evoloco.report.findings import Attempt, Findings, Generations, Term, Trials
from evoloco.report.gap import find_gap
from evoloco.report.page import render
from evoloco.report.people import bands
from evoloco.report.video import LONGEST, film
from evoloco.report.wanted import wanted_speed
from evoloco.run import Run
from evoloco.search.pareto_front import Front, front
from evoloco.search.repertoire import Grid, Repertoire, repertoire
from evoloco.spec import OptimizerSpec, dumps
from evoloco.unheard import unheard

SPREAD = (0.1, 0.9)
"""Quantiles of the population that the fitness plot shades."""


def write_report(
    run: Run, again: Replay | None = None, doing: Callable[[str], object] = unheard
) -> tuple[Path, str]:
    """Writes `report.html`, and `champion.mp4` if this machine can film.

    Args:
        run: The run.
        again: Its champion, simulated again; it is simulated here if None.
        doing: Called with what is made after the film.

    Returns:
        Path of the page, and why it has no video; an empty string if it has one.
    """
    again = again or replay(run)
    video, missing = _film(run, again.episodes[0])

    doing("Writing the report ...")
    path = run.folder / "report.html"
    write(path, render(_findings(run, again, video, missing)))
    return path, missing


def _film(run: Run, episode: Episode) -> tuple[bytes | None, str]:
    """Writes `champion.mp4`; returns its bytes, or None and why there is no video."""
    try:
        with replacing(run.folder / "champion.mp4") as unfinished:
            return film(episode, unfinished, longest=LONGEST).read_bytes(), ""
    except EvolocoError as error:
        return None, str(error)


def _findings(run: Run, again: Replay, video: bytes | None, missing: str) -> Findings:
    """Collects everything that the page shows."""
    experiment, champion, episode = run.experiment, run.read_champion(), again.episodes[0]
    params = experiment.parameters(again.genome)
    record = run.journal[again.generation]
    asks = run.spec.scenario.command.drawn.moves
    attempts = tuple(
        Attempt(analyse(each), float(fitness), tuple(following(each)) if asks else ())
        for each, fitness in zip(again.episodes, again.fitness, strict=True)
    )
    check, unchecked = _check(run, again)
    return Findings(
        name=run.spec.name,
        seed=run.spec.seed,
        generations=_generations(run),
        episode=episode,
        attempts=attempts,
        outputs=signals(experiment.controller, params, episode["controller_state"]),
        space=experiment.space,
        genome=again.genome,
        terms=_terms(experiment, episode),
        champion=(again.generation, again.individual),
        stop_reason=str(run.journal.note("stop_reason") or "still running"),
        fitness=float(record.fitness[again.individual]),
        held_out=Trials(float(champion["heldout_fitness"]), again.fitness),
        elite_fitness=float(champion["elite_fitness"]),
        gap=find_gap(run, again),
        wanted_speed=wanted_speed(experiment),
        provenance=run.provenance,
        spec=dumps(run.spec),
        video=video,
        video_missing=missing,
        events=(*run.search_events, *run.remarks),
        happened=tuple(run.journal.events()),
        front=_front(run),
        repertoire=_repertoire(run),
        people=bands(run.spec.morphology.name),
        check=check,
        unchecked=unchecked,
    )


def _check(run: Run, again: Replay) -> tuple[checks.Check | None, str]:
    """Returns what a check found about this champion, or None and why there is nothing."""
    path, how = run.folder / checks.FILE, f"evoloco check {run.folder}"
    if not path.is_file():
        return None, f"This champion was not checked in other worlds. Check it with: {how}"
    try:
        found = checks.read(path)
    except JournalError as error:
        return None, str(error)

    champion = found.champion
    if champion.sha256 != checks.digest(run.spec, again.genome):
        return None, (
            f"The check in this folder is of another champion, {champion.generation}:"
            f"{champion.individual}. Check this one with: {how}"
        )
    return found, ""


def _terms(experiment: Experiment, episode: Episode) -> tuple[Term, ...]:
    """Returns the fitness terms of an episode."""
    judged = judge(experiment, episode)
    return tuple(
        Term(
            term.name,
            term.weight,
            value,
            counted,
            term.unit,
            term.floor,
            term.threshold,
            counts=not abs(value) < term.threshold,
        )
        for term, value, counted in zip(
            experiment.terms, judged.values, judged.counted, strict=True
        )
    )


def _front(run: Run) -> Front | None:
    """Returns the Pareto front; None with one objective, or if no individual was stable."""
    if not run.journal.objectives:
        return None
    found = front(run.journal)
    return found if len(found.points) else None


def _repertoire(run: Run) -> Repertoire | None:
    """Returns the repertoire of a quality-diversity search; None for another optimizer."""
    options = run.spec.optimizer.options
    if "descriptors" not in options:
        return None

    optimizer = member("optimizers", run.spec.optimizer.name).Optimizer
    chosen = checked(optimizer, options, "optimizer", OptimizerSpec.model_fields)
    cells = chosen.get("cells", options_of(optimizer)["cells"].default)
    return repertoire(run.journal, Grid(chosen["descriptors"], chosen["ranges"], cells))


def _generations(run: Run) -> Generations:
    """Returns the course of the search; unstable individuals count as the worst stable one."""
    rows, support = [], []
    for record in run.journal.generations():
        finite = np.isfinite(record.fitness)
        worst = record.fitness[finite].min() if finite.any() else 0.0
        fitness = np.where(finite, record.fitness, worst)
        rows.append((fitness.max(), fitness.mean(), *np.quantile(fitness, SPREAD)))
        support.append(record.support)

    best, mean, low, high = np.array(rows).T
    strength = np.array(support)
    return Generations(best, mean, low, high, strength if strength.any() else None)
