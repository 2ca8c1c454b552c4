"""Evaluation on Ray: the same numbers as in this process, from workers on this machine or on a cluster."""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from evoloco import errors, provenance
from evoloco.episode import Address, Outcome, unnamed
from evoloco.errors import EvolocoError, TimeLimitError
from evoloco.evaluation import Evaluation, Event
from evoloco.evaluators.chunks import FATAL, Chunk, Chunks
from evoloco.evaluators.worker import ARRAYS, Worker, filled
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.scenario import Scenario
from evoloco.spec import dumps

HERE = "local"
"""The address that stands for Ray started on this machine, for this process alone."""

PATIENCE = 300.0
"""Longest time without any worker before a run gives up [s]; nodes may come back until then."""

PAUSE = 1.0
"""Longest time between looks at the cluster while nothing happens [s]."""

OBJECT_STORE = 100 * 2**20
"""Shared memory of a Ray that is started here [bytes], near its least: nothing large is shared."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # Ray's reports of deaths: the journal tells them
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # or Ray warns that this will be the default
    "GRPC_VERBOSITY": "ERROR",  # Ray's client port, where git is asked for the commit
}

_OWN = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listens on 127.0.0.1 alone: its ports run whatever they are sent
    "RAY_worker_niceness": "0",  # simulates with the priority that threads would have
}
"""Of a Ray that is started here."""


class Ray:
    """Evaluates the genomes of an experiment with workers on Ray, one CPU each.

    A generation is handed out in chunks, to whichever worker is free. Results
    do not depend on the number of workers, on chunks, or on who dies: the
    chunk of a dead worker runs again elsewhere. Nodes that join get workers.
    Only text, numbers and arrays travel.

    Args:
        experiment: What is evaluated.
        address: "local" starts Ray on this machine; "auto", "host:port" or "ray://host:port" join
            a cluster. A Ray that this process is connected to already is used as it is.
        workers: Number of workers; one for every CPU of the cluster where 0.
        duration: Of a completed episode [s]; that of the search's scenarios where 0.

    Raises:
        EvolocoError: Ray is not installed or not there, or has too few CPUs.
    """

    def __init__(
        self, experiment: Experiment, address: str = HERE, workers: int = 0, duration: float = 0.0
    ) -> None:
        self._facts = provenance.collect(experiment)
        self._terms = len(experiment.terms)
        self._task = (dumps(experiment.spec), duration, experiment.time_limit)
        self._asked = workers
        self._workers: list[_Hired] = []
        self._idle: list[_Hired] = []
        self._calls: dict[Any, tuple[_Hired, Chunk | None]] = {}
        self._events: list[Event] = []
        self._stillborn = 0
        self._cpus_seen = {self._facts["cpu"]}
        self._ray = _imported(address)
        self._faults = _faults(self._ray)
        self._connected = not self._ray.is_initialized()
        if self._connected:
            _connect(self._ray, address)
        try:
            self._check_size()
            self._kind = self._ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(
                Worker
            )
            self._recruit()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __str__(self) -> str:
        ready = [worker for worker in self._workers if worker.node]
        nodes = len({worker.node for worker in ready})
        where = f" on {nodes} nodes" if nodes > 1 else ""
        return f"{len(ready)} Ray worker{'s' if len(ready) != 1 else ''}{where}"

    def close(self) -> None:
        """Lets the workers go, and Ray with them where this evaluator started or joined it."""
        for worker in self._workers:
            self._ray.kill(worker.actor)
        self._workers, self._idle, self._calls = [], [], {}
        if self._connected:
            self._ray.shutdown()

    # ------------------------------------------------------------ evaluating

    def evaluate(
        self,
        genomes: Array,
        scenarios: Sequence[Scenario],
        support: float,
        address: Address = unnamed,
    ) -> Evaluation:
        """Runs every genome (G, n) in every scenario; messages call an episode by its address.

        Raises:
            EvolocoError: A user's code failed as it would locally, or no worker is left.
        """
        draws = [vars(scenario) for scenario in scenarios]
        chunks, parts, done = Chunks(len(genomes)), {}, 0
        self._recruit()
        try:
            while done < len(genomes):
                self._hand_out(chunks, genomes, draws, support)
                for worker, chunk, answer in self._answers(address):
                    if chunk is None:
                        if answer is not None:
                            self._welcome(worker, answer)
                        continue
                    if answer is not None:
                        worker.learn(answer.pop("took") / len(chunk))
                        self._idle.append(worker)
                    elif chunks.lose(chunk):
                        self._tell(
                            f"Genome {chunk.first} alone ended {FATAL} workers: it has failed."
                        )
                        answer = self._failed(len(scenarios))
                    if answer is not None:
                        parts[chunk.first] = answer
                        done += len(chunk)
        finally:
            self._forget_chunks()
        whole = {
            name: np.concatenate([parts[first][name] for first in sorted(parts)]) for name in ARRAYS
        }
        events, self._events = tuple(self._events), []
        return Evaluation(**whole, events=events)

    def _hand_out(
        self, chunks: Chunks, genomes: Array, draws: list[dict[str, Any]], support: float
    ) -> None:
        """Gives every idle worker a chunk, as far as there are chunks."""
        sharing = sum(1 for worker in self._workers if worker.node)
        while self._idle and (chunk := chunks.take(self._idle[-1].pace, sharing)):
            worker = self._idle.pop()
            call = worker.actor.evaluate.remote(genomes[chunk.first : chunk.last], draws, support)
            self._calls[call] = (worker, chunk)

    def _answers(
        self, address: Address
    ) -> Iterator[tuple["_Hired", Chunk | None, dict[str, Any] | None]]:
        """Calls that have ended: worker, its chunk (None for a greeting) and the answer (None where it died)."""
        began = time.monotonic()
        while not (ended := self._ended()):
            if time.monotonic() - began > PATIENCE and not any(
                worker.node for worker in self._workers
            ):
                raise EvolocoError(self._nobody())
            self._recruit()
        for call in ended:
            if call not in self._calls:
                continue  # its worker was given up meanwhile
            worker, chunk = self._calls.pop(call)
            try:
                answer = self._ray.get(call)
                if "error" in answer:
                    raise _error(
                        answer["error"],
                        filled(answer["message"], chunk.first if chunk else 0, address),
                    )
            except self._faults as fault:
                self._bury(worker, chunk, fault)
                answer = None
            except TimeLimitError:
                self._dismiss(worker)  # it cannot stop
                raise
            except Exception:
                self._greet(worker)  # it lives: what failed is the code that it ran
                raise
            yield worker, chunk, answer

    def _ended(self) -> list[Any]:
        """Calls that have ended; waits for the first one, but not for long."""
        calls = list(self._calls)
        if not calls:
            time.sleep(PAUSE)
            return calls
        ended, _ = self._ray.wait(calls, timeout=PAUSE)
        if ended:
            ended, _ = self._ray.wait(calls, num_returns=len(calls), timeout=0)
        return list(ended)

    def _forget_chunks(self) -> None:
        """Leaves calls alone that nobody waits for any more; their workers are idle when they greet again."""
        for call, (worker, chunk) in list(self._calls.items()):
            if chunk is not None:
                del self._calls[call]
                self._greet(worker)

    # ------------------------------------------------------------ who comes and goes

    def _check_size(self) -> None:
        cpus = self._cpus()
        if cpus < max(self._asked, 1):
            raise EvolocoError(
                f"Ray has {cpus} CPU{'s' if cpus != 1 else ''} in all, but {self._asked or 1} workers with one each "
                f"were asked for. Ask for at most {cpus} with --workers, or add nodes."
            )

    def _cpus(self) -> int:
        """CPUs of the cluster, whoever uses them."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def _recruit(self) -> None:
        """Starts workers where there are CPUs for more, and gives up those that cannot start any more."""
        cpus = self._cpus()
        wanted = min(self._asked or cpus, cpus)
        for _ in range(len(self._workers), wanted):
            worker = _Hired(self._kind.remote(*self._task))
            self._workers.append(worker)
            self._greet(worker)
        starting = [worker for worker in self._workers if not worker.node]
        for worker in starting[: max(len(self._workers) - wanted, 0)]:
            self._dismiss(worker)

    def _dismiss(self, worker: "_Hired") -> None:
        self._ray.kill(worker.actor)
        self._workers.remove(worker)
        self._calls = {
            call: (who, chunk) for call, (who, chunk) in self._calls.items() if who is not worker
        }

    def _greet(self, worker: "_Hired") -> None:
        """Asks a worker for its facts; the answer shows that it lives."""
        self._calls[worker.actor.greet.remote()] = (worker, None)

    def _welcome(self, worker: "_Hired", facts: dict[str, Any]) -> None:
        """Takes a worker that has greeted into service, if it computes what is computed here."""
        if worker.node:
            self._idle.append(worker)
            return
        if strange := _unlike(self._facts, facts):
            self._dismiss(worker)
            raise EvolocoError(
                f"Node {facts['node']} cannot work for this run: {'; '.join(strange)}. "
                "Make it like this machine, or take it out of the cluster."
            )
        worker.node = facts["node"]
        self._idle.append(worker)
        self._stillborn = 0
        if facts["cpu"] not in self._cpus_seen:
            self._cpus_seen.add(facts["cpu"])
            self._tell(
                f"Node {worker.node} has another CPU ({facts['cpu']}): its results may differ in their last bits."
            )

    def _bury(self, worker: "_Hired", chunk: Chunk | None, fault: Exception) -> None:
        """Drops a dead worker, starts another one, and has the idle ones show that they live."""
        self._workers.remove(worker)
        what = (
            "while it started"
            if not worker.node
            else "while it was idle"
            if chunk is None
            else f"with {chunk}"
        )
        self._tell(f"A worker{worker.place} died {what}: {_cause(fault)}.")
        self._stillborn += not worker.node
        if "error raised in its creation task" in str(
            fault
        ):  # which only imports what the node should have
            raise EvolocoError(
                f"A worker cannot start: {str(fault).strip().splitlines()[-1]}. See docs/cluster.md."
            )
        living = any(other.node for other in self._workers)
        if self._stillborn > FATAL * max(self._asked, len(self._workers), 1) and not living:
            raise EvolocoError(f"Workers die while they start: {_cause(fault)}.")
        for idle in self._idle:
            self._greet(idle)
        self._idle = []
        self._recruit()

    def _failed(self, scenarios: int) -> dict[str, Any]:
        """What counts as the result of a genome that is given up."""
        shape = (1, scenarios)
        return {
            "fitness": np.full(shape, -np.inf),
            "values": np.full((*shape, self._terms), np.nan),
            "outcome": np.full(shape, Outcome.FAILED.value),
            "duration": np.zeros(shape),
            "distance": np.full(shape, np.nan),
        }

    def _nobody(self) -> str:
        free = int(self._ray.available_resources().get("CPU", 0))
        return (
            f"No worker for {PATIENCE:g} s: of Ray's {self._cpus()} CPUs, {free} are free. "
            "What was recorded is whole; go on with evoloco resume once there are CPUs."
        )

    def _tell(self, what: str) -> None:
        self._events.append(Event(time.time(), what))


@dataclass(eq=False)
class _Hired:
    """A worker as it is known here.

    Attributes:
        actor: Ray's handle.
        node: Name of the machine where it is; empty until it has greeted.
        pace: Time that one genome takes it [s]; 0 until it is known.
    """

    actor: Any
    node: str = ""
    pace: float = 0.0

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f" on node {self.node}" if self.node else ""

    def learn(self, pace: float) -> None:
        """Follows its pace, half-way each time."""
        self.pace = (self.pace + pace) / 2 if self.pace else pace


def _imported(address: str) -> Any:
    """The module `ray`, told to be quiet before it looks at its environment.

    Raises:
        EvolocoError: It is not installed.
    """
    for name, value in {**_QUIET, **(_OWN if address == HERE else {})}.items():
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
        EvolocoError: There is no cluster at the address, or it is of another version.
    """
    own = {
        "num_cpus": len(os.sched_getaffinity(0)), "num_gpus": 0, "include_dashboard": False,
        "object_store_memory": OBJECT_STORE,
    }  # fmt: skip
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **(own if address == HERE else {}),
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise EvolocoError(
            f"No Ray cluster could be {'started' if address == HERE else 'joined'} at '{address}': "
            f"{str(error).strip().partition(chr(10))[0]} "
            "Allowed are local (starts Ray here), auto (a cluster that runs on this machine), HOST:PORT, ray://HOST:PORT."
        ) from None


def _faults(ray: Any) -> tuple[type[Exception], ...]:
    """What a call raises when not the code failed but what runs it."""
    names = (
        "RayActorError",
        "WorkerCrashedError",
        "NodeDiedError",
        "OutOfMemoryError",
        "ObjectLostError",
    )
    return tuple(getattr(ray.exceptions, name) for name in names)


def _cause(fault: Exception) -> str:
    """Ray's reason for a death in one clause; the name of the fault where it gives none."""
    if type(fault).__name__ == "OutOfMemoryError":
        return "its node ran out of memory"
    reason = " ".join(str(fault).split()).partition(" because ")[2] or type(fault).__name__
    return reason.partition(". ")[0].rstrip(".")


def _error(error: str, message: str) -> EvolocoError:
    """A worker's error as it would have been raised here."""
    kind = getattr(errors, error, EvolocoError)
    raised: EvolocoError = EvolocoError.__new__(kind, message)
    return raised


def _unlike(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """Why a worker would not compute what is computed here, one reason each."""
    versions = {"evoloco": there["evoloco"], **there["packages"]}
    reasons = [
        f"{name} is {version} there and {wanted} here"
        for name, wanted in {"evoloco": here["evoloco"], **here["packages"]}.items()
        if (version := versions.get(name)) != wanted
    ]
    files = here["files_sha256"]
    reasons += [
        f"{path} is another file there"
        for path in files
        if there["files_sha256"].get(path) != files[path]
    ]
    if (
        not reasons
        and here["cpu"] == there["cpu"]
        and here["model_sha256"] != there["model_sha256"]
    ):
        reasons = ["the body is another one there (a mesh or an included file differs)"]
    return reasons
