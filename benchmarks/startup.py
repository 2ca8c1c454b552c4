"""How long a user waits: for --help, and for the first generation of `evoloco evolve`.

    python benchmarks/startup.py [--repeats 5]

The first start on a machine compiles the controller and the kernel and caches
them on disk; it is measured separately, with an empty cache folder.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evoloco.run import Run

COMMAND = [sys.executable, "-m", "evoloco.cli"]


def help_time() -> float:
    """Returns the time of `evoloco --help` [s]."""
    began = time.perf_counter()
    subprocess.run([*COMMAND, "--help"], check=True, capture_output=True)
    return time.perf_counter() - began


def first_generation(cache: str | None) -> float:
    """Returns the time from the start of the process to its first recorded generation [s]."""
    environment = dict(os.environ)
    if cache:
        environment |= {"XDG_CACHE_HOME": cache, "NUMBA_CACHE_DIR": cache}

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [*COMMAND, "evolve", "biped", "--generations", "1", "--out", str(out)]
        began = time.time()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        return Run(out).journal[0].finished - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    help_time()
    print(f"evoloco --help: {statistics.median(help_time() for _ in range(repeats)):.2f} s")
    with tempfile.TemporaryDirectory() as cache:
        print(f"first generation, first start on a machine: {first_generation(cache):.1f} s")
    first_generation(None)
    later = [first_generation(None) for _ in range(repeats)]
    print(f"first generation, later starts: {statistics.median(later):.1f} s")


if __name__ == "__main__":
    main()
