"""The workers of a run on Ray: they come, take chunks, answer, and may die."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from evoloco import errors
from evoloco.episode import Address
from evoloco.errors import EvolocoError, TimeLimitError
from evoloco.evaluation import Event
from evoloco.evaluators.chunks import FATAL, Chunk
from evoloco.evaluators.worker import Worker, filled
from evoloco.genome import Array

PATIENCE = 300.0
"""Longest time without any worker before a run gives up [s]; nodes may come back until then."""

PAUSE = 1.0
"""Longest time between looks at the cluster while nothing happens [s]."""


@dataclass(eq=False)
class Hired:
    """A worker as this process knows it.

    Attributes:
        actor: Ray's handle.
        node: Name of the machine that it runs on; empty until it has greeted.
        pace: Time that it needs for one genome [s]; 0 until that is known.
    """

    actor: Any
    node: str = ""
    pace: float = 0.0

    @property
    def place(self) -> str:
        """Where it runs, for messages."""
        return f" on node {self.node}" if self.node else ""

    def learn(self, pace: float) -> None:
        """Moves the known pace half-way to a new measurement [s]."""
        self.pace = (self.pace + pace) / 2 if self.pace else pace


class Answer(NamedTuple):
    """A call that has ended.

    Attributes:
        worker: Who was called.
        chunk: The genomes that it had; None for a greeting.
        result: What it returned; None if it died.
    """

    worker: Hired
    chunk: Chunk | None
    result: dict[str, Any] | None


class Pool:
    """Workers on a Ray cluster, one CPU each.

    Args:
        ray: The module `ray`, connected to a cluster.
        task: Arguments of `Worker`: run file as text, duration [s], time limit [s].
        facts: Provenance of this process; a worker must compute with the same code.
        asked: Number of workers; 0 for one on every CPU of the cluster.

    Raises:
        EvolocoError: The cluster has too few CPUs.
    """

    def __init__(
        self,
        ray: Any,
        task: tuple[str, float, float],
        facts: dict[str, Any],
        asked: int,
    ) -> None:
        self._ray = ray
        self._task = task
        self._facts = facts
        self._asked = asked
        self._deaths = _deaths(ray)
        self._workers: list[Hired] = []
        self._idle: list[Hired] = []
        self._calls: dict[Any, tuple[Hired, Chunk | None]] = {}
        self._events: list[Event] = []
        self._failed_starts = 0
        self._cpus_seen = {facts["cpu"]}

        self._check_size()
        options = {"num_cpus": 1, "max_restarts": 0, "scheduling_strategy": "SPREAD"}
        self._kind = ray.remote(**options)(Worker)
        try:
            self.recruit()
        except BaseException:
            self.close()
            raise

    @property
    def ready(self) -> list[Hired]:
        """Workers that have greeted."""
        return [worker for worker in self._workers if worker.node]

    @property
    def outstanding(self) -> int:
        """Number of calls that have not been answered."""
        return len(self._calls)

    def idle(self) -> Hired | None:
        """Returns an idle worker, the next one that `submit` should use, or None."""
        return self._idle[-1] if self._idle else None

    def close(self) -> None:
        """Ends all workers."""
        for worker in self._workers:
            self._ray.kill(worker.actor)
        self._workers, self._idle, self._calls = [], [], {}

    def report(self, what: str) -> None:
        """Adds an event, one sentence, to those that `take_events` returns."""
        self._events.append(Event(time.time(), what))

    def take_events(self) -> tuple[Event, ...]:
        """Returns the events since the last call."""
        events, self._events = tuple(self._events), []
        return events

    def submit(
        self,
        worker: Hired,
        chunk: Chunk,
        genomes: Array,
        draws: list[dict[str, Any]],
        support: float,
    ) -> None:
        """Sends a chunk to an idle worker.

        Args:
            worker: The worker.
            chunk: Which of the genomes or scenarios.
            genomes: Those of the chunk (G, n).
            draws: Fields of the scenarios of the chunk.
            support: Strength of the virtual support, 0 to 1.
        """
        self._idle.remove(worker)
        call = worker.actor.evaluate.remote(genomes, draws, support)
        self._calls[call] = (worker, chunk)

    def greet(self, worker: Hired) -> None:
        """Asks a worker for its facts; the answer shows that it is alive."""
        self._calls[worker.actor.greet.remote()] = (worker, None)

    def welcome(self, worker: Hired, facts: dict[str, Any]) -> None:
        """Makes a worker idle after its greeting.

        Raises:
            EvolocoError: Its versions or files differ from those of this process.
        """
        if worker.node:
            self._idle.append(worker)
            return

        if differences := _differences(self._facts, facts):
            self._dismiss(worker)
            raise EvolocoError(
                f"Node {facts['node']} cannot work for this run: {'; '.join(differences)}. "
                "Install the same versions and files there, or remove the node from the cluster."
            )

        worker.node = facts["node"]
        self._idle.append(worker)
        self._failed_starts = 0
        if facts["cpu"] not in self._cpus_seen:
            self._cpus_seen.add(facts["cpu"])
            self.report(
                f"Node {worker.node} has another CPU ({facts['cpu']}): "
                "its results may differ in their last bits."
            )

    def finish(self, worker: Hired, pace: float) -> None:
        """Makes a worker idle after a chunk that took it `pace` per genome [s]."""
        worker.learn(pace)
        self._idle.append(worker)

    def answers(self, address: Address) -> Iterator[Answer]:
        """Waits for calls to end, and yields those that have ended.

        Args:
            address: Names an episode in the message of a worker's error.

        Raises:
            EvolocoError: The user's code failed in a worker, or no worker is left.
        """
        for call in self._await_ended():
            if call not in self._calls:
                continue  # its worker was dismissed in the meantime

            worker, chunk = self._calls.pop(call)
            first = chunk.first if chunk else 0
            result: dict[str, Any] | None = None
            try:
                result = self._ray.get(call)
                if "error" in result:
                    raise _error(result["error"], filled(result["message"], first, address))
            except self._deaths as death:
                self._replace(worker, chunk, death)
                result = None
            except TimeLimitError:
                self._dismiss(worker)  # it cannot stop its episode
                raise
            except Exception:
                self.greet(worker)  # the worker lives: only the user's code failed
                raise
            yield Answer(worker, chunk, result)

    def forget_chunks(self) -> None:
        """Gives up all calls with chunks. Their workers become idle when they greet again."""
        for call, (worker, chunk) in list(self._calls.items()):
            if chunk is not None:
                del self._calls[call]
                self.greet(worker)

    def recruit(self) -> None:
        """Starts workers on free CPUs, and dismisses those that can no longer start."""
        cpus = self._cpus()
        wanted = min(self._asked or cpus, cpus)
        for _ in range(len(self._workers), wanted):
            worker = Hired(self._kind.remote(*self._task))
            self._workers.append(worker)
            self.greet(worker)

        starting = [worker for worker in self._workers if not worker.node]
        surplus = max(len(self._workers) - wanted, 0)
        for worker in starting[:surplus]:
            self._dismiss(worker)

    def _check_size(self) -> None:
        cpus = self._cpus()
        if cpus < max(self._asked, 1):
            raise EvolocoError(
                f"Ray has {cpus} CPU{'s' if cpus != 1 else ''} in all, but {self._asked or 1} "
                f"workers with one CPU each were asked for. Ask for at most {cpus} with "
                "--workers, or add nodes."
            )

    def _cpus(self) -> int:
        """Returns the number of CPUs of the cluster, busy ones included."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def _await_ended(self) -> list[Any]:
        """Returns calls that have ended, at least one. Starts workers while it waits."""
        began = time.monotonic()
        while not (ended := self._ended()):
            waited = time.monotonic() - began
            if waited > PATIENCE and not self.ready:
                raise self._nobody()
            self.recruit()
        return ended

    def _ended(self) -> list[Any]:
        """Returns calls that have ended; waits up to `PAUSE` for the first one."""
        calls = list(self._calls)
        if not calls:
            time.sleep(PAUSE)
            return calls

        ended, _ = self._ray.wait(calls, timeout=PAUSE)
        if ended:
            ended, _ = self._ray.wait(calls, num_returns=len(calls), timeout=0)
        return list(ended)

    def _nobody(self) -> EvolocoError:
        free = int(self._ray.available_resources().get("CPU", 0))
        return EvolocoError(
            f"No worker for {PATIENCE:g} s: of Ray's {self._cpus()} CPUs, {free} are free. "
            "Everything recorded so far is safe. Continue with evoloco resume when CPUs are free."
        )

    def _dismiss(self, worker: Hired) -> None:
        """Ends a worker and forgets its calls."""
        self._ray.kill(worker.actor)
        self._workers.remove(worker)
        self._calls = {call: had for call, had in self._calls.items() if had[0] is not worker}

    def _replace(self, worker: Hired, chunk: Chunk | None, death: Exception) -> None:
        """Starts another worker for a dead one, and greets the idle ones to see who is alive.

        Raises:
            EvolocoError: Workers cannot start.
        """
        self._workers.remove(worker)
        if not worker.node:
            doing = "while it started"
        elif chunk is None:
            doing = "while it was idle"
        else:
            doing = f"with {chunk}"
        self.report(f"A worker{worker.place} died {doing}: {_cause(death)}.")

        # Creation only imports modules, so an exception there is a faulty installation.
        self._failed_starts += not worker.node
        if "error raised in its creation task" in str(death):
            raise EvolocoError(
                f"A worker cannot start: {str(death).strip().splitlines()[-1]}. "
                "See docs/cluster.md."
            )
        allowed = FATAL * max(self._asked, len(self._workers), 1)
        if self._failed_starts > allowed and not self.ready:
            raise EvolocoError(f"Workers die while they start: {_cause(death)}.")

        for idle in self._idle:
            self.greet(idle)
        self._idle = []
        self.recruit()


def _deaths(ray: Any) -> tuple[type[Exception], ...]:
    """Returns what a call raises if its worker or node died, rather than its code failed."""
    names = (
        "RayActorError",
        "WorkerCrashedError",
        "NodeDiedError",
        "OutOfMemoryError",
        "ObjectLostError",
    )
    return tuple(getattr(ray.exceptions, name) for name in names)


def _cause(death: Exception) -> str:
    """Returns Ray's reason for a death in one clause, or the exception's name if it has none."""
    if type(death).__name__ == "OutOfMemoryError":
        return "its node ran out of memory"
    reason = " ".join(str(death).split()).partition(" because ")[2] or type(death).__name__
    return reason.partition(". ")[0].rstrip(".")


def _error(error: str, message: str) -> EvolocoError:
    """Returns a worker's error as it would have been raised in this process."""
    kind = getattr(errors, error, EvolocoError)
    raised: EvolocoError = EvolocoError.__new__(kind, message)
    return raised


def _differences(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """Returns the reasons why a worker would compute something else than this process."""
    wanted = {"evoloco": here["evoloco"], **here["packages"]}
    found = {"evoloco": there["evoloco"], **there["packages"]}
    reasons = [
        f"{name} is {found.get(name)} there and {version} here"
        for name, version in wanted.items()
        if found.get(name) != version
    ]
    reasons += [
        f"{path} is another file there"
        for path, digest in here["files_sha256"].items()
        if there["files_sha256"].get(path) != digest
    ]

    same_cpu = here["cpu"] == there["cpu"]
    if not reasons and same_cpu and here["model_sha256"] != there["model_sha256"]:
        return ["the body is another one there (a mesh or an included file differs)"]
    return reasons
