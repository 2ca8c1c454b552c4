"""The commands as functions: evolve a gait, load a run folder, continue a run."""

import json
import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from evoloco import loop
from evoloco.bundled import run_file
from evoloco.loop import Progress
from evoloco.overrides import flat
from evoloco.run import Run
from evoloco.spec import RunSpec, read


def evolve(
    run: str | PathLike[str],
    *,
    generations: int = 0,
    seed: int | None = None,
    out: str | PathLike[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    threads: int = 0,
    progress: Progress | None = None,
) -> Run:
    """Evolves a gait and records everything in a run folder, as the command `evoloco evolve` does.

    The run has a champion afterwards, but no report yet: `run.report()` writes it.

    Args:
        run: A bundled run, or the path of a .toml run file.
        generations: Total number of generations; 0 for that of the run file.
        seed: Seed of all random numbers; None for that of the run file.
        out: Run folder, which must not exist; None for `runs/out/NAME-seedSEED` in the working
            directory.
        overrides: Other values for keys of the run file, by dotted key, such as
            `{"optimizer.population_size": 48}`. A value may be a table of further keys.
        threads: Simulation threads; 0 for all CPUs. Results do not depend on it.
        progress: Called after each recorded generation. `print` is enough.

    Returns:
        The finished run.

    Raises:
        EvolocoError: The run file is not valid, the folder exists, or the search cannot continue.

    Warns:
        UserWarning: An override replaces a member, so options of the old one are left out.
    """
    changes = dict(overrides or {})
    if seed is not None:
        changes["seed"] = seed
    if generations:
        changes["optimizer.generations"] = generations

    source = run_file(str(run))
    spec = read(source, assignments(changes), _warn)
    folder = usual_folder(spec) if out is None else Path(out)
    return _finished(Run.create(spec, folder, source), 0, threads, progress)


def load(folder: str | PathLike[str]) -> Run:
    """Opens a run folder.

    Raises:
        EvolocoError: The folder is not a run, or its files are damaged.
    """
    return Run(Path(folder))


def resume(
    run: Run | str | PathLike[str],
    *,
    generations: int = 0,
    threads: int = 0,
    progress: Progress | None = None,
) -> Run:
    """Continues a run exactly where it stopped, as the command `evoloco resume` does.

    Args:
        run: A run, or the path of its folder.
        generations: Total number of generations; 0 for that of the run file.
        threads: Simulation threads; 0 for all CPUs. Results do not depend on it.
        progress: Called after each recorded generation.

    Returns:
        The finished run.

    Raises:
        EvolocoError: The folder is not a run, or the run cannot continue.
    """
    opened = run if isinstance(run, Run) else load(run)
    return _finished(opened, generations, threads, progress)


def usual_folder(spec: RunSpec) -> Path:
    """Returns the folder that a run gets if none is named: `runs/out/NAME-seedSEED`."""
    return Path("runs") / "out" / f"{spec.name}-seed{spec.seed}"


def _warn(note: str) -> None:
    """Warns the caller of `evolve`."""
    warnings.warn(note, stacklevel=4)


def _finished(run: Run, generations: int, threads: int, progress: Progress | None) -> Run:
    """Runs a search to its end and chooses the champion."""
    loop.evolve(run, generations, run.local(threads), progress)
    run.choose_champion(threads)
    return run


def assignments(table: Mapping[str, Any]) -> list[str]:
    """Returns the keys and values of a table as `key=value` with TOML values."""
    return [f"{key}={_toml(value)}" for key, value in flat(table).items()]


def _toml(value: Any) -> str:
    """Returns a string, a number, a truth value or a sequence of these as TOML."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """Returns what JSON can hold for a path, or for a number or an array of NumPy."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
