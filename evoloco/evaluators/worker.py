"""What a worker of a cluster runs: the local evaluator on one thread, told what to do in text, numbers and arrays."""

import functools
import os
import platform
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cached_property
from typing import Any

from threadpoolctl import threadpool_limits

from evoloco import provenance
from evoloco.episode import Address
from evoloco.errors import EvolocoError, TimeLimitError
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.scenario import Scenario
from evoloco.spec import loads

ARRAYS = ("fitness", "values", "outcome", "duration", "distance")
"""Of an `Evaluation`, as they travel."""

GRACE = 2.0
"""Time that a worker has to tell that an episode takes too long, before it ends itself [s]."""


def blank(genome: int, scenario: int) -> str:
    """Stands for the address of an episode in a worker's message: only the process that searches knows it."""
    return f"\x1a{genome}:{scenario}\x1a"


def filled(message: str, first: int, address: Address) -> str:
    """A worker's message with the address of the episode; `first` is the index of its chunk's first genome."""
    return re.sub(
        "\x1a(\\d+):(\\d+)\x1a",
        lambda found: address(first + int(found[1]), int(found[2])),
        message,
    )


def _answering(method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Lets a method answer with a user's error, as text, instead of raising it."""

    @functools.wraps(method)
    def answer(*arguments: Any) -> dict[str, Any]:
        try:
            return method(*arguments)
        except EvolocoError as error:
            return {"error": type(error).__name__, "message": str(error)}

    return answer


class Worker:
    """The far side: evaluates chunks in a process of its own, on one thread.

    An episode that takes longer than the time limit cannot be
    stopped. The worker answers with that error instead, and ends itself.

    Args:
        spec: The resolved run file, as text.
        duration: Of a completed episode [s]; that of the search's scenarios where 0.
        time_limit: Wall time that an episode may take [s]; 0 for any.
    """

    def __init__(self, spec: str, duration: float, time_limit: float) -> None:
        threadpool_limits(1)
        self._spec, self._duration, self._time_limit = spec, duration, time_limit
        self._thread = ThreadPoolExecutor(1)
        self._late: Future[dict[str, Any]] = Future()

    @cached_property
    def _local(self) -> Local:
        return Local(self._experiment, 1, self._duration, self._give_up)

    @cached_property
    def _experiment(self) -> Experiment:
        return Experiment(loads(self._spec), self._time_limit)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return {"node": platform.node(), **provenance.collect(self._experiment)}

    @_answering
    def greet(self) -> dict[str, Any]:
        """Makes the simulator ready, and tells what stands here: node, versions, CPU, files."""
        return self._facts if self._local else {}

    @_answering
    def evaluate(
        self, genomes: Array, draws: list[dict[str, Any]], support: float
    ) -> dict[str, Any]:
        """Evaluates genomes in scenarios given by their fields; arrays of an evaluation, and what it took [s]."""
        working = self._thread.submit(self._evaluated, genomes, draws, support)
        wait([working, self._late], return_when=FIRST_COMPLETED)
        return (working if working.done() else self._late).result()

    def _evaluated(
        self, genomes: Array, draws: list[dict[str, Any]], support: float
    ) -> dict[str, Any]:
        began = time.perf_counter()
        evaluation = self._local.evaluate(
            genomes, [Scenario(**draw) for draw in draws], support, blank
        )
        answer: dict[str, Any] = {name: getattr(evaluation, name) for name in ARRAYS}
        return {**answer, "took": time.perf_counter() - began}

    def _give_up(self, message: str) -> None:
        self._late.set_exception(TimeLimitError(message))
        threading.Timer(GRACE, os._exit, [TimeLimitError.code]).start()
