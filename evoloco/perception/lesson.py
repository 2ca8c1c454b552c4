"""What a learned sensor learns from: examples, a network, a loss, and how answers are judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from evoloco.perception.figure import Figure

if TYPE_CHECKING:
    import torch

Numbers = NDArray[Any]
Arrays = Mapping[str, Numbers]
"""Arrays by name, whose first axis is the example."""

Whole = Annotated[int, Field(ge=1)]

TRAIN = "train"
"""The split that is learned from."""


@dataclass(frozen=True)
class Settings:
    """How much is learned, and how fast.

    Attributes:
        examples: Number of examples to learn from.
        test_examples: Number of examples of every other split.
        steps: Number of gradient steps.
        batch: Examples of a step.
        learning_rate: Largest step of the optimizer, AdamW. It rises over the first twentieth of
            the steps and then falls to 0 like half a cosine.
        weight_decay: Of the optimizer.
    """

    examples: Whole = 4000
    test_examples: Whole = 500
    steps: Whole = 2000
    batch: Whole = 16
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-3


class Lesson(Protocol):
    """What a sensor's function `lesson` returns.

    Equal arguments give equal examples, networks and losses. A class that derives from this one
    needs `examples`, `network`, `loss`, `answers` and `right`.

    Attributes:
        splits: Names of the splits: "train", "test", then harder ones. What must be new in a test,
            such as textures, objects or episodes, is in no other split.
        settings: The defaults.

    An attribute `layout`, which is optional, tells what goes in and comes out beyond the shapes of
    the weights, such as the names of the outputs; the file of weights holds it.
    """

    splits: tuple[str, ...] = (TRAIN, "test")
    settings: Settings = Settings()

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Draws examples; pictures are uint8."""

    def network(self) -> torch.nn.Module:
        """A network with the random weights that it begins with."""

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """The loss of some examples (); the generator is for their augmentation."""

    def settle(self, network: torch.nn.Module, examples: Mapping[str, Arrays]) -> None:  # noqa: ARG002
        """Sets, after the last step, what is not learned by steps, such as a threshold.

        A lesson that does not derive from this class may lack it.

        Args:
            network: Has learned.
            examples: Of every split. A split "valid" is for this; tests are not.
        """
        return

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """What the network says about examples, one by one."""

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether each answer counts as a success (n,)."""

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:  # noqa: ARG002
        """Simple ways to answer, by name. They may be fitted to the examples of training."""
        return {}

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """How good answers are, the most important figure first.

        By default the share of right ones, of all and of every group.
        """
        right = np.asarray(self.right(examples, answers), bool)
        return by_group("right", right, self.difficulty(examples))

    def difficulty(self, examples: Arrays) -> Sequence[str]:
        """The group of each example in the report (n,)."""
        return ["all"] * len(next(iter(examples.values())))

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:  # noqa: ARG002
        """RGB (height, width, 3) of one example, with what was answered and what is true.

        The arrays have no axis for the example here. By default it is the array `picture`.
        """
        return example["picture"]


def by_group(
    name: str,
    values: Numbers,
    groups: Sequence[str],
    unit: str = "1",
    smaller_is_better: bool = False,
    summary: Callable[[Numbers], Any] = np.mean,
) -> list[Figure]:
    """One figure over all examples, and one over each group that has values.

    Args:
        name: Of the figure.
        values: Of every example (n,); those that are NaN are left out.
        groups: Of every example (n,).
        unit: Of the values.
        smaller_is_better: Whether they are errors.
        summary: What a figure is of the values of its group.
    """
    values, labels, found = np.asarray(values, float), np.asarray(groups), []
    for group in ("all", *sorted(set(groups) - {"all"})):
        chosen = values[(labels == group) | (group == "all")]
        chosen = chosen[~np.isnan(chosen)]
        if group != "all" and not len(chosen):
            continue
        value = float(summary(chosen)) if len(chosen) else math.nan
        found.append(Figure(name, group, value, unit, len(chosen), smaller_is_better))
    return found


METHODS = (
    *("splits", "settings", "examples", "network", "loss", "answers"),
    *("baselines", "figures", "right", "difficulty", "picture"),
)
"""What a lesson must have."""
