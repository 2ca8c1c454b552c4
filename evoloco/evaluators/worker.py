"""What a worker of a cluster runs: the local evaluator on one thread, told what to do in text, numbers and arrays."""

import functools
import platform
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from threadpoolctl import threadpool_limits

from evoloco import provenance
from evoloco.build import Experiment
from evoloco.errors import EvolocoError
from evoloco.evaluators.local import Local
from evoloco.genome import Array
from evoloco.scenario import Scenario
from evoloco.spec import loads

ARRAYS = ("fitness", "values", "outcome", "duration", "distance")
"""Of an `Evaluation`, as they travel."""


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

    Args:
        spec: The resolved run file, as text.
        duration: Of a completed episode [s]; that of the search's scenarios where 0.
    """

    def __init__(self, spec: str, duration: float) -> None:
        threadpool_limits(1)
        self._spec, self._duration = spec, duration

    @cached_property
    def _local(self) -> Local:
        return Local(self._experiment, 1, self._duration)

    @cached_property
    def _experiment(self) -> Experiment:
        return Experiment(loads(self._spec))

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return {"node": platform.node(), **provenance.collect(self._experiment)}

    @_answering
    def greet(self) -> dict[str, Any]:
        """Makes the simulator ready, and tells what stands here: node, versions, CPU, files."""
        return self._facts if self._local else {}

    @_answering
    def evaluate(self, genomes: Array, draws: list[dict[str, Any]], support: float) -> dict[str, Any]:
        """Evaluates genomes in scenarios given by their fields; arrays of an evaluation, and what it took [s]."""
        began = time.perf_counter()
        evaluation = self._local.evaluate(genomes, [Scenario(**draw) for draw in draws], support)
        answer: dict[str, Any] = {name: getattr(evaluation, name) for name in ARRAYS}
        return {**answer, "took": time.perf_counter() - began}
