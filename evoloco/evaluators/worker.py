"""What a worker of a cluster runs: the local evaluator on one thread.

Its arguments and answers are text, numbers and arrays.
"""

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

ARRAYS = ("fitness", "values", "counted", "outcome", "duration", "distance", "ending")
"""Arrays of an `Evaluation` that a worker sends."""

GRACE = 2.0
"""Time between a worker's report that an episode takes too long and its own end [s]."""


def blank(genome: int, scenario: int) -> str:
    """Returns a mark for an episode's address, which only the searching process knows."""
    return f"\x1a{genome}:{scenario}\x1a"


def filled(message: str, first: int, address: Address) -> str:
    """Replaces the marks in a worker's message by addresses.

    Args:
        message: The message.
        first: Index of the first genome of the worker's chunk.
        address: Names an episode by the indices of its genome and scenario.
    """
    return re.sub(
        "\x1a(\\d+):(\\d+)\x1a",
        lambda found: address(first + int(found[1]), int(found[2])),
        message,
    )


def _answering(method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Makes a method return an `EvolocoError` as text instead of raising it."""

    @functools.wraps(method)
    def answer(*arguments: Any) -> dict[str, Any]:
        try:
            return method(*arguments)
        except EvolocoError as error:
            return {"error": type(error).__name__, "message": str(error)}

    return answer


class Worker:
    """Evaluates chunks in a process of its own, on one thread.

    An episode that takes longer than the time limit cannot be stopped. The
    worker then returns that error and ends its process.

    Args:
        spec: The resolved run file, as text.
        duration: Length of a completed episode [s]; 0 for that of the search's scenarios.
        time_limit: Wall time that an episode may take [s]; 0 for no limit.
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
        """Makes the simulator ready and returns node, versions, CPU and files."""
        return self._facts if self._local else {}

    @_answering
    def evaluate(
        self, genomes: Array, draws: list[dict[str, Any]], support: float
    ) -> dict[str, Any]:
        """Returns the arrays of an evaluation, its wall time `took` and its CPU time `cpu` [s].

        Args:
            genomes: Genomes of the chunk (G, n).
            draws: Fields of the scenarios.
            support: Strength of the virtual support, 0 to 1.
        """
        working = self._thread.submit(self._evaluated, genomes, draws, support)
        wait([working, self._late], return_when=FIRST_COMPLETED)
        return (working if working.done() else self._late).result()

    def _evaluated(
        self, genomes: Array, draws: list[dict[str, Any]], support: float
    ) -> dict[str, Any]:
        began, used = time.perf_counter(), time.process_time()
        scenarios = [Scenario(**draw) for draw in draws]
        evaluation = self._local.evaluate(genomes, scenarios, support, blank)

        answer: dict[str, Any] = {name: getattr(evaluation, name) for name in ARRAYS}
        cpu = time.process_time() - used
        return {**answer, "took": time.perf_counter() - began, "cpu": cpu}

    def _give_up(self, message: str) -> None:
        self._late.set_exception(TimeLimitError(message))
        threading.Timer(GRACE, os._exit, [TimeLimitError.code]).start()
