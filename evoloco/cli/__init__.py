"""The command line: parse, call, print. Heavy modules are imported by the command that needs them.

One file per group of commands; this one puts them together.
"""

import os
import sys
import warnings
from typing import Annotated, Any

import typer

from evoloco.cli import (
    checking,
    comparing,
    deploying,
    evolving,
    exporting,
    identifying,
    inspecting,
    learning,
    listing,
    replaying,
    reporting,
    training,
)

# The last bits of linear algebra depend on its number of threads, and MuJoCo needs the cores.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

app = typer.Typer(
    help="Evolve robot gaits: controllers, optimizers and native MuJoCo episodes, "
    "reproducible to the bit.",
    epilog="Start with:  evoloco evolve biped",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _name, _command, _examples in (
    ("list", listing.list_members, listing.EXAMPLES),
    ("inspect", inspecting.inspect, inspecting.EXAMPLES),
    ("evolve", evolving.evolve, evolving.EVOLVE_EXAMPLES),
    ("train", training.train, training.TRAIN_EXAMPLES),
    ("resume", evolving.resume, evolving.RESUME_EXAMPLES),
    ("replay", replaying.replay, replaying.EXAMPLES),
    ("check", checking.check, checking.EXAMPLES),
    ("compare", comparing.compare, comparing.EXAMPLES),
    ("report", reporting.report, reporting.REPORT_EXAMPLES),
    ("excite", identifying.excite, identifying.EXCITE_EXAMPLES),
    ("identify", identifying.identify, identifying.IDENTIFY_EXAMPLES),
    ("deploy", deploying.deploy, deploying.EXAMPLES),
    ("par", reporting.par, reporting.PAR_EXAMPLES),
    ("export", exporting.export, exporting.EXAMPLES),
    ("learn", learning.learn, learning.EXAMPLES),
    ("convert", training.convert, training.CONVERT_EXAMPLES),
):
    _lines = "\n".join(f"  {example}" for example in _examples)
    app.command(name=_name, epilog=f"\b\nExamples:\n{_lines}")(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from evoloco import __version__

        typer.echo(f"evoloco {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Prints the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Evolve robot gaits: controllers, optimizers and native MuJoCo episodes, reproducible."""


def main() -> None:
    """Entry point: one clear message and a known exit code, which docs/faults.md lists."""
    from evoloco.errors import EvolocoError, unwritten

    try:
        module: Any = warnings  # its function has six parameters, of which one is shown
        with warnings.catch_warnings():
            module.showwarning = _show
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
            "A run that has begun continues with: evoloco resume DIR",
            err=True,
        )
        sys.exit(130)


def _show(message: Warning | str, *_: Any) -> None:
    """Prints a warning as a sentence, without the line of code that it came from."""
    typer.echo(f"Warning: {message}", err=True)


def _end(error: Any) -> None:
    """Prints an error and ends the process with its exit code."""
    typer.echo(f"evoloco: {error}", err=True)
    sys.exit(error.code)
