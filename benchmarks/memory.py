"""Peak resident size of a run, over its generations and over population sizes.

    python benchmarks/memory.py [--run hopper] [--generations 200]
                                [--populations 16 64 256 1024] [--duration 2]

Each run is a process of its own. The first part prints the peak after the
tenth and after the last generation. The second prints how the peak grows with
the population, and the size of genomes and traces.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from evoloco.bundled import run_file
from evoloco.loop import evolve
from evoloco.record.journal import Generation
from evoloco.run import Run
from evoloco.sim.simulator import TRACE_BYTES
from evoloco.spec import read

MIB = 2**20
SETTLED = 10
"""Number of generations after which the peak should not grow."""


def one(run: str, generations: int, population: int, duration: float) -> None:
    """Evolves in this process; prints the peak after each generation and the sizes [MiB]."""
    changes = [
        f"optimizer.population_size={population}",
        f"optimizer.generations={generations}",
        f"scenario.duration={duration}",
        "optimizer.name=uniform" if population > 64 else "seed=0",
    ]
    spec = read(run_file(run), changes)
    peaks: list[float] = []

    def look(_: Generation) -> None:
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    with tempfile.TemporaryDirectory() as folder:
        begun = Run.create(spec, Path(folder) / "run")
        evolve(begun, progress=look)

        model = begun.experiment.morphology.model
        row = 1 + model.nq + model.nv + model.na + 2 * model.nu + model.nsensordata + 2
        steps = round(duration / spec.scenario.control_dt)
        trace = min(8 * row * steps * population * spec.evaluation.episodes, TRACE_BYTES) / MIB
        genomes = 8 * population * len(begun.experiment.space) / MIB
    print(json.dumps({"peaks": peaks, "trace": trace, "genomes": genomes}))


def measured(
    run: str, generations: int, population: int, duration: float
) -> dict[str, list[float]]:
    command = [
        *(sys.executable, __file__),
        *("--run", run),
        *("--one", str(population)),
        *("--generations", str(generations)),
        *("--duration", str(duration)),
    ]
    ended = subprocess.run(command, capture_output=True, check=True)
    found: dict[str, list[float]] = json.loads(ended.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", default="hopper")
    parser.add_argument("--generations", type=int, default=200)
    parser.add_argument("--populations", type=int, nargs="*", default=[16, 64, 256, 1024])
    parser.add_argument("--duration", type=float, default=2.0, help="duration of an episode [s]")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.run, options.generations, options.one, options.duration)
        return

    peaks = measured(options.run, options.generations, 24, options.duration)["peaks"]
    early, late = peaks[SETTLED - 1], peaks[-1]
    print(
        f"{options.run}, population 24: peak {early:.1f} MiB after {SETTLED} generations, "
        f"{late:.1f} MiB after {len(peaks)}: {late - early:+.1f} MiB.",
        flush=True,
    )

    print("population  peak [MiB]  traces [MiB]  genomes [MiB]  the rest [MiB]")
    for population in options.populations:
        found = measured(options.run, SETTLED, population, options.duration)
        peak, trace, genomes = found["peaks"][-1], found["trace"], found["genomes"]
        rest = peak - trace - genomes
        print(
            f"{population:10} {peak:11.1f} {trace:13.1f} {genomes:14.3f} {rest:15.1f}", flush=True
        )


if __name__ == "__main__":
    main()
