"""How often and how soon `evoloco evolve` finds a gait that walks, for each controller.

    python benchmarks/walk.py [--seeds 10] [--runs biped biped_phase biped_hopf biped_sine]
                              [--out FOLDER]

Every run is a process of its own, with the defaults of its run file. Then the
best individual of each generation is simulated again for 10 s in a scenario
without noise, and judged by `evoloco.gait.analysis.walks`: no fall, >= 0.3 m/s,
alternating feet (phase lag 0.4 to 0.6), duty factors of 0.4 to 0.85, loaded
feet that slip at <= 0.05 m/s on average, nothing but feet on the ground. The
wall time to the first that walks counts from the start of the process. "ends
walking" says whether the champion of the run walks in that scenario, and "held
out" in how many of its held-out scenarios.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from evoloco.evaluators.local import simulator
from evoloco.gait.analysis import analyse, walks
from evoloco.genome import Array
from evoloco.replay import replay
from evoloco.run import Run
from evoloco.scenario import Scenario

DURATION = 10.0
"""Time that a gait must last [s]."""

COLUMNS = (
    "seed",
    "first walks [s]",
    "generation",
    "ends walking",
    "held out",
    "speed [m/s]",
    " lag",
    "duty left/right",
    "slip [m/s]",
    "whole run [s]",
)


class Judge:
    """Tells whether a genome walks in the scenario without noise."""

    def __init__(self, run: Run) -> None:
        self._experiment = run.experiment
        self._simulator = simulator(run.experiment, 1, DURATION)
        joints = len(run.experiment.morphology.joints)
        self._scenarios = [Scenario(np.zeros(joints), np.zeros(joints))]

    def __call__(self, genome: Array) -> bool:
        """Returns whether it walks."""
        params = self._experiment.parameters(genome)[None]
        (episode,) = self._simulator.run(params, self._scenarios)
        return not walks(analyse(episode), DURATION)


def evolve(name: str, seed: int, folder: Path) -> tuple[float, float]:
    """Runs `evoloco evolve` as a user does; returns Unix time of its start and duration [s]."""
    options = ["--seed", str(seed), "--out", str(folder)]
    command = [sys.executable, "-m", "evoloco.cli", "evolve", name, *options]
    began = time.time()
    subprocess.run(command, check=True, capture_output=True)
    return began, time.time() - began


def evolved(name: str, seed: int, folder: Path) -> tuple[float, bool]:
    """Evolves and prints a row; returns the time to the first that walks [s], and if it ends so."""
    began, whole = evolve(name, seed, folder)
    run = Run(folder)
    judge = Judge(run)

    first = None
    for record in run.journal.generations():
        if judge(record.genomes[int(np.argmax(record.fitness))]):
            first = record
            break
    time_to_first = first.finished - began if first else float("inf")

    champion = replay(run)
    gait = analyse(champion.episodes[0])
    ends_walking = judge(champion.genome)
    steady = sum(
        not walks(analyse(episode), run.experiment.heldout_duration)
        for episode in champion.episodes
    )
    cells = [
        f"{seed}",
        f"{time_to_first:.1f}",
        f"{first.generation if first else 'never'}",
        "yes" if ends_walking else "no",
        f"{steady}/{len(champion.episodes)}",
        f"{gait.speed:.3f}",
        f"{gait.phase_lag:.2f}",
        "/".join(f"{part:.2f}" for part in gait.duty_factor),
        f"{gait.slip:.3f}",
        f"{whole:.1f}",
    ]
    row = (f"{cell:>{len(title)}}" for cell, title in zip(cells, COLUMNS, strict=True))
    print(" ".join(row), flush=True)
    return time_to_first, ends_walking


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--runs", nargs="*", default=["biped_fast", "biped_phase", "biped_hopf", "biped_sine"]
    )
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="walk-")))
    arguments = parser.parse_args()
    for name in arguments.runs:
        print(f"\n{name}\n{' '.join(COLUMNS)}")
        found = [
            evolved(name, seed, arguments.out / f"{name}-seed{seed}")
            for seed in range(arguments.seeds)
        ]
        times, ends = zip(*found, strict=True)
        print(
            f"{name}: {sum(ends)} of {arguments.seeds} end with a gait that walks; "
            f"median time to the first that walks {statistics.median(times):.1f} s"
        )


if __name__ == "__main__":
    main()
