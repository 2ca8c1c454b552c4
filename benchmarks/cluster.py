"""Ray against threads, a cluster that loses nodes, and what a thousand workers would do.

    python benchmarks/cluster.py [--repeats 7] [--parts speed faults model]

speed: a generation of 64 x 10 s of the biped (the published champion with small
changes, nothing ends an episode early) on two workers of Ray, against two
threads of the local evaluator. Both alternate in one process; medians.

faults: a cluster of four raylets loses two of them during a generation. The
journal must equal, byte for byte, that of an undisturbed run.

model: the evaluator's own chunks are given to modelled workers. The costs are
measured here: of a genome on one worker, of a call for the searching process,
of optimizer and journal. The model is compared with real generations on 1 to
4 workers and then asked about more. It assumes
* that nodes are as fast as this one, and that each worker has its own CPU (here
  only as many as there are CPUs; more workers share them);
* that the searching process has its own CPU, and handles one call at a time;
* that the network adds nothing to the time of a call. On a LAN this is true
  while chunks have some kB; elsewhere, add the round trip to each chunk.
"""

import argparse
import heapq
import logging
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rollouts import ENDLESS, around, champion

from evoloco.bundled import run_file
from evoloco.episode import unnamed
from evoloco.evaluators.chunks import Chunks
from evoloco.evaluators.local import Local
from evoloco.evaluators.ray import Ray
from evoloco.experiment import Experiment
from evoloco.loop import evolve
from evoloco.record.journal import Generation, Journal
from evoloco.run import Run
from evoloco.spec import read

GENOMES = 64
CALLS = 3000
NODES = 4
WORKERS = (1, 2, 3, 4, 10, 30, 100, 300, 1000)
# Ray starts its workers with a niceness of 15.
os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_worker_niceness="0")

CPUS = len(os.sched_getaffinity(0))
EPISODE = 10.0
"""Duration of an episode [s]."""


def walkers(experiment: Experiment, count: int) -> np.ndarray:
    return around(champion("biped_fast", len(experiment.space)), count)


def complete(ray: Ray, experiment: Experiment, workers: int) -> None:
    """Waits until all workers have greeted and their pace is known."""
    scenarios = experiment.scenarios(0)
    while int(str(ray).split()[0]) < workers:
        ray.evaluate(walkers(experiment, 1), scenarios, 0.0)
    ray.evaluate(walkers(experiment, GENOMES), scenarios, 0.0)


def speed(repeats: int) -> None:
    experiment = Experiment(read(run_file("biped_fast"), ENDLESS))
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
        f"two workers {np.median(workers):.3f} s, ratio {ratio:.3f}; "
        f"arrays {'equal' if equal else 'DIFFERENT'}."
    )


def record(run: Run) -> list[tuple[bytes, bytes]]:
    """Returns genomes and fitness of all generations."""
    return [(g.genomes.tobytes(), g.fitness.tobytes()) for g in run.journal.generations()]


def faults() -> bool:
    import ray as library
    from ray.cluster_utils import Cluster

    changes = [
        "scenario.duration=5.0",
        "optimizer.generations=8",
        "optimizer.population_size=64",
    ]
    spec = read(run_file("biped_fast"), changes)
    with tempfile.TemporaryDirectory() as folder:
        whole = Run.create(spec, Path(folder) / "whole")
        evolve(whole)
        run = Run.create(spec, Path(folder) / "disturbed")

        head = {"num_cpus": 1, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
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

        equal = record(run) == record(whole)
        events = run.journal.events()
        lost = sum("died with genome" in what for _, _, what in events)

    for generation, _, what in events:
        print(f"  generation {generation}: {what}")
    print(
        f"{NODES} raylets, two lost in generation 4 with {lost} chunks, {left} left: "
        f"{len(whole.journal)} generations of genomes and fitness are "
        f"{'equal' if equal else 'DIFFERENT'}."
    )
    return equal and lost > 0


def modelled(workers: int, genomes: int, pace: float, call: float) -> float:
    """Returns the time of a generation [s].

    Free workers take chunks; the searching process serves one call at a time.

    Args:
        workers: Number of workers.
        genomes: Number of genomes.
        pace: Time of a genome [s].
        call: Time that a call costs the searching process [s].
    """
    chunks = Chunks(genomes)
    free = [(0.0, number) for number in range(workers)]
    driver, end = 0.0, 0.0
    while free:
        ready, number = heapq.heappop(free)
        chunk = chunks.take(pace, workers)
        if chunk:
            driver = max(driver, ready) + call
            done = driver + len(chunk) * pace
            heapq.heappush(free, (done, number))
            end = max(end, done)
    return end + call


def call_time(ray: Ray, outstanding: int) -> float:
    """Returns the time that a call costs the searching process [s], with many outstanding."""
    pool, done = ray.pool, 0
    workers = pool.ready
    began = time.perf_counter()
    for number in range(outstanding):
        pool.greet(workers[number % len(workers)])
    while done < CALLS:
        for answer in pool.answers(unnamed):
            done += 1
            pool.greet(answer.worker)
    elapsed = time.perf_counter() - began

    while pool.outstanding:
        list(pool.answers(unnamed))
    return elapsed / done


def serial_time(experiment: Experiment, genomes: int) -> float:
    """Returns the time that optimizer and journal take for one genome [s]."""
    spec = experiment.spec.optimizer.model_copy(update={"population_size": genomes})
    large = Experiment(experiment.spec.model_copy(update={"optimizer": spec}))
    optimizer, local = large.optimizer(), Local(large)

    one = local.evaluate(walkers(large, 1), large.scenarios(0), 0.0)
    names = ("fitness", "values", "outcome", "duration", "distance")
    evaluation = type(one)(**{name: np.repeat(getattr(one, name), genomes, 0) for name in names})

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


@dataclass(frozen=True)
class Costs:
    """What was measured here.

    Attributes:
        generation: Time of a generation by number of workers [s].
        pace: Time of a genome on one worker [s].
        call: Time of a call for the searching process by calls outstanding [s].
        serial: Time of optimizer and journal for one genome [s].
    """

    generation: dict[int, float]
    pace: float
    call: dict[int, float]
    serial: float


def measure(repeats: int) -> Costs:
    import ray as library
    from ray.cluster_utils import Cluster

    experiment = Experiment(read(run_file("biped_fast"), ENDLESS))
    genomes, scenarios = walkers(experiment, GENOMES), experiment.scenarios(0)
    head = {"num_cpus": 4, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    library.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)

    measured: dict[int, float] = {}
    calls: dict[int, float] = {}
    pace = 0.0
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
                pace = ray.pool.ready[0].pace
            if workers == 2:
                calls = {many: call_time(ray, many) for many in (2, 100, 1000)}
    library.shutdown()
    cluster.shutdown()
    return Costs(measured, pace, calls, serial_time(experiment, 1000))


def model(repeats: int) -> None:
    costs = measure(repeats)
    print(
        f"A genome of 10 s takes one worker {1000 * costs.pace:.1f} ms; "
        f"optimizer and journal {1e6 * costs.serial:.0f} us."
    )
    calls = [f"{1e6 * cost:.0f} us with {many} outstanding" for many, cost in costs.call.items()]
    print(f"A call costs the searching process {', '.join(calls)}.")

    print("workers generation modelled [s] measured [s] simulated s/s  busy")
    for workers in WORKERS:
        sizes = (GENOMES,) if workers <= 4 else (GENOMES, 10 * workers, 100 * workers)
        for genomes in sizes:
            call = costs.call[2 if workers < 30 else 100 if workers < 300 else 1000]
            shared = costs.pace * (max(1.0, workers / CPUS) if workers <= 4 else 1.0)
            serial = costs.serial * genomes
            wall = modelled(workers, genomes, shared, call) + serial

            rate = EPISODE * genomes / wall
            busy = genomes * shared / workers / wall
            real = f"{costs.generation[workers] + serial:12.3f}" if workers <= 4 else " " * 12
            print(f"{workers:7} {genomes:10} {wall:12.3f} {real} {rate:13,.0f} {busy:5.2f}")


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
