"""The main figures of a generation, as a display shows them."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from evoloco.ending import Outcome
from evoloco.json_number import finite
from evoloco.record.journal import Generation
from evoloco.run import Run

SMOOTHING = 0.3
"""Weight of the newest generation in the estimate of the time left."""


@dataclass(frozen=True)
class Figures:
    """The main figures of a recorded generation.

    Attributes:
        generation: Number of recorded generations.
        generations: Total number of them.
        best: Fitness of the generation's fittest individual.
        mean: Mean fitness of the generation's individuals that are not unstable.
        speed: Mean forward speed of the fittest individual [m/s].
        lived: Mean duration of its episodes [s].
        episodes: Episodes of the generation.
        fell: How many of them ended in a fall.
        diverged: How many of them were unstable.
        pace: Simulated time per wall time [1].
        support: Strength of the virtual support, 0 to 1.
        pushes: Strength of the pushes, 0 to 1; None if the run has none.
        left: Estimated time until the last generation [s].
    """

    generation: int
    generations: int
    best: float
    mean: float
    speed: float
    lived: float
    episodes: int
    fell: int
    diverged: int
    pace: float
    support: float
    pushes: float | None
    left: float

    @classmethod
    def of(cls, run: Run, record: Generation, total: int, left: float) -> Self:
        """Returns the figures of a generation.

        Args:
            run: The run.
            record: The generation.
            total: Total number of generations.
            left: Estimated time until the last one [s].
        """
        evaluation = record.evaluation
        finite = record.fitness[np.isfinite(record.fitness)]
        best = int(np.argmax(record.fitness))
        push = run.spec.scenario.push
        pushed = push.count > 0 and push.impulse > 0
        return cls(
            generation=record.generation + 1,
            generations=max(total, record.generation + 1),
            best=float(record.fitness[best]),
            mean=float(finite.mean()) if finite.size else math.nan,
            speed=float(evaluation.distance[best].sum() / evaluation.duration[best].sum()),
            lived=float(evaluation.duration[best].mean()),
            episodes=int(evaluation.outcome.size),
            fell=int((evaluation.outcome == Outcome.FELL).sum()),
            diverged=int((evaluation.outcome == Outcome.UNSTABLE).sum()),
            pace=float(evaluation.duration.sum() / record.simulation_time),
            support=record.support,
            pushes=push.strength(record.generation) if pushed else None,
            left=left,
        )

    @property
    def happenings(self) -> str:
        """How many episodes fell, and how many diverged."""
        diverged = f", {self.diverged} diverged" if self.diverged else ""
        return f"{self.fell} of {self.episodes} fell{diverged}"

    @property
    def aids(self) -> str:
        """What helps the body, or spares it, at present; empty if nothing does."""
        parts = []
        if self.support > 0:
            parts.append(f"virtual support at {self.support:.0%}")
        if self.pushes is not None and self.pushes < 1:
            parts.append(f"pushes at {self.pushes:.0%} of their strength")
        return ", ".join(parts)

    def plain(self) -> dict[str, Any]:
        """Returns the figures for JSON; what is not finite becomes None."""
        return {name: finite(value) for name, value in asdict(self).items()}


def clock(seconds: float) -> str:
    """Returns a time [s] as minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Pace:
    """Estimates the time until the last generation.

    Args:
        total: Total number of generations.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._wall_time = 0.0

    def left(self, record: Generation) -> float:
        """Returns the time left after a recorded generation [s]; 0 after the last expected one."""
        weight = SMOOTHING if self._wall_time else 1.0
        self._wall_time += (record.wall_time - self._wall_time) * weight
        return self._wall_time * max(self._total - record.generation - 1, 0)
