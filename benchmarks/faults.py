"""Injects faults and prints their cost: times tried, generations lost, exit codes.

    python benchmarks/faults.py [--only NAME ...] [--scale 1.0] [--seed 0]

Every run is the short one of tests/faults/injection.py. After each fault the run
continues, salvaged if the message asks for it, and its journal is compared byte
for byte with that of an undisturbed run. A generation that differs, is missing
or is there twice counts as lost. The faults of a cluster are injected into one
cluster of three nodes, on this machine.
"""

import argparse
import collections
import contextlib
import functools
import logging
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "faults"))

from injection import (
    NEVER_ENDS,
    Ended,
    copied,
    ended,
    evoloco,
    flip,
    forge,
    goes_on,
    jumping_clock,
    kill_at_random,
    own,
    read_only,
    record,
    recorded,
    short,
    started,
    undisturbed,
    until,
)

from evoloco.errors import JournalError
from evoloco.evaluators.ray import Ray
from evoloco.loop import evolve
from evoloco.record.journal import Generation
from evoloco.run import Run
from evoloco.spec import read

TOTAL = 60
LONGER = f"optimizer.generations={TOTAL}"
RANDOM = "optimizer.name=uniform"
RAY_STARTS = 6.0
"""Time that a process takes to join a cluster [s]."""

os.environ.update(
    RAY_USAGE_STATS_ENABLED="0",
    RAY_worker_niceness="0",
    RAY_DEDUP_LOGS_SKIP_REGEX=".",  # Ray's own reports of deaths
)

MEASURE = """
import os, time
from pathlib import Path
import numpy as np

UNIT, FLOORS = "m", (0.0, 0.0)
HERE = Path(__file__).parent


def measure(episode):
    {what}
    return episode.sensor("torso.position")[:, 0]
"""
RAISES_WHILE_TOLD = "if (HERE / 'raise').exists(): raise ValueError('no such foot')"
MARKS_ITS_PROCESS = '(HERE / f"{os.getpid()}.pid").touch(); time.sleep(0.02)'
THRIFTY = "RAY_memory_usage_threshold"
"""Set for one node and its workers: the share of memory in use above which Ray ends workers."""
GREEDY = f"""if {THRIFTY!r} in os.environ and (HERE / "greed").exists():
        (HERE / "greed").unlink(missing_ok=True)
        much = np.ones(2**29)
        time.sleep(20)"""
GROWING = """
from evoloco.morphologies.hopper import build as hopper


def build():
    body = hopper()
    body.model.dof_damping[-1] = -5.0  # gains energy instead of losing it
    return body
"""


@dataclass
class Cost:
    """What a fault cost.

    Attributes:
        tried: How often it was injected.
        lost: Generations lost or counted twice.
        codes: Exit codes of the processes that met it.
        ways: How often it struck at which point, or ended in which way.
    """

    tried: int = 0
    lost: int = 0
    codes: set[int] = field(default_factory=set)
    ways: collections.Counter[str] = field(default_factory=collections.Counter)

    def compare(self, folder: Path, expected: list[bytes]) -> None:
        """Counts the generations of a run that are not as expected."""
        found = record(folder)
        different = sum(a != b for a, b in zip(found, expected, strict=False))
        self.lost += different + abs(len(found) - len(expected))

    def meet(self, process: Ended, code: int, words: str = "") -> None:
        """Notes the end of a process; exits if its code or message is not the expected one."""
        if process.code != code or words not in process.err:
            sys.exit(
                f"Ended with code {process.code} instead of {code}, or without '{words}':\n"
                f"{process.err}"
            )
        self.tried += 1
        self.codes.add(code)


class Place(NamedTuple):
    """Where a fault is injected.

    Attributes:
        folder: An empty folder.
        file: The run file of the short run.
        random: Draws moments and places.
        cluster: Returns the cluster, which starts at the first call.
    """

    folder: Path
    file: Path
    random: np.random.Generator
    cluster: Callable[[], Any]

    def whole(self, *overrides: str) -> list[bytes]:
        """Returns the record of an undisturbed run; its folder is `whole`."""
        run = undisturbed(self.file, self.folder / "whole", *overrides)
        run.journal.close()
        return record(run.folder)

    def cluster_cpus(self) -> int:
        """Returns the number of CPUs of the cluster."""
        self.cluster()
        import ray

        return int(ray.cluster_resources()["CPU"])

    def measure(self, what: str) -> str:
        """Returns the override for a measure in which something happens."""
        path = self.folder / "accident.py"
        path.write_text(MEASURE.format(what=what), encoding="utf-8")
        return f"fitness.speed.measure={path}"


# Files


def damaged(place: Place, times: int, harm: Callable[[Path], None]) -> Cost:
    cost, expected = Cost(times), place.whole()
    for _ in range(times):
        folder = copied(place.folder / "whole", place.folder / "damaged")
        harm(folder / "journal.sqlite")
        way, _kept = goes_on(folder)
        cost.ways[way] += 1
        cost.codes.add(JournalError.code if way == "salvaged" else 0)
        cost.compare(folder, expected)
    return cost


def flipped(place: Place, times: int) -> Cost:
    return damaged(
        place, times, lambda path: flip(path, int(place.random.integers(8 * path.stat().st_size)))
    )


def truncated(place: Place, times: int) -> Cost:
    def cut(path: Path) -> None:
        path.write_bytes(path.read_bytes()[: int(place.random.integers(path.stat().st_size))])

    return damaged(place, times, cut)


def full(place: Place, times: int) -> Cost:
    """Limits the size of the files that a process may write, then removes the limit."""
    cost, expected = Cost(), place.whole(LONGER)
    for number in range(times):
        folder, limit = place.folder / f"full-{number}", int(place.random.integers(50_000, 90_000))

        def limited(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        process = evoloco("evolve", place.file, LONGER, "--out", folder, preexec_fn=limited)
        cost.meet(process, 3, "cannot be written")
        cost.ways[f"after generation {len(record(folder)) - 1}"] += 1
        goes_on_to_the_end(folder)
        cost.compare(folder, expected)
    return cost


def unwritable(place: Place, times: int) -> Cost:
    """Makes the folder of a run read-only half-way, and writable again."""
    cost, expected = Cost(), place.whole(LONGER)
    for number in range(times):
        run = Run.create(read(place.file, [LONGER]), place.folder / f"run-{number}")
        evolve(run, int(place.random.integers(1, TOTAL)))
        run.journal.close()
        with read_only(run.folder):
            cost.meet(evoloco("resume", run.folder), 3, "cannot be written")
        goes_on_to_the_end(run.folder, "--generations", str(TOTAL))
        cost.compare(run.folder, expected)
    return cost


# Processes


def goes_on_to_the_end(folder: Path, *options: str) -> None:
    process = evoloco("resume", folder, *options)
    if process.code:
        sys.exit(f"The run does not continue:\n{process.err}")


def killed(place: Place, kills: int, options: tuple[str, ...] = (), start: float = 1.5) -> Cost:
    """SIGKILL at random moments, ten times on each of several runs."""
    cost, expected = Cost(codes={-signal.SIGKILL}), place.whole(LONGER)
    champion = (place.folder / "whole" / "champion.json").read_bytes()
    while cost.tried < kills:
        folder = place.folder / f"killed-{cost.tried}"
        often = min(10, kills - cost.tried)
        ways = kill_at_random(
            place.file, folder, often, place.random, LONGER, options=options, start=start
        )
        cost.ways.update(ways)
        cost.tried += often
        cost.compare(folder, expected)
        cost.lost += (folder / "champion.json").read_bytes() != champion
    return cost


def killed_on_ray(place: Place, kills: int) -> Cost:
    return killed(place, kills, ("--ray", place.cluster().address), RAY_STARTS)


def together(place: Place, times: int) -> Cost:
    """A second process continues a run while the first one runs."""
    longer = "optimizer.generations=600", RANDOM
    cost, expected = Cost(), place.whole(*longer)
    for number in range(times):
        folder = place.folder / f"run-{number}"
        first = started("evolve", place.file, *longer, "--out", folder)
        until(int(place.random.integers(1, 100)), folder, first)
        first.send_signal(signal.SIGSTOP)  # or it ends before the second one has started
        cost.meet(evoloco("resume", folder), 4, f"process {first.pid} on ")
        first.send_signal(signal.SIGCONT)
        if ended(first).code:
            sys.exit("The first process failed.")
        cost.compare(folder, expected)
    return cost


def jumping(place: Place, times: int) -> Cost:
    """The clock jumps back by an hour whenever it is read."""
    cost, expected = Cost(), place.whole(LONGER)
    environment = jumping_clock(place.folder / "clock")
    for number in range(times):
        folder = place.folder / f"run-{number}"
        cost.meet(evoloco("evolve", place.file, LONGER, "--out", folder, env=environment), 0)
        cost.compare(folder, expected)
    return cost


# Code and models


def fails(place: Place, times: int, what: str, code: int, words: str, *options: str) -> Cost:
    """A controller fails for some genomes; generations before must be as without the failure."""
    cost = Cost()
    for number in range(times):
        folder = place.folder / f"run-{number}"
        settings = LONGER, RANDOM, f"seed={number}", "evaluation.time_limit=0.5"
        threshold = place.random.uniform(0.8, 0.88)
        bounds = "controller.bounds={period=[0.2, 0.9]}"

        def override(happens: str, threshold: float = threshold) -> str:
            return own(place.folder, happens, f"params.period > {threshold}")

        healthy = undisturbed(
            place.file, folder.with_suffix(".healthy"), override("ctrl[:] = 0.3"), bounds, *settings
        )
        healthy.journal.close()
        expected = record(healthy.folder)

        process = evoloco(
            "evolve", place.file, override(what), bounds, *settings, "--out", folder, *options
        )
        cost.meet(process, code, words)
        failed = int(process.err.partition("--individual ")[2].partition(":")[0])
        cost.ways[f"in generation {failed}"] += 1
        cost.compare(folder, expected[:failed])
    return cost


def raises(place: Place, times: int) -> Cost:
    return fails(
        place, times, 'raise ValueError("too fast")', 2, "failed with ValueError: too fast"
    )


def never_ends(place: Place, times: int) -> Cost:
    return fails(place, times, NEVER_ENDS, 5, "has taken longer than evaluation.time_limit")


def never_ends_on_ray(place: Place, times: int) -> Cost:
    address = place.cluster().address
    return fails(
        place, times, NEVER_ENDS, 5, "has taken longer than evaluation.time_limit", "--ray", address
    )


def unstable(place: Place, times: int, *overrides: str) -> Cost:
    """Runs with unstable episodes: these are recorded, and the run continues."""
    cost = Cost()
    for number in range(times):
        folder, seed = place.folder / f"run-{number}", f"seed={number}"
        whole = undisturbed(place.file, folder.with_suffix(".whole"), RANDOM, seed, *overrides)
        for generation in whole.journal.generations():
            cost.ways["unstable episodes"] += int(
                (generation.evaluation.outcome == "unstable").sum()
            )
        whole.journal.close()
        cost.meet(evoloco("evolve", place.file, RANDOM, seed, *overrides, "--out", folder), 0)
        cost.compare(folder, record(whole.folder))
    return cost


def answers_nan(place: Place, times: int) -> Cost:
    return unstable(place, times, own(place.folder, "ctrl[0] = math.nan", "params.period > 0.5"))


def diverges(place: Place, times: int) -> Cost:
    body = place.folder / "growing.py"
    body.write_text(GROWING, encoding="utf-8")
    free = "scenario.termination={body_contact=false, max_tilt=3.2, min_height=0.0}"
    return unstable(place, times, f"morphology.name={body}", free, "scenario.duration=2.0")


def measure_throws(place: Place, times: int) -> Cost:
    """A measure raises an exception for a while; then the run continues."""
    measure = place.measure(RAISES_WHILE_TOLD)
    longer = "optimizer.generations=200", RANDOM, measure
    cost, expected, told = Cost(), place.whole(*longer), place.folder / "raise"
    for number in range(times):
        folder = place.folder / f"run-{number}"
        process = started("evolve", place.file, *longer, "--out", folder)
        until(int(place.random.integers(1, 100)), folder, process)
        told.touch()
        cost.meet(ended(process), 2, "failed with ValueError: no such foot")
        told.unlink()
        cost.ways[f"after generation {recorded(folder) - 1}"] += 1
        goes_on_to_the_end(folder)
        cost.compare(folder, expected)
    return cost


# Events


def eventful(place: Place) -> tuple[str, ...]:
    """Returns overrides for a run in which episodes of every generation diverge."""
    return own(place.folder, "ctrl[0] = math.nan"), RANDOM


def every_event_once(folder: Path, generations: int) -> int:
    """Returns how many generations have no event, or more than one."""
    run = Run(folder)
    found = collections.Counter(generation for generation, _, _ in run.journal.events())
    run.journal.close()
    return sum(found[generation] != 1 for generation in range(generations))


def killed_with_events(place: Place, kills: int) -> Cost:
    """SIGKILL while every generation has an event; an event that is there twice is a loss."""
    settings = (*eventful(place), LONGER)
    cost, expected = Cost(codes={-signal.SIGKILL}), place.whole(*settings)
    while cost.tried < kills:
        folder = place.folder / f"killed-{cost.tried}"
        often = min(10, kills - cost.tried)
        cost.ways.update(kill_at_random(place.file, folder, often, place.random, *settings))
        cost.tried += often
        cost.compare(folder, expected)
        cost.lost += every_event_once(folder, TOTAL)
    return cost


def full_with_events(place: Place, times: int) -> Cost:
    """Limits the size of the files while every generation has an event."""
    settings = (*eventful(place), LONGER)
    cost, expected = Cost(), place.whole(*settings)
    for number in range(times):
        folder, limit = place.folder / f"full-{number}", int(place.random.integers(50_000, 90_000))

        def limited(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        process = evoloco("evolve", place.file, *settings, "--out", folder, preexec_fn=limited)
        cost.meet(process, 3, "cannot be written")
        cost.lost += every_event_once(folder, len(record(folder)))
        goes_on_to_the_end(folder)
        cost.compare(folder, expected)
        cost.lost += every_event_once(folder, TOTAL)
    return cost


# Searches that go nowhere


TWO = (
    'fitness={a={measure="forward_speed", weight=1.0, objective="speed"}, '
    'b={measure="survival", weight=1.0, objective="life"}}'
)


def nowhere(place: Place, times: int, words: str, *overrides: str) -> Cost:
    """A search that goes nowhere ends with code 0 and says so."""
    cost = Cost()
    for number in range(times):
        folder, seed = place.folder / f"run-{number}", f"seed={number}"
        whole = undisturbed(place.file, folder.with_suffix(".whole"), seed, *overrides)
        whole.journal.close()
        process = evoloco("evolve", place.file, seed, *overrides, "--out", folder)
        cost.meet(process, 0)
        if words not in process.out + process.err:
            sys.exit(f"Without '{words}':\n{process.out}{process.err}")
        cost.compare(folder, record(whole.folder))
    return cost


def all_diverge(place: Place, times: int) -> Cost:
    return nowhere(place, times, "episodes of the search diverged", *eventful(place))


def all_diverge_in_two_objectives(place: Place, times: int) -> Cost:
    diverges = own(place.folder, "ctrl[0] = math.nan")
    two = diverges, TWO, "optimizer.name=nsga2"
    return nowhere(place, times, "episodes of the search diverged", *two)


def flat(place: Place, times: int) -> Cost:
    nothing = 'fitness={a={measure="survival", weight=0.0}}'
    return nowhere(place, times, "All genomes have the same fitness", nothing, RANDOM)


def falls_at_once(place: Place, times: int) -> Cost:
    high = "scenario.termination.min_height=1.0", "scenario.duration=2.0"
    return nowhere(place, times, "first generation ended within 0.1 s", *high)


def overflows(place: Place, times: int) -> Cost:
    """Weights that could overflow are refused before the search."""
    cost = Cost()
    for _ in range(times):
        weight = 10.0 ** place.random.uniform(100.5, 308)
        settings = f"fitness.speed.weight={weight}", "--out", place.folder / "run"
        cost.meet(evoloco("evolve", place.file, *settings), 2, "fitness.speed.weight")
        cost.lost += (place.folder / "run").exists()
    return cost


# Foreign run folders


PLACES = {
    "morphology": {"name": "{}"},
    "controller": {"name": "{}"},
    "fitness": {"speed": {"measure": "{}"}},
    "sensors": {"rate": {"source": "{}"}},
    "scenario": {"terrain": {"name": "{}"}},
    "optimizer": {"name": "{}"},
}
"""Where a run file can name code."""


def forged(place: Place, times: int) -> Cost:
    """Run files that name code beside them. Code that is executed is a loss."""
    cost = Cost()
    place.whole()
    mark = place.folder / "executed"
    for number in range(times):
        folder = copied(place.folder / "whole", place.folder / "forged")
        (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')", encoding="utf-8")
        key = sorted(PLACES)[number % len(PLACES)]
        value = ("evil.py", str(folder / "evil.py"), "../forged/evil.py")[number // 6 % 3]
        forge(folder, {key: PLACES[key]}, value)

        command = ("resume", "replay", "report")[number % 3]
        cost.meet(evoloco(command, folder), 2, "nothing there is executed")
        cost.ways[key] += 1
        cost.lost += mark.exists()
    return cost


def piped(place: Place, times: int) -> Cost:
    """Pipes in place of the files of a run folder; nothing may wait for them."""
    cost, names = Cost(), ("run.toml", "champion.json", "provenance.json", "journal.sqlite")
    place.whole()
    for number in range(times):
        folder, name = copied(place.folder / "whole", place.folder / "piped"), names[number % 4]
        (folder / name).unlink()
        os.mkfifo(folder / name)
        cost.meet(evoloco("replay", folder), 2, name)
        cost.ways[name] += 1
    return cost


def marked(place: Place, times: int) -> Cost:
    """Run files as Windows writes them."""
    cost, expected = Cost(), place.whole()
    text = place.file.read_text(encoding="utf-8").replace("\n", "\r\n")
    encodings = ("utf-8-sig", "utf-16")
    for number in range(times):
        place.file.write_bytes(text.encode(encodings[number % 2]))
        folder = place.folder / f"run-{number}"
        cost.meet(evoloco("evolve", place.file, "--out", folder), 0)
        cost.ways[encodings[number % 2]] += 1
        cost.compare(folder, expected)
    return cost


def interrupted(place: Place, times: int) -> Cost:
    """Ctrl-C after the search, while champion, film and report are made; then it is made again."""
    cost, expected = Cost(), place.whole()
    for number in range(3 * times):
        if cost.tried == times:
            break
        folder = place.folder / f"run-{number}"
        process = started("evolve", place.file, "--out", folder, start_new_session=True)
        until(len(expected), folder, process)
        while not (folder / "champion.json").exists() and process.poll() is None:
            time.sleep(0.001)
        time.sleep(place.random.uniform(0.0, 0.3))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        stopped = ended(process)
        if (folder / "report.html").exists():
            cost.ways["too late"] += 1
            continue
        cost.meet(stopped, 130, "safe")
        cost.ways["while the report was made" if "report" in stopped.message else "before"] += 1

        cost.lost += len(list(folder.glob("*.tmp*")))
        cost.lost += evoloco("report", folder).code != 0
        cost.compare(folder, expected)
    return cost


# Clusters


def disturbed(
    place: Place,
    times: int,
    what: str,
    disturb: Callable[[], None],
    word: str,
    mend: Callable[[], object] = int,
) -> Cost:
    """Disturbs a run on the cluster in every second generation, at a random moment."""
    slow = (
        f"optimizer.generations={2 * times + 2}",
        "optimizer.population_size=24",
        place.measure(what),
    )
    cost, expected = Cost(codes={0}), place.whole(*slow)
    for mark in place.folder.glob("*.pid"):
        mark.unlink()  # of this process

    run = Run.create(read(place.file, slow), place.folder / "disturbed")
    cpus = place.cluster_cpus()
    strikes: list[threading.Timer] = []

    def strike(generation: Generation) -> None:
        if generation.generation % 2 or cost.tried == times:
            return
        if strikes:
            strikes[-1].join()
            mend()
        while not str(ray).startswith(f"{cpus} "):
            ray.evaluate(generation.genomes, run.experiment.scenarios(0), 0.0)
        strikes.append(threading.Timer(place.random.uniform(0.0, 0.2), disturb))
        strikes[-1].start()
        cost.tried += 1

    with Ray(run.experiment) as ray:
        evolve(run, evaluator=ray, progress=strike)
        strikes[-1].join()
    mend()
    deaths = sum("died" in event for _, _, event in run.journal.events())
    cost.ways[f"deaths of workers, {word}"] = deaths
    run.journal.close()
    cost.compare(run.folder, expected)
    return cost


def workers_killed(place: Place, times: int) -> Cost:
    def kill() -> None:
        while True:
            marks = list(place.folder.glob("*.pid"))
            living = [mark for mark in marks if Path("/proc", mark.stem, "stat").exists()]
            with contextlib.suppress(ProcessLookupError):
                if living:
                    mark = living[int(place.random.integers(len(living)))]
                    os.kill(int(mark.stem), signal.SIGKILL)
                    mark.unlink()
                    return
            time.sleep(0.05)

    return disturbed(place, times, MARKS_ITS_PROCESS, kill, "busy or idle")


def nodes_lost(place: Place, times: int) -> Cost:
    def lose() -> None:
        nodes = sorted(cluster.worker_nodes, key=id)
        cluster.remove_node(nodes[int(place.random.integers(len(nodes)))], allow_graceful=False)

    cluster = place.cluster()
    return disturbed(
        place,
        times,
        MARKS_ITS_PROCESS,
        lose,
        "with their node",
        lambda: cluster.add_node(num_cpus=1),
    )


def out_of_memory(place: Place, times: int) -> Cost:
    """Ray's memory monitor ends workers of a node while one of them takes 4 GB."""
    from ray._private.utils import get_system_memory, get_used_memory

    cluster = place.cluster()
    os.environ[THRIFTY] = f"{(get_used_memory() + 2.5 * 2**30) / get_system_memory():.4f}"
    node = cluster.add_node(num_cpus=1)
    del os.environ[THRIFTY]
    greed = place.folder / "greed"

    def take_much() -> None:
        greed.touch()
        while greed.exists():
            time.sleep(0.05)

    try:
        return disturbed(
            place, times, f"time.sleep(0.02)\n    {GREEDY}", take_much, "out of memory"
        )
    finally:
        cluster.remove_node(node)


class Fault(NamedTuple):
    """A fault, how often it is tried, and the function that injects it."""

    name: str
    times: int
    inject: Callable[[Place, int], Cost]


FAULTS = (
    Fault("journal: one bit flipped", 200, flipped),
    Fault("journal: truncated", 40, truncated),
    Fault("disk full", 10, full),
    Fault("folder read-only", 10, unwritable),
    Fault("SIGKILL", 50, killed),
    Fault("two processes at once", 10, together),
    Fault("clock jumps back", 10, jumping),
    Fault("controller raises", 10, raises),
    Fault("controller answers NaN", 10, answers_nan),
    Fault("controller never ends", 10, never_ends),
    Fault("model diverges", 10, diverges),
    Fault("measure throws", 10, measure_throws),
    Fault("SIGKILL, with events", 20, killed_with_events),
    Fault("disk full, with events", 10, full_with_events),
    Fault("everything diverges", 5, all_diverge),
    Fault("... in two objectives", 5, all_diverge_in_two_objectives),
    Fault("flat fitness", 5, flat),
    Fault("everything falls at once", 5, falls_at_once),
    Fault("weights that overflow", 10, overflows),
    Fault("code in a run folder", 24, forged),
    Fault("pipes for files", 4, piped),
    Fault("byte order marks", 4, marked),
    Fault("Ctrl-C during the report", 10, interrupted),
    Fault("Ray: SIGKILL of the search", 50, killed_on_ray),
    Fault("Ray: SIGKILL of a worker", 20, workers_killed),
    Fault("Ray: node lost", 10, nodes_lost),
    Fault("Ray: worker out of memory", 5, out_of_memory),
    Fault("Ray: controller never ends", 5, never_ends_on_ray),
)


@contextlib.contextmanager
def ray_cluster() -> Iterator[Callable[[], Any]]:
    """Yields a function whose first call starts a cluster of three nodes with four CPUs."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def cluster() -> Any:
            import ray
            from ray.cluster_utils import Cluster

            nodes = Cluster(
                initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False}
            )
            stack.callback(nodes.shutdown)
            for _ in range(2):
                nodes.add_node(num_cpus=1)
            ray.init(address=nodes.address, log_to_driver=False, logging_level=logging.ERROR)
            stack.callback(ray.shutdown)
            return nodes

        yield cluster


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = "; ".join(fault.name for fault in FAULTS)
    parser.add_argument("--only", nargs="+", metavar="NAME", help=names)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of tries")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if unknown := set(options.only or ()) - {fault.name for fault in FAULTS}:
        parser.error(f"Unknown faults {sorted(unknown)}.")

    lost = 0
    print(f"{'fault':26} {'tried':>5} {'lost':>4} {'exit':>5} {'took':>6}  remarks", flush=True)
    with tempfile.TemporaryDirectory() as temporary, ray_cluster() as cluster:
        for number, fault in enumerate(FAULTS):
            if options.only and fault.name not in options.only:
                continue
            folder = Path(temporary) / str(number)
            folder.mkdir()
            random = np.random.default_rng([options.seed, number])
            place = Place(folder, short(folder), random, cluster)

            began = time.monotonic()
            cost = fault.inject(place, max(1, round(options.scale * fault.times)))
            took = time.monotonic() - began

            lost += cost.lost
            codes = "/".join(map(str, sorted(cost.codes)))
            remarks = ", ".join(f"{count} {way}" for way, count in cost.ways.items())
            print(
                f"{fault.name:26} {cost.tried:5} {cost.lost:4} {codes:>5} {took:5.0f}s  {remarks}",
                flush=True,
            )
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
