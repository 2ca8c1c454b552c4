"""Evaluation on Ray: the same numbers as in this process, from workers on one or many machines."""

import logging
import os
import socket
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from evoloco import provenance
from evoloco.ending import Ending, Outcome, Rule
from evoloco.episode import Address, unnamed
from evoloco.errors import EvolocoError
from evoloco.evaluation import Evaluation
from evoloco.evaluators.chunks import FATAL, Chunks
from evoloco.evaluators.ray_pool import Answer, Pool
from evoloco.evaluators.worker import ARRAYS
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.scenario import Scenario
from evoloco.spec import dumps

HERE = "local"
"""The address that stands for a Ray started on this machine, for this process alone."""

PATIENCE_OF_HOSTS = 10.0
"""Longest time that a host may take to answer when a cluster is joined [s]."""

OBJECT_STORE = 100 * 2**20
"""Shared memory of a Ray started here [bytes], near Ray's minimum: nothing large is shared."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # Ray's reports of deaths: the journal has them
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # or Ray warns that this will be the default
    "GRPC_VERBOSITY": "ERROR",  # Ray's client port, when a subprocess asks git for the commit
}
"""Environment of every Ray that is used."""

_OWN = {
    # Listen on 127.0.0.1 alone: Ray's ports run whatever code they are sent.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Simulate with the priority that threads would have.
    "RAY_worker_niceness": "0",
}
"""Environment of a Ray that is started here."""

_TOKEN = (
    " If the cluster asks for a token (`ray start` does where ~/.ray/auth_token exists), "
    "set RAY_AUTH_MODE=token and put the token of the cluster's machine into that file."
)


class Ray:
    """Evaluates the genomes of an experiment with workers on Ray, one CPU each.

    A generation is divided into chunks, and so are the scenarios of a single
    genome. Each goes to the next worker that is free. Results do not depend on
    the number of workers, on the chunks, or on which workers die: the chunk of
    a dead worker runs again elsewhere. Nodes that join get workers. Only text,
    numbers and arrays travel.

    Args:
        experiment: What is evaluated.
        address: "local" starts Ray on this machine; "auto", "host:port" or "ray://host:port" join
            a cluster. If this process is connected to Ray already, that Ray is used.
        workers: Number of workers; 0 for one on every CPU of the cluster.
        duration: Length of a completed episode [s]; 0 for that of the search's scenarios.

    Attributes:
        pool: The workers.

    Raises:
        EvolocoError: Ray is not installed, there is no cluster, or it has too few CPUs.
    """

    def __init__(
        self, experiment: Experiment, address: str = HERE, workers: int = 0, duration: float = 0.0
    ) -> None:
        facts = provenance.collect(experiment)
        task = (dumps(experiment.spec), duration, experiment.time_limit)
        self._terms = len(experiment.terms)

        self._ray = _imported(address)
        self._connected = not self._ray.is_initialized()
        if self._connected:
            _connect(self._ray, address)
        try:
            self.pool = Pool(self._ray, task, facts, workers)
        except BaseException:
            self._disconnect()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __str__(self) -> str:
        ready = self.pool.ready
        nodes = len({worker.node for worker in ready})
        where = f" on {nodes} nodes" if nodes > 1 else ""
        return f"{len(ready)} Ray worker{'s' if len(ready) != 1 else ''}{where}"

    def close(self) -> None:
        """Ends the workers, and Ray or the connection to it if this evaluator started it."""
        self.pool.close()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connected:
            self._ray.shutdown()

    def evaluate(
        self,
        genomes: Array,
        scenarios: Sequence[Scenario],
        support: float,
        address: Address = unnamed,
    ) -> Evaluation:
        """Runs every genome (G, n) in every scenario; messages name an episode by its address.

        Raises:
            EvolocoError: The user's code failed as it would locally, or no worker is left.
        """
        draws = [vars(scenario) for scenario in scenarios]
        alone = len(genomes) == 1
        count, named = len(genomes), address
        if alone:
            count = len(scenarios)

            def named(first: int, scenario: int) -> str:
                return address(0, first + scenario)

        chunks = Chunks(count, "scenario" if alone else "genome")
        parts: dict[int, dict[str, Any]] = {}
        done = 0

        self.pool.recruit()
        try:
            while done < count:
                self._hand_out(chunks, genomes, draws, support)
                for answer in self.pool.answers(named):
                    result = self._result(answer, chunks, 1 if alone else len(scenarios))
                    if answer.chunk is not None and result is not None:
                        parts[answer.chunk.first] = result
                        done += len(answer.chunk)
        finally:
            self.pool.forget_chunks()

        in_order = [parts[first] for first in sorted(parts)]
        axis = 1 if alone else 0
        whole = {name: np.concatenate([part[name] for part in in_order], axis) for name in ARRAYS}
        cpu_time = sum(part.get("cpu", 0.0) for part in in_order)
        return Evaluation(**whole, events=self.pool.take_events(), cpu_time=cpu_time)

    def _hand_out(
        self, chunks: Chunks, genomes: Array, draws: list[dict[str, Any]], support: float
    ) -> None:
        """Gives every idle worker a chunk, as long as there are chunks."""
        sharing = len(self.pool.ready)
        while worker := self.pool.idle():
            chunk = chunks.take(worker.pace, sharing)
            if chunk is None:
                return
            part = slice(chunk.first, chunk.last)
            if chunk.of == "scenario":
                self.pool.submit(worker, chunk, genomes, draws[part], support)
            else:
                self.pool.submit(worker, chunk, genomes[part], draws, support)

    def _result(self, answer: Answer, chunks: Chunks, scenarios: int) -> dict[str, Any] | None:
        """Returns the result of a chunk; None after a greeting, or if the chunk runs again."""
        worker, chunk, result = answer
        if chunk is None:
            if result is not None:
                self.pool.welcome(worker, result)
            return None

        if result is not None:
            self.pool.finish(worker, result.pop("took") / len(chunk))
            return result

        given_up = chunks.lose(chunk)
        if not given_up:
            return None
        who = str(chunk).capitalize()
        self.pool.report(f"{who} alone ended {FATAL} workers: it counts as failed.")
        return _failed(scenarios, self._terms)


def _failed(scenarios: int, terms: int) -> dict[str, Any]:
    """Returns the result of a genome that is given up."""
    shape = (1, scenarios)
    return {
        "fitness": np.full(shape, -np.inf),
        "values": np.full((*shape, terms), np.nan),
        "counted": np.full((*shape, terms), np.nan),
        "outcome": np.full(shape, Outcome.FAILED.value),
        "duration": np.zeros(shape),
        "distance": np.full(shape, np.nan),
        "ending": np.full(shape, str(Ending(Outcome.FAILED, Rule.WORKER))),
    }


def connect(address: str) -> Any:
    """Starts Ray on this machine, or joins a cluster; returns the module `ray`.

    Args:
        address: As `Ray` takes it. If this process is connected already, that Ray is used.

    Raises:
        EvolocoError: Ray is not installed, or there is no cluster at the address.
    """
    ray = _imported(address)
    if not ray.is_initialized():
        _connect(ray, address)
    return ray


def _imported(address: str) -> Any:
    """Imports the module `ray`, after setting the environment that makes it quiet.

    Raises:
        EvolocoError: Ray is not installed.
    """
    environment = {**_QUIET, **(_OWN if address == HERE else {})}
    for name, value in environment.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise EvolocoError(
            "Ray is not installed. Install it with: pip install 'ray>=2.40'"
        ) from None
    return ray


def _connect(ray: Any, address: str) -> None:
    """Starts Ray on this machine, or joins a cluster.

    Raises:
        EvolocoError: There is no cluster at the address, or it has another version.
    """
    own = {
        "num_cpus": len(os.sched_getaffinity(0)),
        "num_gpus": 0,
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE,
    }
    options = own if address == HERE else {}
    answers = False
    try:
        _knock(address)
        answers = True
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **options)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        verb = "started" if address == HERE else "joined"
        reason = _reason(error)
        asks = answers and address != HERE and "RAY_AUTH_MODE" not in os.environ
        raise EvolocoError(
            f"No Ray cluster could be {verb} at '{address}': {reason}. "
            "Allowed are local (starts Ray here), auto (a cluster that runs on this machine), "
            f"HOST:PORT, ray://HOST:PORT.{_TOKEN if asks else ''}"
        ) from None


def _reason(error: Exception) -> str:
    """The first line of what Ray says, and the last one where the first announces a traceback."""
    first, *others = str(error).strip().splitlines() or [type(error).__name__]
    told = f"{first} {others[-1]}" if first.endswith(":") and others else first
    return told.removesuffix(".")


def _knock(address: str) -> None:
    """Raises OSError if nobody listens at HOST:PORT: Ray would wait for minutes.

    Raises:
        ValueError: The port is not a number.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        socket.create_connection((host, int(port)), PATIENCE_OF_HOSTS).close()
