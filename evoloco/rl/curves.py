"""Curves of a training, for TensorBoard."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from torch.utils.tensorboard import SummaryWriter

from evoloco.record.journal import Generation

FOLDER = "tensorboard"
"""Folder of the curves in a run folder."""


class Curves:
    """Writes numbers over control steps. A context: it is open during the training.

    Args:
        folder: Run folder.
        steps: Control steps that are done; what a killed process has drawn beyond is dropped.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        purge = steps + 1 if steps else None
        self._writer = SummaryWriter(str(folder / FOLDER), purge_step=purge)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._writer.close()

    def draw(self, told: Mapping[str, float], steps: int) -> None:
        """Draws numbers by name after some control steps."""
        for name, value in told.items():
            self._writer.add_scalar(name, value, steps)

    def judged(self, record: Generation, steps: int) -> None:
        """Draws the fitness of a judgement, and how fast and how long it went."""
        evaluation = record.evaluation
        told = {
            "judgement/fitness": float(record.fitness[0]),
            "judgement/speed": float(evaluation.distance.sum() / evaluation.duration.sum()),
            "judgement/duration": float(evaluation.duration.mean()),
        }
        self.draw(told, steps)
