"""`evoloco check`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from evoloco.cli.arguments import (
    AsJson,
    Judged,
    Quiet,
    Ray,
    Threads,
    TimeLimit,
    Workers,
    check_workers,
)
from evoloco.cli.output import Output

if TYPE_CHECKING:
    from evoloco.check.result import Check
    from evoloco.check.second import Second
    from evoloco.check.survey import Progress
    from evoloco.experiment import Experiment

EXAMPLES = (
    "evoloco check runs/out/biped-seed0",
    "evoloco check runs/out/biped-seed0 --worlds 100 --hidden 400",
    "evoloco check biped --out check-of-biped",
    "evoloco check runs/out/biped-seed0 --threads 1 --json",
)

Engine = Literal["mujoco", "drake"]
"""Simulators, as `evoloco.check.make` has them."""

INTERVAL = 5.0
"""Shortest time between plain lines [s]."""


def check(
    run: Judged,
    worlds: Annotated[int, typer.Option(min=1, help="Worlds of each single gap.")] = 20,
    hidden: Annotated[int, typer.Option(min=1, help="Worlds with all gaps at once.")] = 200,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for check.html and check.json.",
            show_default="the run folder, or runs/out/NAME-check",
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="drake: tries it in Drake too, over a range of contacts.")
    ] = "mujoco",
    threads: Threads = 0,
    ray: Ray = None,
    workers: Workers = 0,
    time_limit: TimeLimit = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Checks whether a champion survives other worlds and other numerics, and says why not.

    Writes check.html and check.json. An interrupted check goes on where it stopped.
    """
    from evoloco.check.make import make
    from evoloco.check.subject import Subject
    from evoloco.loop import Interrupted

    output, elsewhere = Output(quiet, as_json), _elsewhere(ray, workers)
    subject = Subject.of(run, out)
    try:
        with _shown(output) as show:
            found, page = make(
                subject, worlds, hidden, threads, time_limit, elsewhere, show, engine
            )
    except KeyboardInterrupt:
        place = "" if out is None else f" --out {out}"
        raise Interrupted(
            "Interrupted; what was measured is safe. "
            f"Go on with the same command: evoloco check {run}{place}"
        ) from None

    output.data("check", {**_plain(found), "page": str(page)})
    for sentence in found.verdict.sentences:
        output.say(sentence)
    if found.second is not None:
        _tell(output, found.second)
    output.say(f"{found.took.episodes} episodes in {found.took.wall:.0f} s.")
    output.say(f"Check: {page}")
    if (page.parent / "run.toml").is_file():
        output.say(f"Put its short form into the report with: evoloco report {page.parent}")


def _tell(output: Output, second: "Second") -> None:
    """Prints what happened in a second simulator."""
    from evoloco.text_table import aligned

    if output.speaks:
        typer.echo(f"\n{aligned(*second.rows())}\n")
    for sentence in second.told:
        output.say(sentence)


def _elsewhere(address: str | None, workers: int) -> Callable[["Experiment"], Any] | None:
    """Returns what opens evaluators on Ray; None without an address.

    Raises:
        SpecError: There are workers, but no address.
    """
    check_workers(address, workers)
    if address is None:
        return None

    def on_ray(experiment: "Experiment") -> Any:
        from evoloco.evaluators.ray import Ray

        return Ray(experiment, address, workers, experiment.heldout_duration)

    return on_ray


@contextmanager
def _shown(output: Output) -> Iterator[Callable[["Progress"], None]]:
    """Shows how far a check is: a bar in a terminal, plain lines or JSON elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if output.speaks and console.is_terminal and not console.is_dumb_terminal:
        with _bar(console) as show:
            yield show
    else:
        yield _lines(output)


@contextmanager
def _bar(console: Any) -> Iterator[Callable[["Progress"], None]]:
    """Shows a bar in one line that never wraps."""
    from rich import progress as parts
    from rich.table import Column

    columns = (
        parts.BarColumn(table_column=Column(ratio=1)),
        parts.TextColumn("{task.percentage:.0f} %"),
        parts.TimeElapsedColumn(),
        parts.TextColumn("left"),
        parts.TimeRemainingColumn(),
        parts.TextColumn(
            "{task.description}", table_column=Column(ratio=2, no_wrap=True, overflow="ellipsis")
        ),
    )
    with parts.Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task("", total=None)

        def show(progress: "Progress") -> None:
            bar.update(
                task, description=progress.what, completed=progress.done, total=progress.total
            )

        yield show


def _lines(output: Output) -> Callable[["Progress"], None]:
    """Shows plain lines, or one JSON object for each measurement."""
    import time

    shown = -INTERVAL

    def show(progress: "Progress") -> None:
        nonlocal shown
        output.data("measuring", progress._asdict())
        if output.speaks and time.monotonic() - shown >= INTERVAL:
            shown = time.monotonic()
            typer.echo(f"{progress.done}/{progress.total} episodes  {progress.what}", err=True)

    return show


def _plain(found: "Check") -> dict[str, Any]:
    """Returns the short form for JSON."""
    full = found.at(1.0)
    return {
        "run": found.run,
        "seed": found.seed,
        "badge": found.verdict.badge,
        "verdict": list(found.verdict.sentences),
        "falls": {f"{one.width:g}": one.tally.falls / one.tally.worlds for one in found.wide},
        "worst_tenth": full.worst_tenth,
        "way": full.distance,
        "episodes": found.took.episodes,
        "took": found.took.wall,
        **({"second": found.second.model_dump()} if found.second else {}),
    }
