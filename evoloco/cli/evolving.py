"""`evoloco evolve` and `evoloco resume`."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evoloco.cli.arguments import (
    AsJson,
    DryRun,
    Folder,
    Generations,
    Out,
    Overrides,
    Quiet,
    Ray,
    RunName,
    Seed,
    Seeds,
    Start,
    Threads,
    TimeLimit,
    Workers,
    check_workers,
)
from evoloco.cli.output import Output

if TYPE_CHECKING:
    from evoloco.experiment import Experiment
    from evoloco.spec import RunSpec

EVOLVE_EXAMPLES = (
    "evoloco evolve hopper",
    "evoloco evolve biped --dry-run",
    "evoloco evolve biped optimizer.population_size=48 --seed 3",
    "evoloco evolve biped controller.name=hopf --seeds 0-9",
    "evoloco evolve hopper --generations 50 --json --out runs/out/first",
)
RESUME_EXAMPLES = (
    "evoloco resume runs/out/biped-seed0",
    "evoloco resume runs/out/biped-seed0 --generations 400",
    "evoloco resume runs/out/biped-seed0 --salvage",
)


def evolve(
    run: RunName,
    overrides: Overrides = None,
    seed: Seed = None,
    seeds: Seeds = None,
    out: Out = None,
    start: Start = None,
    threads: Threads = 0,
    generations: Generations = 0,
    ray: Ray = None,
    workers: Workers = 0,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Evolves a gait, records everything in a run folder, and writes a report."""
    from evoloco.bundled import run_file
    from evoloco.errors import SpecError
    from evoloco.run import Run
    from evoloco.spec import read

    if seed is not None and seeds is not None:
        raise SpecError("--seed and --seeds exclude each other: leave one out.")
    output = Output(quiet, as_json)
    source = run_file(run)
    spec = read(source, changes(overrides, seed, generations, start), output.note)
    if spec.training:
        raise SpecError(f"{run} has a table [training]: start it with: evoloco train {run}")

    if dry_run:
        from evoloco.cli.rehearsing import rehearse

        rehearse(output, spec, source, folder_of(spec, out, seeds), threads, seeds)
    elif seeds is not None:
        from evoloco.cli.sweeping import evolve_seeds

        evolve_seeds(
            output,
            spec,
            source,
            folder_of(spec, out, seeds),
            seeds,
            threads,
            lambda experiment: on_ray(experiment, ray, workers),
        )
    else:
        from evoloco.cli.finishing import carry_on
        from evoloco.experiment import Experiment

        with on_ray(Experiment(spec), ray, workers) as evaluator:
            with output.doing("Compiling (only the first start takes more than a moment) ..."):
                created = Run.create(spec, folder_of(spec, out), source)
            for note in created.experiment.start_notes:
                output.say(f"Start: {note}.")
            for sentence in created.experiment.left_out:
                output.say(sentence)
            output.body(created.told)
            carry_on(output, created, 0, threads, evaluator)


def resume(
    folder: Folder,
    generations: Generations = 0,
    threads: Threads = 0,
    ray: Ray = None,
    workers: Workers = 0,
    time_limit: TimeLimit = None,
    salvage: Annotated[
        bool,
        typer.Option(
            "--salvage",
            help="Keeps the intact generations of a damaged journal, and continues from there.",
        ),
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Continues a run exactly where it stopped, for whatever reason it stopped."""
    from evoloco.cli.finishing import carry_on
    from evoloco.run import Run

    output = Output(quiet, as_json)
    if salvage:
        from evoloco.salvage import salvage as keep_what_is_intact

        output.say(keep_what_is_intact(folder))
    run = Run(folder, time_limit)
    output.body(run.told)
    with on_ray(run.experiment, ray, workers) as evaluator:
        carry_on(output, run, generations, threads, evaluator)


def changes(
    overrides: list[str] | None, seed: int | None, generations: int, start: str | None
) -> list[str]:
    """Returns everything that the command line changes, as `key=value`."""
    from evoloco.bundled import start_file

    changes = list(overrides or [])
    if seed is not None:
        changes.append(f"seed={seed}")
    if generations:
        changes.append(f"optimizer.generations={generations}")
    if start:
        path = json.dumps(str(start_file(start)), ensure_ascii=False)
        changes.append(f"start.path={path}")
    return changes


def folder_of(spec: "RunSpec", out: Path | None, seeds: str | None = None) -> Path:
    """Returns the folder that a run, or several, are recorded in."""
    from evoloco.api import usual_folder

    if out is not None:
        return out
    usual = usual_folder(spec)
    return usual if seeds is None else usual.with_name(f"{spec.name}-seeds")


def on_ray(
    experiment: "Experiment", address: str | None, workers: int
) -> AbstractContextManager[Any]:
    """Returns an evaluator on Ray; its context gives None if there is no address.

    Raises:
        SpecError: There are workers, but no address.
    """
    from rich.console import Console

    check_workers(address, workers)
    if address is None:
        return nullcontext()

    with Console(stderr=True).status("Connecting to Ray ..."):
        from evoloco.evaluators.ray import Ray

        return Ray(experiment, address, workers)
