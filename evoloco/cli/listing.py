"""`evoloco list`."""

from pathlib import Path
from typing import Annotated

import typer

from evoloco.cli.arguments import Kind, complete_kind, complete_name

EXAMPLES = (
    "evoloco list",
    "evoloco list controllers matsuoka",
    "evoloco list runs           # what each bundled run is for",
    "evoloco list runs biped     # its run file",
    "evoloco list runs runs/out  # a table of run folders",
)


def list_members(
    kind: Annotated[
        Kind | None,
        typer.Argument(help="What to list; by default everything.", autocompletion=complete_kind),
    ] = None,
    name: Annotated[
        str | None,
        typer.Argument(
            help="One member, in full. After runs also a folder: its run folders, as a table.",
            autocompletion=complete_name,
        ),
    ] = None,
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
    if kind == "runs" and name is not None:
        from evoloco.bundled import runs

        if name not in runs() and Path(name).is_dir():
            from evoloco.run_table import table

            typer.echo(table(Path(name)))
            return

    from evoloco import catalogue

    if name is not None and kind is not None:
        typer.echo(catalogue.describe(kind, name, morphology, options or []))
    else:
        typer.echo(catalogue.overview(kind))
