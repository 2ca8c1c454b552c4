"""Ray against threads, a cluster that loses nodes, and what a thousand workers would do.

    python benchmarks/cluster.py [--repeats 7] [--parts speed faults model]

speed: a generation of 64 x 10 s of the biped (the published champion with small
changes, nothing ends an episode early) on two workers of Ray, against two
threads of the local evaluator. Both alternate in one process; medians.

faults: a cluster of four raylets loses two of them in mid-generation. The
journal must equal, byte for byte, that of a run that nobody disturbed.

model: the evaluator's own chunks are handed to modelled workers. The costs are
measured here: of a genome on one worker, of a call for the process that
searches, of optimizer and journal. The model is checked against real
generations with 1 to 4 workers and then asked about more. It assumes
* that nodes are as fast as this one, and workers have a CPU each (here only
  as many as there are CPUs; more share them);
* that the process that searches has a CPU for itself, and handles one call at a time;
* that the network adds nothing to the time of a call, which on a LAN holds
  while chunks are some kB: add its round trip to each chunk elsewhere.
"""

import argparse
import heapq
import logging
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from rollouts import ENDLESS, around, champion

from evoloco.bundled import run_file
from evoloco.episode import unnamed
from evoloco.evaluators.chunks import Chunks
from evoloco.evaluators.local import Local
from evoloco.evaluators.ray import Ray
from evoloco.evolve import evolve
from evoloco.experiment import Experiment
from evoloco.record.journal import Generation, Journal
from evoloco.run import Run
from evoloco.spec import read

GENOMES = 64
CALLS = 3000
NODES = 4
WORKERS = (1, 2, 3, 4, 10, 30, 100, 300, 1000)
os.environ.update(
    RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0"
)  # Ray starts its workers at 15

CPUS = len(os.sched_getaffinity(0))


def walkers(experiment: Experiment, count: int) -> np.ndarray:
    return around(champion("biped", len(experiment.space)), count)


def complete(ray: Ray, experiment: Experiment, workers: int) -> None:
    """Has all workers greet, and learn their pace."""
    scenarios = experiment.scenarios(0)
    while int(str(ray).split()[0]) < workers:
        ray.evaluate(walkers(experiment, 1), scenarios, 0.0)
    ray.evaluate(walkers(experiment, GENOMES), scenarios, 0.0)


def speed(repeats: int) -> None:
    experiment = Experiment(read(run_file("biped"), ENDLESS))
    genomes, scenarios = walkers(experiment, GENOMES), experiment.scenarios(0)
    local = Local(experiment, 2)
    threads, workers = [], []
    with Ray(experiment, workers=2) as ray:
        complete(ray, experiment, 2)
        for repeat in range(repeats + 1):
            began = time.perf_counter()
            one = local.evaluate(genomes, scenarios, 0.0)
            between = time.perf_counter()
            other = ray.evaluate(genomes, scenarios, 0.0)
            ended = time.perf_counter()
            if repeat:  # the first is the warm-up
                threads.append(between - began)
                workers.append(ended - between)
    equal = all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes()
        for name in ("fitness", "values")
    )
    ratio = np.median(np.array(threads) / np.array(workers))
    print(
        f"{GENOMES} x 10 s, median of {repeats}: two threads {np.median(threads):.3f} s, "
        f"two workers {np.median(workers):.3f} s, ratio {ratio:.3f}; arrays {'equal' if equal else 'DIFFERENT'}."
    )


def faults() -> bool:
    import ray as library
    from ray.cluster_utils import Cluster

    spec = read(
        run_file("biped"),
        ["scenario.duration=5.0", "optimizer.generations=8", "optimizer.population_size=64"],
    )
    with tempfile.TemporaryDirectory() as folder:
        whole = Run.create(spec, Path(folder) / "whole")
        evolve(whole)
        run = Run.create(spec, Path(folder) / "disturbed")
        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
        )
        for _ in range(NODES - 1):
            cluster.add_node(num_cpus=1)
        library.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)

        def lose() -> None:
            for node in list(cluster.worker_nodes)[:2]:
                cluster.remove_node(node, allow_graceful=False)

        def disturb(record: Generation) -> None:
            if record.generation == 3:
                threading.Timer(record.simulation_time / 3, lose).start()

        with Ray(run.experiment) as ray:
            complete(ray, run.experiment, NODES)
            evolve(run, evaluator=ray, progress=disturb)
            left = str(ray)
        library.shutdown()
        cluster.shutdown()
        equal = [(g.genomes.tobytes(), g.fitness.tobytes()) for g in run.journal.generations()] == [
            (g.genomes.tobytes(), g.fitness.tobytes()) for g in whole.journal.generations()
        ]
        events = run.journal.events()
        lost = sum("died with genome" in what for _, _, what in events)
    for generation, _, what in events:
        print(f"  generation {generation}: {what}")
    print(
        f"{NODES} raylets, two lost in generation 4 with {lost} chunks, {left} left: "
        f"{len(whole.journal)} generations of genomes and fitness are {'equal' if equal else 'DIFFERENT'}."
    )
    return equal and lost > 0


def modelled(workers: int, genomes: int, pace: float, call: float) -> float:
    """Time of a generation [s]: workers take chunks as they become free, the searching process serves one at a time."""
    chunks, free, driver, end = (
        Chunks(genomes),
        [(0.0, number) for number in range(workers)],
        0.0,
        0.0,
    )
    heapq.heapify(free)
    while free:
        ready, number = heapq.heappop(free)
        if chunk := chunks.take(pace, workers):
            driver = max(driver, ready) + call
            heapq.heappush(free, (driver + len(chunk) * pace, number))
            end = max(end, driver + len(chunk) * pace)
    return end + call


def call_time(ray: Ray, outstanding: int) -> float:
    """Time that a call costs the searching process [s], many outstanding."""
    workers, done = [worker for worker in ray._workers if worker.node], 0
    began = time.perf_counter()
    for number in range(outstanding):
        ray._greet(workers[number % len(workers)])
    while done < CALLS:
        for worker, _, _ in ray._answers(unnamed):
            done += 1
            ray._greet(worker)
    elapsed = time.perf_counter() - began
    while ray._calls:
        list(ray._answers(unnamed))
    return elapsed / done


def serial_time(experiment: Experiment, genomes: int) -> float:
    """Time that optimizer and journal take for one genome [s]."""
    spec = experiment.spec.optimizer.model_copy(update={"population_size": genomes})
    large = Experiment(experiment.spec.model_copy(update={"optimizer": spec}))
    optimizer, local = large.optimizer(), Local(large)
    one = local.evaluate(walkers(large, 1), large.scenarios(0), 0.0)
    arrays = {
        name: np.repeat(getattr(one, name), genomes, 0)
        for name in ("fitness", "values", "outcome", "duration")
    }
    evaluation = type(one)(**arrays, distance=np.repeat(one.distance, genomes, 0))
    times = []
    with tempfile.TemporaryDirectory() as folder:
        terms = [term.name for term in large.terms]
        journal = Journal.create(Path(folder) / "journal.sqlite", large.space.names, terms)
        for generation in range(5):
            began = time.perf_counter()
            asked = optimizer.ask()
            fitness = asked.sum(axis=1)
            optimizer.tell(asked, fitness, evaluation.values.mean(axis=1))
            journal.append(Generation(generation, asked, fitness, evaluation, 0.0, 0.0, 0.0, 0.0))
            times.append(time.perf_counter() - began)
        journal.close()
    return float(np.median(times)) / genomes


def model(repeats: int) -> None:
    import ray as library
    from ray.cluster_utils import Cluster

    experiment = Experiment(read(run_file("biped"), ENDLESS))
    genomes, scenarios = walkers(experiment, GENOMES), experiment.scenarios(0)
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 4, "include_dashboard": False}
    )
    library.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    measured: dict[int, float] = {}
    for workers in (1, 2, 3, 4):
        with Ray(experiment, workers=workers) as ray:
            complete(ray, experiment, workers)
            times = []
            for _ in range(repeats):
                began = time.perf_counter()
                ray.evaluate(genomes, scenarios, 0.0)
                times.append(time.perf_counter() - began)
            measured[workers] = float(np.median(times))
            if workers == 1:
                pace = ray._workers[0].pace
            if workers == 2:
                calls: dict[int, float] = {many: call_time(ray, many) for many in (2, 100, 1000)}
    library.shutdown()
    cluster.shutdown()
    serial = serial_time(experiment, 1000)
    print(
        f"A genome of 10 s takes one worker {1000 * pace:.1f} ms; optimizer and journal {1e6 * serial:.0f} us."
    )
    print(
        "A call costs the searching process "
        + ", ".join(f"{1e6 * cost:.0f} us with {many} outstanding" for many, cost in calls.items())
        + "."
    )
    print("workers generation modelled [s] measured [s] simulated s/s  busy")
    for workers in WORKERS:
        for genomes_each in (GENOMES,) if workers <= 4 else (GENOMES, 10 * workers, 100 * workers):
            call = calls[2 if workers < 30 else 100 if workers < 300 else 1000]
            shared = pace * (max(1.0, workers / CPUS) if workers <= 4 else 1.0)
            wall = modelled(workers, genomes_each, shared, call) + serial * genomes_each
            rate = 10.0 * genomes_each / wall
            efficiency = genomes_each * shared / workers / wall
            real = (
                f"{measured[workers] + serial * genomes_each:12.3f}"
                if workers in measured
                else " " * 12
            )
            print(
                f"{workers:7} {genomes_each:10} {wall:12.3f} {real} {rate:13,.0f} {efficiency:5.2f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--parts", nargs="*", default=["speed", "faults", "model"])
    options = parser.parse_args()
    if "speed" in options.parts:
        speed(options.repeats)
    fine = "faults" not in options.parts or faults()
    if "model" in options.parts:
        model(options.repeats)
    sys.exit(not fine)


if __name__ == "__main__":
    main()
