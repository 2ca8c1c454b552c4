"""Commands: parse, call, print. Heavy modules are imported by the command that needs them."""

import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

# The last bits of linear algebra depend on its number of threads, and MuJoCo needs the cores.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

app = typer.Typer(
    help="Evolve robot gaits: controllers, optimizers and native MuJoCo episodes, "
    "reproducible to the bit.",
    epilog="Start with:  evoloco evolve biped",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Kind = Literal[
    "controllers",
    "morphologies",
    "measures",
    "optimizers",
    "sensors",
    "terrains",
    "quantities",
    "runs",
]

Threads = Annotated[
    int,
    typer.Option(min=0, help="Simulation threads; 0 for all CPUs. Results do not depend on it."),
]
More = Annotated[
    int, typer.Option(min=0, help="Total number of generations; 0 for that of the run file.")
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Evaluates on Ray: local starts it on this machine; auto, HOST:PORT or "
        "ray://HOST:PORT join a cluster.",
    ),
]
Workers = Annotated[
    int, typer.Option(min=0, help="Workers on Ray, one CPU each; 0 for all CPUs of the cluster.")
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="Wall time that an episode may take [s]; 0 for no limit; by default the run file's.",
    ),
]
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A run folder, such as runs/out/biped-seed0.")
]


@app.command(name="list", epilog="Example:  evoloco list controllers matsuoka")
def list_members(
    kind: Annotated[
        Kind | None, typer.Argument(help="What to list; by default everything.")
    ] = None,
    name: Annotated[str | None, typer.Argument(help="One member, in full.")] = None,
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Options of a controller, for its genes."),
    ] = None,
    morphology: Annotated[
        str,
        typer.Option(
            help="Body for which a controller's genes or a quantity's elements are shown.",
            show_default="the first one that fits",
        ),
    ] = "",
) -> None:
    """Lists what a run file can name. With a name: its options and, of a controller, the genes."""
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
        int | None,
        typer.Option(min=0, help="Seed of all random numbers; by default the run file's."),
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
            help="Starts the search at these values: a .par file, a champion.json, a run folder "
            "or a bundled run.",
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
        path = json.dumps(str(start_file(start)), ensure_ascii=False)
        changes.append(f"start.path={path}")

    source = run_file(run)
    spec = read(source, changes)
    folder = out or Path("runs") / "out" / f"{spec.name}-seed{spec.seed}"
    with _on_ray(Experiment(spec), ray, workers) as evaluator:
        compiling = "Compiling (only the first start takes more than a moment) …"
        with Console(stderr=True).status(compiling):
            created = Run.create(spec, folder, source)
        for note in created.experiment.start_notes:
            typer.echo(f"Start: {note}.")
        _continue(created, 0, threads, evaluator)


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
            "--salvage",
            help="Keeps the intact generations of a damaged journal, and continues from there.",
        ),
    ] = False,
) -> None:
    """Continues a run exactly where it stopped, for whatever reason it stopped."""
    from evoloco.run import Run

    if salvage:
        from evoloco.salvage import salvage as keep_what_is_intact

        typer.echo(keep_what_is_intact(folder))
    run = Run(folder, time_limit)
    with _on_ray(run.experiment, ray, workers) as evaluator:
        _continue(run, generations, threads, evaluator)


@app.command(
    epilog="Example:  evoloco replay runs/out/biped-seed0 --individual 12:3 --video fall.mp4"
)
def replay(
    folder: Folder,
    individual: Annotated[
        str, typer.Option(help="best (the champion on held-out scenarios) or GENERATION:INDEX.")
    ] = "best",
    video: Annotated[
        Path | None, typer.Option(help="Films the first episode, or the first that diverged.")
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Writes the arrays of that episode, with MuJoCo's names, as .npz."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Writes its compiled body as .mjb, which MuJoCo's viewer opens."),
    ] = None,
    time_limit: TimeLimit = None,
) -> None:
    """Simulates any individual again and compares its fitness with the record, to the last bit."""
    from evoloco.gait.analysis import analyse, walks
    from evoloco.replay import replay as simulate_again
    from evoloco.replay import save_model, save_trace
    from evoloco.run import Run

    again = simulate_again(Run(folder, time_limit), individual)
    _report_replay(again)
    episode = again.shown
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


def _report_replay(again: Any) -> None:
    """Prints whether a replay equals the record."""
    where = f"Individual {again.generation}:{again.individual}"
    mean = f"{again.fitness.mean():.6g}"
    if not again.is_recorded:
        typer.echo(f"{where}: fitness {mean}; its generation is not recorded yet.")
    elif again.equal:
        typer.echo(f"{where}: fitness {mean} equals the record to the last bit.")
    else:
        why = "; ".join(again.reasons) or "nothing known has changed: please report this"
        typer.echo(
            f"Warning: {where} gives fitness {again.fitness.tolist()}, "
            f"recorded is {again.recorded.tolist()} ({why}).",
            err=True,
        )


@app.command(epilog="Example:  evoloco report runs/out/biped-seed0")
def report(folder: Folder) -> None:
    """Writes report.html, one self-contained page."""
    from evoloco.report.assemble import write_report
    from evoloco.run import Run

    run = Run(folder)
    if not (folder / "champion.json").is_file():
        run.choose_champion()
    _print_report(*write_report(run))


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
    """Writes a champion's genes as a SCONE parameter file: name, best, mean, standard deviation."""
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
    """Returns an evaluator on Ray; its context gives None if there is no address.

    Raises:
        SpecError: There are workers, but no address.
    """
    from rich.console import Console

    from evoloco.errors import SpecError

    if address is None:
        if workers:
            raise SpecError("--workers needs Ray: give --ray too, such as --ray local.")
        return nullcontext()

    with Console(stderr=True).status("Connecting to Ray …"):
        from evoloco.evaluators.ray import Ray

        return Ray(experiment, address, workers)


def _continue(run: Any, generations: int, threads: int, evaluator: Any) -> None:
    """Runs a search to its end with a live display, and writes the report."""
    from evoloco.loop import Interrupted

    try:
        _finish(run, generations, threads, evaluator)
    except KeyboardInterrupt:
        raise Interrupted(
            "Interrupted; everything recorded so far is safe. "
            f"Continue with: evoloco resume {run.folder}"
        ) from None


def _finish(run: Any, generations: int, threads: int, evaluator: Any) -> None:
    from evoloco.loop import evolve as search
    from evoloco.progress import Live
    from evoloco.report.assemble import write_report

    _warn_of_differences(run)
    total = generations or run.generations
    evaluator = evaluator or run.local(threads)
    with Live(run, total, evaluator) as live:
        reason = search(run, generations, evaluator, live.show)

    for event in run.search_events:
        typer.echo(f"Search: {event}.")
    typer.echo(f"Stopped because {reason}.")

    champion = run.choose_champion(threads)
    typer.echo(
        f"Champion {champion.generation}:{champion.individual}: "
        f"fitness {champion.search_fitness:.4g} in the search, "
        f"{champion.heldout_fitness:.4g} on {run.spec.evaluation.heldout_episodes} held-out "
        "scenarios."
    )
    _print_report(*write_report(run))


def _warn_of_differences(run: Any) -> None:
    """Warns if the rest of a run may differ in the last bits from what its start would give."""
    from evoloco import provenance

    if not len(run.journal):
        return
    differences = provenance.differences(run.provenance, provenance.collect(run.experiment))
    if differences:
        typer.echo(
            f"Warning: what follows may differ in the last bits ({'; '.join(differences)}).",
            err=True,
        )


def _print_report(path: Path, missing: str) -> None:
    """Prints where the report is, and why it has no video if it has none."""
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
        _end(EvolocoError("This machine has not enough memory for this run: make the run smaller."))
    except KeyboardInterrupt:
        typer.echo(
            "evoloco: interrupted; everything recorded so far is safe. "
            "Continue with: evoloco resume DIR",
            err=True,
        )
        sys.exit(130)


def _end(error: Any) -> None:
    """Prints an error and ends the process with its exit code."""
    typer.echo(f"evoloco: {error}", err=True)
    sys.exit(error.code)


if __name__ == "__main__":
    main()
