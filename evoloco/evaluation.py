"""Evaluators: genomes in, fitness and measures out. The local one is the definition."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Address, unnamed
from evoloco.genome import Array
from evoloco.scenario import Scenario


class Event(NamedTuple):
    """What happened while something was evaluated, such as the loss of a worker; results do not depend on it.

    Attributes:
        happened: Unix time [s].
        what: One sentence.
    """

    happened: float
    what: str


@dataclass(frozen=True)
class Evaluation:
    """What G genomes did in k scenarios, with T fitness terms.

    Attributes:
        fitness: Of each episode (G, k); -inf where it was unstable.
        values: Measures of each episode [their units] (G, k, T); NaN where it was unstable.
        outcome: How each episode ended (G, k), as `Outcome` values.
        duration: Lived time of each episode [s] (G, k).
        distance: Forward displacement of the torso in each episode [m] (G, k); NaN where it was unstable.
        events: What happened on the way.

    An episode that failed, because it ended every worker that tried it, counts as an unstable one.
    """

    fitness: Array
    values: Array
    outcome: NDArray[np.str_]
    duration: Array
    distance: Array
    events: tuple[Event, ...] = ()

    def of(self, genome: int) -> "Evaluation":
        """What one of the genomes did (G = 1)."""
        one = slice(genome, genome + 1)
        return Evaluation(
            self.fitness[one],
            self.values[one],
            self.outcome[one],
            self.duration[one],
            self.distance[one],
        )


class Evaluator(Protocol):
    """Evaluates genomes; equal arguments give equal results, to the last bit.

    As a string it says with what, such as "2 threads".
    """

    def evaluate(
        self,
        genomes: Array,
        scenarios: Sequence[Scenario],
        support: float,
        address: Address = unnamed,
    ) -> Evaluation:
        """Runs every genome (G, n) in every scenario; messages call an episode by its address."""
