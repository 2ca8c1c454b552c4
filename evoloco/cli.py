"""Commands: parse, call, print. Heavy modules are imported by the command that needs them."""

import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
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

Kind = Literal["controllers", "morphologies", "measures", "optimizers", "quantities", "runs"]

Threads = Annotated[
    int,
    typer.Option(min=0, help="Simulation threads; 0 for all CPUs. Results do not depend on it."),
]
More = Annotated[int, typer.Option(min=0, help="Generations in all; 0 for those of the run file.")]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Evaluates on Ray: local starts it on this machine; auto, HOST:PORT or ray://HOST:PORT join a cluster.",
    ),
]
Workers = Annotated[
    int, typer.Option(min=0, help="Workers on Ray, one CPU each; 0 for all CPUs of the cluster.")
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="Wall time that an episode may take [s]; 0 for any; the run file's where left out.",
    ),
]
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A run folder, such as runs/out/biped-seed0.")
]


@app.command(name="list", epilog="Example:  evoloco list controllers matsuoka")
def list_members(
    kind: Annotated[
        Kind | None, typer.Argument(help="What to list; everything where left out.")
    ] = None,
    name: Annotated[str | None, typer.Argument(help="One member, in full.")] = None,
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Options of a controller, for its genes."),
    ] = None,
    morphology: Annotated[
        str,
        typer.Option(
            help="Body on which a controller's genes or a quantity's elements are shown.",
            show_default="the first that it fits",
        ),
    ] = "",
) -> None:
    """Lists what a run file can name; with a name, its options and (for a controller) its genes."""
    from evoloco import catalogue

    if name is not None and kind is not None:
        typer.echo(catalogue.describe(kind, name, morphology, options or []))
    else:
        typer.echo(catalogue.overview(kind))


@app.command(epilog="Example:  evoloco evolve biped optimizer.population_size=48 --seed 3")
def evolve(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A bundled run, or the path of a .toml run file.")
    ],
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Other values for keys of the run file."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of everything random; the run file's where left out.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Run folder, which must not exist.", show_default="runs/out/NAME-seedSEED"
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Begins at its values: a .par file, a champion.json, a run folder or a bundled run.",
        ),
    ] = None,
    threads: Threads = 0,
    generations: More = 0,
    ray: Ray = None,
    workers: Workers = 0,
) -> None:
    """Evolves a gait, records everything in a run folder, and writes a report."""
    from rich.console import Console

    from evoloco.bundled import run_file, start_file
    from evoloco.experiment import Experiment
    from evoloco.run import Run
    from evoloco.spec import read

    changes = list(overrides or [])
    if seed is not None:
        changes.append(f"seed={seed}")
    if generations:
        changes.append(f"optimizer.generations={generations}")
    if start:
        changes.append(f"start.path={json.dumps(str(start_file(start)), ensure_ascii=False)}")
    source = run_file(run)
    spec = read(source, changes)
    folder = out or Path("runs") / "out" / f"{spec.name}-seed{spec.seed}"
    with _on_ray(Experiment(spec), ray, workers) as evaluator:
        with Console(stderr=True).status(
            "Compiling (only the first start takes more than a moment) …"
        ):
            begun = Run.create(spec, folder, source)
        for note in begun.experiment.start_notes:
            typer.echo(f"Start: {note}.")
        _go_on(begun, 0, threads, evaluator)


@app.command(epilog="Example:  evoloco resume runs/out/biped-seed0 --generations 400")
def resume(
    folder: Folder,
    generations: More = 0,
    threads: Threads = 0,
    ray: Ray = None,
    workers: Workers = 0,
    time_limit: TimeLimit = None,
    salvage: Annotated[
        bool,
        typer.Option(
            "--salvage", help="Keeps what is whole of a damaged journal, and goes on from there."
        ),
    ] = False,
) -> None:
    """Goes on exactly where a run was stopped, in whatever way it was stopped."""
    from evoloco.run import Run

    if salvage:
        from evoloco.salvage import salvage as keep_what_is_whole

        typer.echo(keep_what_is_whole(folder))
    run = Run(folder, time_limit)
    with _on_ray(run.experiment, ray, workers) as evaluator:
        _go_on(run, generations, threads, evaluator)


@app.command(
    epilog="Example:  evoloco replay runs/out/biped-seed0 --individual 12:3 --video fall.mp4"
)
def replay(
    folder: Folder,
    individual: Annotated[
        str, typer.Option(help="best: the champion on held-out scenarios; or GENERATION:INDEX.")
    ] = "best",
    video: Annotated[
        Path | None, typer.Option(help="Films the first episode, or the first that diverged.")
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Writes that episode's arrays, under MuJoCo's names, as .npz."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Writes its body, compiled, as .mjb, which MuJoCo's viewer opens."),
    ] = None,
    time_limit: TimeLimit = None,
) -> None:
    """Rebuilds any individual of a run and checks its fitness against the record, to the last bit."""
    from evoloco.gait.analysis import analyse, walks
    from evoloco.replay import replay as rebuild
    from evoloco.replay import save_model, save_trace
    from evoloco.run import Run

    again = rebuild(Run(folder, time_limit), individual)
    episode = again.shown
    where = f"Individual {again.generation}:{again.individual}"
    if not again.is_recorded:
        typer.echo(
            f"{where}: fitness {again.fitness.mean():.6g}; its generation is not recorded yet."
        )
    elif again.equal:
        typer.echo(
            f"{where}: fitness {again.fitness.mean():.6g} equals the record to the last bit."
        )
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
    if model is not None:
        save_model(episode, model)
        typer.echo(f"Model: {model}")
    if video is not None:
        from evoloco.report.video import film

        typer.echo(f"Video: {film(episode, video)}")
    if again.is_recorded and not again.equal and not again.reasons:
        raise typer.Exit(1)


@app.command(epilog="Example:  evoloco report runs/out/biped-seed0")
def report(folder: Folder) -> None:
    """Writes report.html, one self-contained page."""
    from evoloco.report.assemble import write_report
    from evoloco.run import Run

    run = Run(folder)
    if not (folder / "champion.json").is_file():
        run.choose_champion()
    _tell_report(*write_report(run))


@app.command(epilog="Example:  evoloco par runs/out/muscle_biped-seed0 --out walk.par")
def par(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run folder, its champion.json, or a bundled run."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="File to write.", show_default="the terminal")
    ] = None,
) -> None:
    """Writes a champion's values as a parameter file of SCONE's: name, best, mean, standard deviation."""
    from evoloco.bundled import start_file
    from evoloco.champion import exported
    from evoloco.record import files
    from evoloco.search.scone_par import dumps

    text = dumps(exported(start_file(run)))
    if out is None:
        typer.echo(text, nl=False)
    else:
        files.write(out, text)
        typer.echo(f"Parameters: {out}")


def _on_ray(experiment: Any, address: str | None, workers: int) -> AbstractContextManager[Any]:
    """An evaluator on Ray; None where no address is given."""
    from rich.console import Console

    from evoloco.errors import SpecError

    if address is None:
        if workers:
            raise SpecError("--workers are those on Ray: give --ray too, such as --ray local.")
        return nullcontext()
    with Console(stderr=True).status("Connecting to Ray …"):
        from evoloco.evaluators.ray import Ray

        return Ray(experiment, address, workers)


def _go_on(run: Any, generations: int, threads: int, evaluator: Any) -> None:
    """Evolves a run to its end, with a live display, and reports."""
    from evoloco.evolve import Interrupted

    try:
        _finish(run, generations, threads, evaluator)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted; what was recorded is whole. Go on with: evoloco resume {run.folder}"
        ) from None


def _finish(run: Any, generations: int, threads: int, evaluator: Any) -> None:
    from evoloco import provenance
    from evoloco.evolve import evolve as search
    from evoloco.progress import Live
    from evoloco.report.assemble import write_report

    total = generations or run.generations
    if len(run.journal) and (
        differ := provenance.differences(run.provenance, provenance.collect(run.experiment))
    ):
        typer.echo(
            f"Warning: what follows may differ in the last bits ({'; '.join(differ)}).", err=True
        )
    evaluator = evaluator or run.local(threads)
    with Live(run, total, evaluator) as live:
        reason = search(run, generations, evaluator, live.show)
    for event in run.search_events:
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
    """Entry point: one clear message and a known exit code, which docs/faults.md lists."""
    from evoloco.errors import EvolocoError, unwritten

    try:
        app(prog_name="evoloco")
    except EvolocoError as error:
        _end(error)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _end(unwritten(error, f"{place}{error.strerror or error}"))
    except MemoryError:
        _end(
            EvolocoError("The memory of this machine is not enough for this run: make it smaller.")
        )
    except KeyboardInterrupt:
        typer.echo(
            "evoloco: interrupted; what was recorded is whole. Go on with: evoloco resume DIR",
            err=True,
        )
        sys.exit(130)


def _end(error: Any) -> None:
    typer.echo(f"evoloco: {error}", err=True)
    sys.exit(error.code)


if __name__ == "__main__":
    main()
