"""What was learned, and how well: the file learning.json of a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evoloco.errors import JournalError, SpecError
from evoloco.perception.data import AGAIN
from evoloco.perception.evaluation import Compared
from evoloco.perception.recipe import Recipe
from evoloco.record import files
from evoloco.report.words import number, words

FILE = "learning.json"

COSTS = ("data", "training", "evaluation")
"""Parts of a learning, which cost CPU time."""


@dataclass(frozen=True)
class Learning:
    """A learning, finished or not.

    Attributes:
        recipe: What is learned, and how, as JSON has it.
        cpu: CPU time of each part [s]; what a killed process did since it last wrote is missing.
        compared: Figures of every split; empty before the learning has finished.
        losses: Of every step.
        inference: CPU time of one answer [s].
        parameters: Number of weights.
        weights_digest: SHA-256 of the file of weights.
    """

    recipe: dict[str, Any]
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(COSTS, 0.0))
    compared: Sequence[Compared] = ()
    losses: Sequence[float] = ()
    inference: float = 0.0
    parameters: int = 0
    weights_digest: str = ""

    @property
    def finished(self) -> bool:
        """Whether the network was judged."""
        return bool(self.compared)

    def facts(self) -> dict[str, Any]:
        """As JSON has it, without the losses."""
        return {
            **self.recipe,
            "cpu": self.cpu,
            "inference": self.inference,
            "parameters": self.parameters,
            "weights_digest": self.weights_digest,
            "figures": [one.plain() for one in self.compared],
        }

    def sentences(self) -> list[str]:
        """What came out, in words: the first figure of every split but the one of training."""
        told, settings = [], self.recipe["settings"]
        told.append(
            f"Learned from {settings['examples']} examples in {settings['steps']} steps, in "
            f"{sum(self.cpu.values()):.0f} s of CPU time; one answer takes "
            f"{1e3 * self.inference:.1f} ms."
        )
        seen = {"train"}
        for one in self.compared:
            if one.split not in seen:
                seen.add(one.split)
                told.append(_sentence(one))
        return told

    def write(self, folder: Path) -> None:
        """Writes it, completely or not at all."""
        content = {**self.facts(), "losses": list(self.losses)}
        files.write(folder / FILE, json.dumps(content, indent=1, allow_nan=False) + "\n", AGAIN)


def read(folder: Path) -> Learning | None:
    """The learning of a folder; None where none has begun.

    Raises:
        JournalError: The file is damaged.
    """
    path = folder / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        own = {
            name: told.pop(name)
            for name in ("cpu", "losses", "inference", "parameters", "weights_digest")
        }
        compared = [Compared.of(one) for one in told.pop("figures")]
        return Learning(told, compared=compared, **own)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JournalError(
            f"{path} is damaged: {type(error).__name__}: {error}. Learn in another folder: --out."
        ) from None


def check_same(begun: Learning, recipe: Recipe, folder: Path) -> None:
    """Checks that a folder's learning is the one that is asked for.

    Raises:
        SpecError: It is another one. The message names what differs.
    """
    now, then = recipe.plain(), begun.recipe
    apart = [
        f"{key} {then.get(key)} there, {value} now"
        for key, value in now.items()
        if key not in ("digest", "settings") and then.get(key) != value
    ]
    apart += [
        f"{key} {then.get('settings', {}).get(key)} there, {value} now"
        for key, value in now["settings"].items()
        if then.get("settings", {}).get(key) != value
    ]
    if not apart and then.get("digest") != now["digest"]:
        apart = ["the lesson's source has changed since"]
    if apart:
        raise SpecError(
            f"{folder} holds another learning: {'; '.join(apart)}. Give another folder with --out, "
            "or delete this one."
        )


def _sentence(one: Compared) -> str:
    figure, best = one.figure, one.best_baseline
    unit = "" if figure.unit == "1" else f" {figure.unit}"
    beside = f"; the best baseline, {best}, {number(one.baselines[best])}{unit}" if best else ""
    return (
        f"On {figure.count} new examples, split {words(one.split)}: {figure.name}: "
        f"{number(figure.value)}{unit}{beside}."
    )
