"""The contract of evaluators: genomes in, fitness and measures out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Address, unnamed
from evoloco.genome import Array
from evoloco.scenario import Scenario


class Event(NamedTuple):
    """Something that happened during an evaluation, such as the loss of a worker.

    Results do not depend on it.

    Attributes:
        happened: Unix time [s].
        what: One sentence.
    """

    happened: float
    what: str


@dataclass(frozen=True)
class Evaluation:
    """Results of G genomes in k scenarios, with T fitness terms.

    An episode that failed, because it ended every worker that tried it,
    counts as an unstable one.

    Attributes:
        fitness: Fitness of each episode (G, k); -inf if it was unstable.
        values: Measures of each episode [their units] (G, k, T); NaN if it was unstable.
        outcome: How each episode ended (G, k), as `Outcome` values.
        duration: Simulated time of each episode [s] (G, k).
        distance: Way of the torso forward in each episode [m] (G, k); NaN if it was
            unstable.
        counted: What each episode counts for each term [their units] (G, k, T), NaN if it was
            unstable; empty where read from a journal.
        ending: Why each episode ended, as a clause (G, k).
        events: What happened during the evaluation.
        cpu_time: CPU time that other processes spent [s].
    """

    fitness: Array
    values: Array
    outcome: NDArray[np.str_]
    duration: Array
    distance: Array
    counted: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))
    ending: NDArray[np.str_] = field(default_factory=lambda: np.zeros((0, 0), str))
    events: tuple[Event, ...] = ()
    cpu_time: float = 0.0

    def of(self, genome: int) -> "Evaluation":
        """Returns the results of one genome (G = 1)."""
        one = slice(genome, genome + 1)
        return Evaluation(
            self.fitness[one],
            self.values[one],
            self.outcome[one],
            self.duration[one],
            self.distance[one],
            self.counted[one],
            self.ending[one],
        )


class Evaluator(Protocol):
    """Evaluates genomes. Equal arguments give equal results, to the last bit.

    The local evaluator defines the results. As a string, an evaluator says
    what it computes with, such as "2 threads".
    """

    def evaluate(
        self,
        genomes: Array,
        scenarios: Sequence[Scenario],
        support: float,
        address: Address = unnamed,
    ) -> Evaluation:
        """Runs every genome (G, n) in every scenario; messages name an episode by its address."""
