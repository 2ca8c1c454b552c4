"""How good the answers of a network are on a split, beside simple baselines."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evoloco.errors import user_code
from evoloco.perception import data
from evoloco.perception.figure import Figure
from evoloco.perception.lesson import Arrays, Lesson, Numbers
from evoloco.perception.training import reproducible

if TYPE_CHECKING:
    import torch

TIMED = 40
"""Examples that are answered one by one to time them."""


@dataclass(frozen=True)
class Compared:
    """A figure of the network beside the same one of the baselines.

    Attributes:
        split: Where the examples are from.
        figure: Of the network.
        baselines: Values by the names of the baselines; NaN where one gives no such figure.
    """

    split: str
    figure: Figure
    baselines: Mapping[str, float]

    @property
    def best_baseline(self) -> str:
        """Name of the best baseline; empty where none has a value."""
        finite = {name: value for name, value in self.baselines.items() if math.isfinite(value)}
        choose = min if self.figure.smaller_is_better else max
        return choose(finite, key=lambda name: finite[name]) if finite else ""

    @property
    def wins(self) -> bool:
        """Whether the network is better than every baseline."""
        best = self.best_baseline
        return not best or self.figure.beats(self.baselines[best])

    def plain(self) -> dict[str, Any]:
        """As JSON has it, with null for what is no number."""
        told = {"split": self.split, **asdict(self.figure), "baselines": dict(self.baselines)}
        told["value"] = _plain(self.figure.value)
        told["baselines"] = {name: _plain(value) for name, value in self.baselines.items()}
        return told

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Compared:
        """The one that `plain` wrote."""
        number = {name: math.nan if v is None else v for name, v in told["baselines"].items()}
        parts = {key: told[key] for key in Figure.__dataclass_fields__}
        parts["value"] = math.nan if told["value"] is None else told["value"]
        return cls(told["split"], Figure(**parts), number)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def settle(lesson: Lesson, network: torch.nn.Module, examples: Mapping[str, Arrays]) -> None:
    """Lets a lesson set what is not learned by steps, if it wants to."""
    import torch

    if not hasattr(lesson, "settle"):
        return
    network.train(False)
    with user_code("The lesson's 'settle'"), reproducible(0), torch.inference_mode():
        lesson.settle(network, examples)


def answer(lesson: Lesson, network: torch.nn.Module, examples: Arrays) -> Arrays:
    """What a network says about examples."""
    import torch

    network.train(False)
    with user_code("The lesson's 'answers'"), reproducible(0), torch.inference_mode():
        return lesson.answers(network, examples)


def compare(
    lesson: Lesson,
    split: str,
    examples: Arrays,
    answers: Arrays,
    baselines: Mapping[str, Callable[[Arrays], Arrays]],
) -> list[Compared]:
    """Every figure of a network's answers beside those of the baselines.

    Args:
        lesson: The lesson.
        split: Name of the split.
        examples: Of the split.
        answers: Of the network.
        baselines: By name.
    """
    others = {}
    with user_code("The lesson's 'baselines' or 'figures'"):
        for name, baseline in baselines.items():
            figures = lesson.figures(examples, baseline(examples))
            others[name] = {(one.name, one.group): float(one.value) for one in figures}
        own = lesson.figures(examples, answers)
    return [
        Compared(
            split,
            figure,
            {name: of.get((figure.name, figure.group), math.nan) for name, of in others.items()},
        )
        for figure in own
    ]


def seconds_of_one(lesson: Lesson, network: torch.nn.Module, examples: Arrays) -> float:
    """Median CPU time of an answer to one example [s], on one thread."""
    count = min(TIMED, len(next(iter(examples.values()))))
    answer(lesson, network, data.first(examples, 1))
    spent = []
    for row in range(count):
        alone: dict[str, Numbers] = {name: array[row : row + 1] for name, array in examples.items()}
        began = time.process_time()
        answer(lesson, network, alone)
        spent.append(time.process_time() - began)
    return float(np.median(spent))
