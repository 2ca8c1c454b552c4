"""`evoloco compare`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evoloco.cli.arguments import AsJson, Quiet, Ray, Threads, Workers
from evoloco.cli.evolving import on_ray
from evoloco.cli.output import Output

if TYPE_CHECKING:
    from evoloco.compare.lineup import Lineup
    from evoloco.compare.make import Progress
    from evoloco.compare.result import Comparison

EXAMPLES = (
    "evoloco compare hoppers",
    "evoloco compare runs/out/biped_fast-seed0 runs/out/biped_sine-seed0",
    "evoloco compare runs/out/biped_fast-seed0 runs/out/biped_phase-seed0 --judge biped_fast",
    "evoloco compare hoppers --worlds 50 --gap-worlds 0",
)


def complete_comparison(incomplete: str) -> list[str]:
    """Returns the bundled comparisons and the comparison files here that begin with a text."""
    from evoloco.compare.contenders import bundled

    files = [str(path) for path in Path().glob(f"{incomplete}*.toml")]
    return [name for name in sorted(bundled()) if name.startswith(incomplete)] + sorted(files)


def compare(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT...",
            help="A comparison file or a bundled comparison, whose runs are made first; or run "
            "folders, and folders of them.",
            autocompletion=complete_comparison,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the comparison, and for the runs of a comparison file.",
            show_default="runs/out/NAME, or runs/out/comparison",
        ),
    ] = None,
    judge: Annotated[
        str,
        typer.Option(
            metavar="RUN",
            help="Run file whose fitness and scenario judge run folders that were searched for "
            "different ones.",
        ),
    ] = "",
    worlds: Annotated[
        int | None,
        typer.Option(min=1, help="Worlds in each scenario; by default 20, or the file's."),
    ] = None,
    gap_worlds: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Worlds at each width of each gap, 0 to leave gaps out; by default 4, or the "
            "file's.",
        ),
    ] = None,
    threads: Threads = 0,
    ray: Ray = None,
    workers: Workers = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compares contenders over seeds: what can be concluded, and what cannot.

    Writes comparison.html and comparison.json. An interrupted comparison goes on where it stopped.
    """
    from evoloco.compare.make import make
    from evoloco.loop import Interrupted

    output = Output(quiet, as_json)
    lineup, folder = _lineup(output, what, out, judge, worlds, gap_worlds)
    try:
        _search(output, lineup, threads, ray, workers)
        with _shown(output) as show:
            found, page = make(lineup, folder, threads, show)
    except (Interrupted, KeyboardInterrupt):
        raise Interrupted(
            "Interrupted; everything recorded and measured so far is safe. Continue with the same "
            "command."
        ) from None

    output.data("comparison", {**_plain(found), "page": str(page)})
    for sentence in found.conclusion:
        output.say(sentence)
    output.say(f"Comparison: {page}")


def _lineup(
    output: Output,
    what: list[str],
    out: Path | None,
    judge: str,
    worlds: int | None,
    gap_worlds: int | None,
) -> "tuple[Lineup, Path]":
    """Returns who is compared, and the folder of the comparison.

    Raises:
        SpecError: There is no such comparison, or it is given together with something else.
    """
    from dataclasses import replace

    from evoloco.compare import contenders, folders
    from evoloco.errors import SpecError, UnknownNameError

    bundled = contenders.bundled()
    files = [one for one in what if one.endswith(".toml") or _is_bundled(one, bundled)]
    if files:
        if len(what) > 1 or judge:
            raise SpecError(
                f"{files[0]} is a comparison file: it stands alone, without other runs and without "
                "--judge. Its contenders and their judges are in the file."
            )
        path = Path(files[0]) if files[0].endswith(".toml") else bundled[files[0]]
        found, folder = contenders.lineup(path, out, output.note)
    else:
        for one in what:
            if not Path(one).is_dir():
                raise UnknownNameError(
                    "comparison", one, bundled, "WHAT is a run folder, a .toml file, or bundled"
                )
        found = folders.lineup([Path(one) for one in what], judge)
        folder = out or Path("runs") / "out" / "comparison"

    given = {"worlds": worlds, "gap_worlds": gap_worlds}
    changed = {key: value for key, value in given.items() if value is not None}
    return replace(found, **changed), folder  # type: ignore[arg-type]


def _is_bundled(name: str, bundled: dict[str, Path]) -> bool:
    return name in bundled and not Path(name).exists()


def _search(output: Output, lineup: "Lineup", threads: int, ray: str | None, workers: int) -> None:
    """Makes the runs that are missing, one after the other."""
    from evoloco.compare import searching

    with output.doing("Checking the runs ..."):
        searching.check_all(lineup)
        left = searching.missing(lineup)
    total, budget = len(lineup.entrants), searching.budget_of(lineup)
    finished = total - len(left)
    if lineup.simulated_time is not None:
        output.say(f"{finished} of {total} runs are finished.")
    for number, entrant in enumerate(left.values(), finished + 1):
        output.say(f"\n{entrant.folder}, {number} of {total}")
        searching.search(
            entrant,
            budget,
            lambda experiment: on_ray(experiment, ray, workers),
            threads,
            lambda run, evaluator: _watched(output, run, evaluator, budget.simulated),
        )
        output.data("run", {"folder": str(entrant.folder), "number": number, "total": total})


@contextmanager
def _watched(output: Output, run: Any, evaluator: Any, budget: float) -> Iterator[Any]:
    """Shows a search, whose generations are estimated from the budget."""
    spec = run.spec
    each = spec.optimizer.population_size * spec.evaluation.episodes * spec.scenario.duration
    if spec.training:
        each = spec.training.steps_per_judgement * spec.scenario.control_dt
    total = max(len(run.journal) + 1, round(budget / each))
    with output.display(run, total, evaluator) as display:
        yield display.show


@contextmanager
def _shown(output: Output) -> "Iterator[Callable[[Progress], None]]":
    """Shows what is measured: a line that changes in a terminal, JSON or plain lines elsewhere."""
    with output.doing("Judging ...", logged=True) as say:

        def show(progress: "Progress") -> None:
            output.data("measuring", progress._asdict())
            say(f"{progress.done}/{progress.total} runs  {progress.what}")

        yield show


def _plain(found: "Comparison") -> dict[str, Any]:
    """Returns the short form for JSON."""
    return {
        "name": found.name,
        "conclusion": list(found.conclusion),
        "scores": {one.contender: one.score.model_dump() for one in found.summaries},
        "pairs": [one.model_dump() for one in found.pairs],
        "runs": len(found.runs),
    }
