"""A run folder -> the findings that the page shows."""

from pathlib import Path

import numpy as np

from evoloco.controller import signals
from evoloco.errors import EvolocoError
from evoloco.evaluators.local import judge
from evoloco.gait.analysis import analyse
from evoloco.members import member
from evoloco.options import checked, options_of
from evoloco.record.files import replacing, write
from evoloco.replay import replay
from evoloco.report.findings import Findings, Generations, Term, Trials
from evoloco.report.page import render
from evoloco.report.people import bands
from evoloco.report.video import LONGEST, film
from evoloco.run import Run
from evoloco.search.pareto_front import front
from evoloco.search.repertoire import Grid, Repertoire, repertoire
from evoloco.spec import OptimizerSpec, dumps

SPREAD = (0.1, 0.9)
"""Quantiles of the population that the fitness plot shades."""


def write_report(run: Run) -> tuple[Path, str]:
    """Writes `champion.mp4` where it can be filmed, and `report.html`.

    Returns:
        The page's path, and why it has no video; empty where it has one.
    """
    again = replay(run)
    episode = again.episodes[0]
    video, missing = None, ""
    try:
        with replacing(run.folder / "champion.mp4") as unfinished:
            video = film(episode, unfinished, longest=LONGEST).read_bytes()
    except EvolocoError as error:
        missing = str(error)
    champion = run.champion()
    experiment = run.experiment
    values = judge(experiment, episode)[1]
    params = experiment.parameters(again.genome)
    record = run.journal[again.generation]
    findings = Findings(
        name=run.spec.name,
        seed=run.spec.seed,
        generations=_generations(run),
        episode=episode,
        gait=analyse(episode),
        outputs=signals(experiment.controller, params, episode["controller_state"]),
        space=experiment.space,
        genome=again.genome,
        terms=tuple(
            Term(
                term.name,
                term.weight,
                value * episode.survival,
                term.unit,
                term.threshold,
                counts=not abs(value) < term.threshold,
            )
            for term, value in zip(experiment.terms, values, strict=True)
        ),
        search=Trials(
            float(record.fitness[again.individual]), record.evaluation.fitness[again.individual]
        ),
        champion=(again.generation, again.individual),
        stop_reason=str(run.journal.note("stop_reason") or "still going on"),
        elite_fitness=float(champion["elite_fitness"]),
        held_out=Trials(float(champion["heldout_fitness"]), again.fitness),
        provenance=run.provenance,
        spec=dumps(run.spec),
        video=video,
        video_missing=missing,
        events=tuple(run.search_events),
        happened=tuple(run.journal.events()),
        front=front(run.journal) if run.journal.objectives else None,
        repertoire=_repertoire(run),
        people=bands(run.spec.morphology.name),
    )
    path = run.folder / "report.html"
    write(path, render(findings))
    return path, missing


def _repertoire(run: Run) -> Repertoire | None:
    """What a search over two descriptors left; None where the optimizer has none."""
    options = run.spec.optimizer.options
    if "descriptors" not in options:
        return None
    kind = member("optimizers", run.spec.optimizer.name).Optimizer
    chosen = checked(kind, options, "optimizer", OptimizerSpec.model_fields)
    default = options_of(kind)["cells"].default
    return repertoire(
        run.journal, Grid(chosen["descriptors"], chosen["ranges"], chosen.get("cells", default))
    )


def _generations(run: Run) -> Generations:
    """The course of the search; unstable individuals count as the worst stable one."""
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
