"""Commands: parse, call, print. Heavy modules are imported by the command that needs them."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

# The last bits of linear algebra depend on its number of threads, and MuJoCo's threads need the cores.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

app = typer.Typer(
    help="Evolve robot gaits: controllers, optimizers and native MuJoCo episodes, reproducible to the bit.",
    epilog="Begin with:  evoloco evolve biped",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Kind = Literal["controllers", "morphologies", "measures", "optimizers", "runs"]

Threads = Annotated[int, typer.Option(min=0, help="Simulation threads; 0 for all CPUs. Results do not depend on it.")]
More = Annotated[int, typer.Option(min=0, help="Generations in all; 0 for those of the run file.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A run folder, such as runs/out/biped-seed0.")]


@app.command(name="list", epilog="Example:  evoloco list controllers matsuoka")
def list_members(
    kind: Annotated[Kind | None, typer.Argument(help="What to list; everything where left out.")] = None,
    name: Annotated[str | None, typer.Argument(help="One member, in full.")] = None,
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Options of a controller, for its genes.")
    ] = None,
    morphology: Annotated[str, typer.Option(help="Body on which a controller's genes are shown.")] = "biped",
) -> None:
    """Lists what a run file can name; with a name, its options and (for a controller) its genes."""
    from evoloco import catalogue

    if name is not None and kind is not None:
        typer.echo(catalogue.describe(kind, name, morphology, options or []))
    else:
        typer.echo(catalogue.overview(kind))


@app.command(epilog="Example:  evoloco evolve biped optimizer.population_size=48 --seed 3")
def evolve(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A bundled run, or the path of a .toml run file.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Other values for keys of the run file.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of everything random; the run file's where left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run folder, which must not exist.", show_default="runs/out/NAME-seedSEED")
    ] = None,
    threads: Threads = 0,
    generations: More = 0,
) -> None:
    """Evolves a gait, records everything in a run folder, and writes a report."""
    from rich.console import Console

    from evoloco.build import run_file
    from evoloco.evolve import Run
    from evoloco.spec import read

    changes = list(overrides or [])
    if seed is not None:
        changes.append(f"seed={seed}")
    if generations:
        changes.append(f"optimizer.generations={generations}")
    source = run_file(run)
    spec = read(source, changes)
    folder = out or Path("runs") / "out" / f"{spec.name}-seed{spec.seed}"
    with Console(stderr=True).status("Compiling (only the first start takes more than a moment) …"):
        begun = Run.create(spec, folder, source)
    _go_on(begun, 0, threads)


@app.command(epilog="Example:  evoloco resume runs/out/biped-seed0 --generations 400")
def resume(folder: Folder, generations: More = 0, threads: Threads = 0) -> None:
    """Goes on exactly where a run was stopped, in whatever way it was stopped."""
    from evoloco.evolve import Run

    _go_on(Run(folder), generations, threads)


@app.command(epilog="Example:  evoloco replay runs/out/biped-seed0 --individual 12:3 --video fall.mp4")
def replay(
    folder: Folder,
    individual: Annotated[
        str, typer.Option(help="best: the champion on held-out scenarios; or GENERATION:INDEX.")
    ] = "best",
    video: Annotated[Path | None, typer.Option(help="Films the first episode.")] = None,
    trace: Annotated[
        Path | None, typer.Option(help="Writes the first episode's arrays, under MuJoCo's names, as .npz.")
    ] = None,
) -> None:
    """Rebuilds any individual of a run and checks its fitness against the record, to the last bit."""
    from evoloco.evolve import Run
    from evoloco.gait import analyse, walks
    from evoloco.replay import replay as rebuild
    from evoloco.replay import save_trace

    again = rebuild(Run(folder), individual)
    episode = again.episodes[0]
    where = f"Individual {again.generation}:{again.individual}"
    if again.equal:
        typer.echo(f"{where}: fitness {again.fitness.mean():.6g} equals the record to the last bit.")
    else:
        why = "; ".join(again.reasons) or "nothing known has changed: please report this"
        typer.echo(
            f"Warning: {where} gives fitness {again.fitness.tolist()}, recorded is {again.recorded.tolist()} ({why}).",
            err=True,
        )
    reasons = walks(analyse(episode))
    typer.echo("It walks." if not reasons else f"It does not walk: {'; '.join(reasons)}.")
    if trace is not None:
        save_trace(episode, trace)
        typer.echo(f"Trace: {trace}")
    if video is not None:
        from evoloco.report.video import film

        typer.echo(f"Video: {film(episode, video)}")
    if not again.equal and not again.reasons:
        raise typer.Exit(1)


@app.command(epilog="Example:  evoloco report runs/out/biped-seed0")
def report(folder: Folder) -> None:
    """Writes report.html, one self-contained page."""
    from evoloco.evolve import Run
    from evoloco.report.assemble import write_report

    run = Run(folder)
    if not (folder / "champion.json").is_file():
        run.choose_champion()
    _tell_report(*write_report(run))


def _go_on(run: Any, generations: int, threads: int) -> None:
    """Evolves a run to its end, with a live display, and reports."""
    from evoloco.evolve import Interrupted

    try:
        _finish(run, generations, threads)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted; what was recorded is whole. Go on with: evoloco resume {run.folder}"
        ) from None


def _finish(run: Any, generations: int, threads: int) -> None:
    from evoloco import provenance
    from evoloco.live import Live
    from evoloco.report.assemble import write_report

    total = generations or run.generations
    if len(run.journal) and (differ := provenance.differences(run.provenance, provenance.collect(run.experiment))):
        typer.echo(f"Warning: what follows may differ in the last bits ({'; '.join(differ)}).", err=True)
    with Live(run, total) as live:
        reason = run.evolve(generations, threads, live.show)
    for event in run.events:
        typer.echo(f"Search: {event}.")
    typer.echo(f"Stopped because {reason}.")
    champion = run.choose_champion(threads)
    typer.echo(
        f"Champion {champion.generation}:{champion.individual}: fitness {champion.search_fitness:.4g} in the search, "
        f"{champion.heldout_fitness:.4g} on {run.spec.evaluation.heldout_episodes} held-out scenarios."
    )
    _tell_report(*write_report(run))


def _tell_report(path: Path, missing: str) -> None:
    if missing:
        typer.echo(f"The report has no video: {missing}", err=True)
    typer.echo(f"Report: {path}")


def main() -> None:
    """Entry point: one clear message and exit code 2 for a user's mistake, 130 for Ctrl-C."""
    from evoloco.errors import EvolocoError

    try:
        app()
    except EvolocoError as error:
        typer.echo(f"evoloco: {error}", err=True)
        sys.exit(130 if type(error).__name__ == "Interrupted" else 2)
    except OSError as error:
        typer.echo(f"evoloco: {error.filename}: {error.strerror}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("evoloco: interrupted; what was recorded is whole. Go on with: evoloco resume DIR", err=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
