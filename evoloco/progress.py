"""The live display of a run: progress, fitness, speed and time left."""

import time
from typing import Self

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from evoloco.ending import Outcome
from evoloco.evaluation import Evaluator
from evoloco.record.journal import Generation
from evoloco.run import Run

SMOOTHING = 0.3
"""Weight of the newest generation in the estimate of the time left."""

INTERVAL = 5.0
"""Shortest time between plain lines [s]."""


class Live:
    """A progress bar with the main figures, or plain lines if the output is not a terminal.

    Args:
        run: The run.
        total: Total number of generations.
        evaluator: Evaluator of the run.
    """

    def __init__(self, run: Run, total: int, evaluator: Evaluator) -> None:
        self._run, self._total, self._evaluator = run, total, evaluator
        self._console = Console(stderr=True)
        self._pace = 0.0
        self._shown = 0.0
        self._bar = Progress(
            TextColumn("generation"),
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("left {task.fields[left]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID = self._bar.add_task(
            "", total=total, completed=len(run.journal), figures="compiling …", left="-:--"
        )

    def __enter__(self) -> Self:
        spec = self._run.spec
        genes = len(self._run.experiment.space)
        self._console.print(
            f"{spec.name}: {spec.morphology.name} + {spec.controller.name}, {genes} genes, "
            f"{spec.optimizer.name}, seed {spec.seed} -> {self._run.folder}",
            highlight=False,
            soft_wrap=True,
        )
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def show(self, record: Generation) -> None:
        """Shows a recorded generation."""
        figures = self._figures(record)
        self._pace += (record.wall_time - self._pace) * (SMOOTHING if self._pace else 1.0)
        left = int(self._pace * (self._total - record.generation - 1))
        self._bar.update(
            self._task,
            completed=record.generation + 1,
            figures=figures,
            left=f"{left // 60}:{left % 60:02d}",
        )

        if not self._console.is_terminal and time.monotonic() - self._shown > INTERVAL:
            self._shown = time.monotonic()
            line = f"generation {record.generation + 1}/{self._total}  {figures}  left {left} s"
            self._console.print(line, highlight=False, soft_wrap=True)

    def _figures(self, record: Generation) -> str:
        """Returns fitness, speed and duration of the best, simulation speed and divergences."""
        finite = record.fitness[np.isfinite(record.fitness)]
        mean = finite.mean() if finite.size else np.nan
        best = int(np.argmax(record.fitness))

        duration = record.evaluation.duration
        speed = record.evaluation.distance[best].sum() / duration[best].sum()
        pace = duration.sum() / record.simulation_time
        diverged = int((record.evaluation.outcome == Outcome.UNSTABLE).sum())

        figures = [
            f"best {record.fitness[best]:.3f}",
            f"mean {mean:.3f}",
            f"{speed:+.2f} m/s for {duration[best].mean():.1f} s",
            f"{pace:.0f} sim s/s on {self._evaluator}",
        ]
        if diverged:
            figures.append(f"{diverged} diverged")
        return "  ".join(figures)
