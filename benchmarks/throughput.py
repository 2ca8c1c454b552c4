"""Throughput of a whole evaluation against mj_step in C, threads, and what a generation spends besides.

    python benchmarks/throughput.py [--repeats 5]

Per body: a generation of genomes (the published champion with small changes,
so that they walk) runs for 10 s each through the evaluator: control, sensing,
trace, measures. The limit is MuJoCo's own batch rollout, which replays the
recorded controls through mj_step in C from the same state, on the same
threads. Both sides alternate in one process; medians of the ratios are printed.
"""

import argparse
import time

import mujoco
import numpy as np
from mujoco import batch

from evoloco.build import Experiment, run_file
from evoloco.evaluators.local import Local
from evoloco.spec import read

GENOMES = 32
SPREAD = 0.01  # of each gene's range, around the champion
ENDLESS = [
    "scenario.duration=10.0",
    "scenario.termination.min_height=0.0",
    "scenario.termination.max_tilt=10.0",
    "scenario.termination.body_contact=false",
    "evaluation.episodes=1",
]


def champion(name: str, size: int) -> np.ndarray:
    """Genome of a bundled run's published champion; the middle of the space where there is none."""
    import json

    path = run_file(name).with_name("champion.json")
    return np.array(json.loads(path.read_text())["genome"]) if path.is_file() else np.full(size, 0.5)


def measure(name: str, threads: int, repeats: int) -> tuple[list[float], list[float]]:
    """Steps/s of evaluations, and of the C rollout of the same controls."""
    experiment = Experiment(read(run_file(name), ENDLESS))
    evaluator = Local(experiment, threads)
    random = np.random.default_rng(0)
    middle = champion(name, len(experiment.space))
    genomes = np.clip(middle + SPREAD * random.standard_normal((GENOMES, middle.size)), 0, 1)
    scenarios = experiment.scenarios(0)
    simulator = evaluator._simulator
    params = np.array([experiment.parameters(genome) for genome in genomes])
    control = np.array([episode["ctrl"].copy() for episode in simulator.run(params, scenarios)])
    control = np.repeat(control, simulator.substeps, axis=1)
    model = experiment.morphology.model
    start = simulator._body.start(scenarios[0], mujoco.MjData(model))
    limit = batch.Batch(model, GENOMES, threads)
    steps = GENOMES * simulator.steps * simulator.substeps
    ours, theirs = [], []
    for repeat in range(repeats + 1):
        began = time.perf_counter()
        evaluator.evaluate(genomes, scenarios, 0.0)
        between = time.perf_counter()
        limit.reset()
        limit.state[:] = start
        limit.rollout(simulator.steps * simulator.substeps, control)
        ended = time.perf_counter()
        if repeat:  # the first is the warm-up
            ours.append(steps / (between - began))
            theirs.append(steps / (ended - between))
    return ours, theirs


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--runs", nargs="*", default=["biped", "planar_biped"])
    arguments = parser.parse_args()
    print(f"MuJoCo {mujoco.__version__}, {GENOMES} genomes x 10 s, median of {arguments.repeats}")
    print(f"{'run':14} {'threads':>7} {'evaluation [steps/s]':>21} {'mj_step in C':>13} {'ratio':>6}")
    for name in arguments.runs:
        rates = {}
        for threads in (1, 2):
            ours, theirs = measure(name, threads, arguments.repeats)
            rates[threads] = np.median(ours)
            ratio = np.median(np.array(ours) / np.array(theirs))
            print(f"{name:14} {threads:7} {np.median(ours):21,.0f} {np.median(theirs):13,.0f} {ratio:6.3f}")
        print(f"{name:14} two threads over one: {rates[2] / rates[1]:.2f}")


if __name__ == "__main__":
    main()
