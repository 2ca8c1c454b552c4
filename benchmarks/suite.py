"""What the tests cost, beside the aims: CPU time with all processes they start, and wall time.

    python benchmarks/suite.py [quick] [whole]

The first start after a change of the compiled sources compiles them anew; to leave that out, run
this twice. CPU time counts the processes that were waited for: all but those that Ray leaves to
themselves.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q", "--color=no"]
QUICK = [*PYTEST, "-m", "not slow and not film", "-n", "2", "--dist", "loadfile"]
"""As `make quick` does it."""

SUITES = {
    "quick": (QUICK, "60 s of wall time on two free cores"),
    "whole": (PYTEST, "360 s of CPU time"),
}
"""Name -> command and aim."""


def cpu() -> float:
    """Returns the CPU time of all processes waited for so far, by this one or its children [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}")
    chosen = parser.parse_args().suites or list(SUITES)

    for name in chosen:
        command, aim = SUITES[name]
        before, began = cpu(), time.perf_counter()
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

        wall, used = time.perf_counter() - began, cpu() - before
        told = (ended.stdout.strip().splitlines() or ["nothing was told"])[-1]
        print(f"{name}: {used:.0f} s of CPU time, {wall:.0f} s of wall time; aim: {aim}; {told}")


if __name__ == "__main__":
    main()
