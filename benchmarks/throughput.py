"""Time of a whole evaluation, of a commit before and of the present checkout, in one run.

    python benchmarks/throughput.py 736e781 [--runs biped planar_biped muscle_biped] [--pairs 9]

Both versions evaluate the same 24 genomes, small changes of the published champion, on 1 and on 2
threads. Each pair of timings is made one right after the other, by two processes that stay; the
figure is the median over the pairs of time before over time after, so 1 is as fast as before and
more is faster. `benchmarks/overhead.py` tells how much of a run is not simulation.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from unchanged import installed

WORKER = """
import json, sys, time
import numpy as np
try:
    from evoloco.bundled import run_file
    from evoloco.experiment import Experiment
except ImportError:
    from evoloco.build import Experiment, run_file
from evoloco.evaluators.local import Local
from evoloco.spec import read

name, threads = sys.argv[1], int(sys.argv[2])
experiment = Experiment(read(run_file(name), ["scenario.push.count=0"]))
genes = json.loads(run_file(name).with_name("champion.json").read_text())["genes"]
space = experiment.space
middle = space.encode({gene: genes[gene]["value"] for gene in space.names})
random = np.random.default_rng(0)
spread = 1e-4 if "muscle" in name else 0.01
genomes = np.clip(middle + spread * random.standard_normal((24, len(space))), 0, 1)
evaluator, scenarios = Local(experiment, threads), experiment.scenarios(0)
evaluator.evaluate(genomes, scenarios, 0.0)
for _ in sys.stdin:
    began = time.perf_counter()
    found = evaluator.evaluate(genomes, scenarios, 0.0)
    print(time.perf_counter() - began, float(found.fitness.sum()), float(found.duration.sum()))
    sys.stdout.flush()
"""


class Worker:
    """A process that evaluates when it is asked to."""

    def __init__(self, python: Path, run: str, threads: int) -> None:
        command = [str(python), "-c", WORKER, run, str(threads)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
        )

    def __call__(self) -> tuple[float, float, float]:
        """Time of one evaluation [s], sum of its fitness, simulated time [s]."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        time, fitness, duration = map(float, self._process.stdout.readline().split())
        return time, fitness, duration

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


def compare(before: Path, run: str, threads: int, pairs: int) -> None:
    """Prints one line."""
    workers = [Worker(python, run, threads) for python in (before, Path(sys.executable))]
    found = [[worker() for worker in workers] for _ in range(pairs)]
    for worker in workers:
        worker.close()
    ratios = [one[0] / other[0] for one, other in found]
    same = all(one[1:] == other[1:] for one, other in found)
    print(
        f"{run}, {threads} thread{'s' * (threads > 1)}: {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f}); {found[0][0][2]:.0f} simulated s in "
        f"{statistics.median(other[0] for _, other in found):.3f} s; "
        f"fitness {'equal' if same else 'DIFFERS'}"
    )
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit", help="to compare with")
    parser.add_argument("--runs", nargs="*", default=["biped_fast", "planar_biped", "muscle_biped"])
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--before", type=Path, help="Python where the commit is installed already")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        before = told.before or installed(told.commit, Path(made)).with_name("python")
        print("Time before over time after; asked for: at least 0.97")
        for run in told.runs:
            for threads in (1, 2):
                compare(before, run, threads, told.pairs)


if __name__ == "__main__":
    main()
