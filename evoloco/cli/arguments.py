"""Arguments and options that several commands take, and what a shell completes for them."""

from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

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
"""What `evoloco list` can list."""


def complete_run(incomplete: str) -> list[str]:
    """Returns the bundled runs and the run files here that begin with a text."""
    from evoloco.bundled import runs

    files = [str(path) for path in Path().glob(f"{incomplete}*.toml")]
    return [name for name in sorted(runs()) if name.startswith(incomplete)] + sorted(files)


def complete_name(ctx: typer.Context, incomplete: str) -> list[str]:
    """Returns the members of the kind before it that begin with a text."""
    from evoloco.bundled import runs
    from evoloco.members import ROOMS, members

    kind = str(ctx.params.get("kind") or "")
    room = "fitness" if kind == "measures" else kind
    known = sorted(runs()) if kind == "runs" else members(room) if room in ROOMS else []
    return [name for name in known if name.startswith(incomplete)]


def complete_kind(incomplete: str) -> list[str]:
    """Returns the kinds that begin with a text."""
    return [kind for kind in get_args(Kind) if kind.startswith(incomplete)]


RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A bundled run, or the path of a .toml run file.",
        autocompletion=complete_run,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Other values for keys of the run file."),
]
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="A run folder, such as runs/out/biped-seed0.")
]
Judged = Annotated[
    str,
    typer.Argument(
        metavar="DIR",
        help="A run folder, or a bundled run for its published champion.",
        autocompletion=complete_run,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(min=0, help="Seed of all random numbers; by default the run file's."),
]
Seeds = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="Evolves once for each seed, such as 0-9 or 0,3,5, and sums up. The same command "
        "continues what was interrupted.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Run folder, which must not exist; with --seeds the folder around them.",
        show_default="runs/out/NAME-seedSEED, or runs/out/NAME-seeds",
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Starts the search at these values: a .par file, a champion.json, a run folder "
        "or a bundled run.",
    ),
]
Threads = Annotated[
    int,
    typer.Option(min=0, help="Simulation threads; 0 for all CPUs. Results do not depend on it."),
]
Generations = Annotated[
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
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Builds and tries everything, says what would happen, writes nothing."
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Prints nothing but warnings and errors.")
]
AsJson = Annotated[
    bool,
    typer.Option(
        "--json", help="Prints one JSON object per generation and a final one, and nothing else."
    ),
]


def check_workers(address: str | None, workers: int) -> None:
    """Checks that --workers comes with --ray.

    Raises:
        SpecError: It does not.
    """
    from evoloco.errors import SpecError

    if address is None and workers:
        raise SpecError("--workers needs Ray: give --ray too, such as --ray local.")
