"""How often and how soon `evoloco evolve` finds a gait that walks, controller by controller.

    python benchmarks/walk.py [--seeds 10] [--runs biped biped_phase biped_hopf biped_sine] [--out FOLDER]

Every run is a process of its own, with the defaults of its run file. Then each
generation's best individual is simulated again for 10 s in a scenario without
noise, and judged by `evoloco.gait.analysis.walks`: no fall, >= 0.3 m/s, feet that
alternate (phase lag 0.4 to 0.6), duty factors of 0.4 to 0.85, loaded feet that
slip at <= 0.05 m/s on average, nothing but feet on the ground. The wall time
to the first that walks counts from the start of the process. "ends walking"
says whether the champion that the run reports walks in that scenario, and
"held out" in how many of its held-out scenarios.
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
    "seed", "first walks [s]", "generation", "ends walking", "held out", "speed [m/s]", " lag", "duty left/right",
    "slip [m/s]", "whole run [s]",
)  # fmt: skip


class Judge:
    """Says whether a genome walks in the scenario without noise."""

    def __init__(self, run: Run) -> None:
        self._experiment = run.experiment
        self._simulator = simulator(run.experiment, 1, DURATION)
        joints = len(run.experiment.morphology.joints)
        self._scenarios = [Scenario(np.zeros(joints), np.zeros(joints))]

    def __call__(self, genome: Array) -> bool:
        """Whether it does."""
        params = self._experiment.parameters(genome)[None]
        (episode,) = self._simulator.run(params, self._scenarios)
        return not walks(analyse(episode), DURATION)


def evolve(name: str, seed: int, folder: Path) -> tuple[float, float]:
    """Runs `evoloco evolve` as a user does; Unix time of its start, and its duration [s]."""
    began = time.time()
    subprocess.run(
        [sys.executable, "-m", "evoloco.cli", "evolve", name, "--seed", str(seed), "--out", str(folder)],
        check=True, capture_output=True,
    )  # fmt: skip
    return began, time.time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--runs", nargs="*", default=["biped", "biped_phase", "biped_hopf", "biped_sine"]
    )
    parser.add_argument("--out", type=Path, default=Path(tempfile.mkdtemp(prefix="walk-")))
    arguments = parser.parse_args()
    for name in arguments.runs:
        first_times, ends = [], 0
        print(f"\n{name}\n{' '.join(f'{title:>{len(title)}}' for title in COLUMNS)}")
        for seed in range(arguments.seeds):
            folder = arguments.out / f"{name}-seed{seed}"
            began, whole = evolve(name, seed, folder)
            run = Run(folder)
            judge = Judge(run)
            fittest = (
                (record, record.genomes[int(np.argmax(record.fitness))])
                for record in run.journal.generations()
            )
            first = next((record for record, genome in fittest if judge(genome)), None)
            champion = replay(run)
            gait = analyse(champion.episodes[0])
            ended = judge(champion.genome)
            steady = sum(
                not walks(analyse(episode), run.experiment.heldout_duration)
                for episode in champion.episodes
            )
            first_times.append(first.finished - began if first else float("inf"))
            ends += ended
            cells = [
                f"{seed}", f"{first_times[-1]:.1f}", f"{first.generation if first else 'never'}",
                "yes" if ended else "no", f"{steady}/{len(champion.episodes)}", f"{gait.speed:.3f}",
                f"{gait.phase_lag:.2f}", "/".join(f"{part:.2f}" for part in gait.duty_factor), f"{gait.slip:.3f}",
                f"{whole:.1f}",
            ]  # fmt: skip
            row = (f"{cell:>{len(title)}}" for cell, title in zip(cells, COLUMNS, strict=True))
            print(" ".join(row), flush=True)
        print(f"{name}: {ends} of {arguments.seeds} end with a gait that walks; "
              f"median time to the first that walks {statistics.median(first_times):.1f} s")  # fmt: skip


if __name__ == "__main__":
    main()
