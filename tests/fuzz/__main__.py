"""Coverage-guided fuzzing of everything that reads a foreign file.

    pip install -c constraints.txt -e '.[dev,fuzz]'
    python tests/fuzz                                    # every target, five minutes each
    python tests/fuzz journal -max_total_time=60         # one, with arguments of libFuzzer
    python tests/fuzz journal crash-0123                 # an input that broke it; its traceback

Each target begins with real files and mutates them towards branches of our
own Python that no input has reached yet. Whatever comes, a reader must answer
with what it reads or with an `EvolocoError`. Code that is not Python (SQLite,
pydantic's validation, expat, MuJoCo) runs too, but does not guide the search.
What breaks a target is left in the working directory as crash-*.
"""

import atexit
import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))

with atheris.instrument_imports(include=["evoloco", "tomllib"]):
    from injection import evoloco, short

    from evoloco import champion, provenance
    from evoloco.champion import exported
    from evoloco.errors import EvolocoError, JournalError
    from evoloco.model_file import check_sizes, files_of
    from evoloco.record.journal import FILE, Journal, intact_generations
    from evoloco.salvage import salvage
    from evoloco.search import scone_par, start
    from evoloco.spec import dumps, loads, read

ROOT = Path(__file__).parents[2]
SECONDS = 300
"""Time for each target where all are run [s]."""

SLOWEST = 20
"""Time that one input may take [s]."""

LARGEST = 200_000
"""Size of an input [bytes]."""


class Target(NamedTuple):
    """A reader of files.

    Attributes:
        read: Reads one, in a run folder.
        file: What it is called there.
        seeds: Real files to begin with.
    """

    read: Callable[[Path], object]
    file: str
    seeds: Callable[[Path], Iterable[Path]]


def run_file(path: Path) -> None:
    spec = read(path)
    assert loads(dumps(spec)) == spec


def journal(path: Path) -> None:
    whole = sum(1 for _ in intact_generations(path))
    record = Journal(path)
    try:
        assert sum(1 for _ in record.generations()) == len(record) == whole
        record.events()
    finally:
        record.close()


def damaged(path: Path) -> None:
    """What was salvaged is whole; slow, since a run is read each time."""
    with contextlib.suppress(JournalError):
        journal(path)
        return
    salvage(path.parent)
    journal(path)


def parameters(run: Path) -> list[Path]:
    """The parameter file of a run's champion."""
    path = run / "champion.par"
    path.write_text(scone_par.dumps(exported(run)), encoding="utf-8")
    return [path]


def bundled(*patterns: str) -> Callable[[Path], Iterator[Path]]:
    """Files of the repository."""
    return lambda _: (path for pattern in patterns for path in ROOT.glob(pattern))


TARGETS = {
    "run_file": Target(run_file, "fuzzed.toml", bundled("runs/*/run.toml", "examples/*.toml")),
    "journal": Target(journal, FILE, lambda run: [run / FILE]),
    "salvage": Target(damaged, FILE, lambda run: [run / FILE]),
    "champion": Target(champion.read, "champion.json", lambda run: [run / "champion.json"]),
    "parameters": Target(start.load, "fuzzed.par", parameters),
    "start": Target(start.load, "champion.json", lambda run: [run / "champion.json"]),
    "provenance": Target(provenance.read, "provenance.json", lambda run: [run / "provenance.json"]),
    "model_files": Target(files_of, "fuzzed.xml", bundled("examples/*.xml", "examples/*.urdf")),
    "model_sizes": Target(check_sizes, "fuzzed.xml", bundled("examples/*.xml", "examples/*.urdf")),
}


def fuzz(target: Target, arguments: list[str]) -> None:
    """Reads mutated or given files, as libFuzzer's arguments ask; ends the process."""
    place = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, place)
    run = place / "run"
    evoloco(
        "evolve", short(place), "--out", run
    )  # not in this process: Numba cannot compile what is instrumented
    seeds, path = place / "seeds", run / target.file
    seeds.mkdir()
    for number, seed in enumerate(target.seeds(run)):
        (seeds / str(number)).write_bytes(seed.read_bytes())

    def one(data: bytes) -> None:
        for left in run.glob("journal.*"):
            left.unlink()
        path.write_bytes(data)
        with contextlib.suppress(EvolocoError):
            target.read(path)

    begin = [] if any(Path(argument).is_file() for argument in arguments) else [str(seeds)]
    atheris.Setup(
        [sys.argv[0], f"-timeout={SLOWEST}", f"-max_len={LARGEST}", *arguments, *begin], one
    )
    atheris.Fuzz()


def main() -> None:
    if sys.argv[1:]:
        fuzz(TARGETS[sys.argv[1]], sys.argv[2:])
    broken = [
        name
        for name in TARGETS
        if subprocess.run(
            [sys.executable, Path(__file__).parent, name, f"-max_total_time={SECONDS}"], check=False
        ).returncode
    ]
    sys.exit(f"Broken: {', '.join(broken)}." if broken else 0)


if __name__ == "__main__":
    main()
