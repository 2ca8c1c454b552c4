"""`evoloco export`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from evoloco.cli.arguments import complete_run

if TYPE_CHECKING:
    from evoloco.export.calibration import Calibration
    from evoloco.export.exported import Exported

EXAMPLES = (
    "evoloco export biped_fast --to json --out biped-bundle",
    "evoloco export --verify biped-bundle",
    "evoloco export biped_fast --to c --out biped-c",
    "evoloco export biped_ppo --to onnx --out biped.onnx",
    "evoloco export biped_fast --to csv --out walk.csv",
)

Format = Literal["json", "c", "onnx", "csv", "parquet"]
"""What a champion can be exported to."""

FOLDERS = ("json", "c")
"""Formats that become a folder; the others are one file."""


def export(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[DIR]",
            help="A run folder, or a bundled run for its published champion.",
            autocompletion=complete_run,
        ),
    ] = "",
    to: Annotated[Format, typer.Option(help="What is written.")] = "json",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where it is written.", show_default="RUN-json, RUN-c, RUN.onnx and so on, here"
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Direction and zero of each servo."),
    ] = None,
    allow_falls: Annotated[
        bool,
        typer.Option("--allow-falls", help="Exports a champion too that fell when it was judged."),
    ] = False,
    verify: Annotated[
        Path | None,
        typer.Option(
            metavar="BUNDLE", help="Replays the trace of a bundle through its controller instead."
        ),
    ] = None,
) -> None:
    """Exports a champion, or verifies an exported bundle."""
    from evoloco.errors import SpecError

    if verify is not None:
        _verify(verify)
        return
    if not run:
        raise SpecError("Name a run to export: evoloco export DIR --to json")

    from evoloco.export.calibration import read
    from evoloco.export.description import names
    from evoloco.export.exported import Exported
    from evoloco.export.folder import refuse_existing

    exported = Exported.of(run)
    if not allow_falls and to not in ("csv", "parquet"):
        exported.refuse_falls()
    out = out or Path(f"{exported.name}{'-' if to in FOLDERS else '.'}{to}")
    if to in ("csv", "parquet") and (out.suffix == ".parquet") != (to == "parquet"):
        raise SpecError(f"--out {out}: a {to} file must end in .{to}.")
    refuse_existing(out)
    mounted = read(calibration, names(exported.experiment.morphology)) if calibration else {}
    for line in WRITERS[to](exported, out, mounted):
        typer.echo(line)


def _to_json(
    exported: "Exported", out: Path, calibration: "dict[str, Calibration]"
) -> Iterator[str]:
    """Writes a bundle; yields lines to print."""
    from evoloco.export import bundle

    bundle.write(exported, out, calibration)
    yield f"Bundle: {out}"
    yield f"Next: evoloco export --verify {out}"


def _to_c(exported: "Exported", out: Path, calibration: "dict[str, Calibration]") -> Iterator[str]:
    """Writes C; yields lines to print."""
    from evoloco.export.c import folder

    name = folder.write(exported, out, calibration)
    yield f"Header, source and test: {out}"
    test = f"{name}_test"
    yield f"Next: cd {out} && cc -std=c99 -O2 -o {test} {test}.c {name}.c -lm && ./{test}"


def _to_onnx(
    exported: "Exported", out: Path, calibration: "dict[str, Calibration]"
) -> Iterator[str]:
    """Writes an ONNX file; yields lines to print."""
    from evoloco.export import onnx_file

    difference = onnx_file.write(exported, out, calibration)
    yield f"Policy: {out}"
    yield f"ONNX Runtime answers as the policy does, within {difference:.2g} of a command's range."


def _to_table(exported: "Exported", out: Path, _: "dict[str, Calibration]") -> Iterator[str]:
    """Writes a table; yields lines to print."""
    from evoloco.export import table

    episode = table.write(exported, out)
    yield f"Table: {out}, {len(episode)} rows of {episode.control_dt:g} s"


WRITERS = {
    "json": _to_json,
    "c": _to_c,
    "onnx": _to_onnx,
    "csv": _to_table,
    "parquet": _to_table,
}
"""What writes each format."""


def _verify(folder: Path) -> None:
    """Replays the trace of a bundle through its controller.

    Raises:
        ExportError: It is no bundle, it was edited, or the commands differ.
    """
    from evoloco.export.bundle import load
    from evoloco.export.exported import ExportError
    from evoloco.export.trace import TOLERANCE

    found = load(folder)
    trace, controls = found.trace, found.description.controls
    difference = trace.difference(found.host())
    worst = int(difference.argmax())
    told = f"{difference[worst]:.3g} {controls[worst].unit} in {controls[worst].name}"
    if not difference[worst] <= TOLERANCE:
        raise ExportError(
            f"{folder}: the controller's commands differ from the stored trace by up to {told}, "
            f"more than {TOLERANCE:g}: it is not the controller that was exported."
        )
    typer.echo(f"{folder} is as it was exported, checksum {found.description.sha256[:16]}.")
    typer.echo(f"{len(trace)} control steps replayed, largest difference {told}.")
