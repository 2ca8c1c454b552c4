"""`evoloco report` and `evoloco par`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evoloco.cli.arguments import Folder, complete_run
from evoloco.cli.output import Output

if TYPE_CHECKING:
    from evoloco.replay import Replay
    from evoloco.run import Run

REPORT_EXAMPLES = ("evoloco report runs/out/biped-seed0",)
PAR_EXAMPLES = (
    "evoloco par runs/out/muscle_biped-seed0 --out walk.par",
    "evoloco par biped",
)


def report(folder: Folder) -> None:
    """Writes report.html, one self-contained page."""
    from evoloco.run import Run

    output, run = Output(), Run(folder)
    if not (folder / "champion.json").is_file():
        with output.doing("Choosing the champion ...", logged=True):
            run.choose_champion()
    make_report(output, run)


def make_report(output: Output, run: "Run", again: "Replay | None" = None) -> Path:
    """Films the champion, writes the report and says where it is.

    Args:
        output: Where to say so.
        run: The run.
        again: Its champion, simulated again.

    Raises:
        Interrupted: Ctrl-C; old film and report are as they were.
    """
    from evoloco.loop import Interrupted

    try:
        from evoloco.report.assemble import write_report

        with output.doing("Filming the champion ...", logged=True) as doing:
            path, missing = write_report(run, again, doing)
    except KeyboardInterrupt:
        raise Interrupted(
            "Interrupted while film and report were made. The run and its champion are safe, and "
            f"no file is half-written. Make the report again with: evoloco report {run.folder}"
        ) from None

    if missing:
        output.complain(f"The report has no video: {missing}")
    output.say(f"Report: {path}")
    return path


def par(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run folder, its champion.json, or a bundled run.",
            autocompletion=complete_run,
        ),
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
        files.write(out, text, files.ONCE_MORE)
        typer.echo(f"Parameters: {out}")
