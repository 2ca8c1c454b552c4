"""The readings of a BioTac: from where and how hard it is touched, and how warm it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.perception import looks
from evoloco.perception.biotac import recordings as biotac_recordings
from evoloco.perception.biotac.pin import Rig
from evoloco.perception.biotac.recordings import Recording
from evoloco.perception.biotac.skin import CHANNELS, readings
from evoloco.perception.figure import Figure
from evoloco.perception.lesson import Arrays, Lesson, Settings, by_group

if TYPE_CHECKING:
    import torch

    from evoloco.perception.biotac.network import ProductNetwork

CONTEXT = 10
"""Readings before and after, whose forces the network is told too."""

SETTLING = 100
"""Readings at the start of a trajectory that are left out: the skin has no past there."""

SPEEDS = {"train": 1.0, "test": 1.0, "fast": 2.0}
"""Speed of the pin in each split, over that of the training."""

CLOSE = 0.25
"""Normalised error below which an answer counts as right."""

REFERENCE = 20
"""Trajectories whose means and deviations normalise inputs and readings."""

REFERENCE_ROWS, REFERENCE_SEED = 250, 2018
"""Readings of each of them, and their seed."""

SMALLEST_SCALE = 1e-9
"""Deviation of a column below which it counts as constant."""

PARTS = {
    "electrodes": range(4, len(CHANNELS)),
    "vibration": range(2),
    "pressure": range(2, 3),
    "temperature": range(3, 4),
}
"""Channels by what they feel."""


class BioTacReadings(Lesson):
    """Readings of a surrogate that a pin presses and rubs, or of a real fingertip.

    Every chunk of examples is one trajectory, so those of a test are new as a whole.

    Args:
        context: Whether the network is told the forces 0.1 s before and after. Without, it is told
            the present force three times.
        recordings: CSV file of a real fingertip (`evoloco.perception.biotac.recordings`).
    """

    settings = Settings(
        examples=60_000, test_examples=10_000, steps=6000, batch=256, learning_rate=2e-3
    )

    def __init__(self, context: bool = True, recordings: str = "") -> None:
        self._context = context
        self.layout: Mapping[str, Any] = {"outputs": list(CHANNELS), "context": context}
        self.splits = ("train", "test") if recordings else tuple(SPEEDS)
        self._recordings: dict[str, list[Recording]] = {}
        if recordings:
            shortest = SETTLING + 2 * CONTEXT + 1
            self._recordings = biotac_recordings.read(Path(recordings), shortest)

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Inputs (n, 13), readings [counts] (n, 23), and the force's amount [N] (n,)."""
        rng = looks.draws(seed, split, 0)
        found = (
            self._recorded(count, split, rng)
            if self._recordings
            else self._rubbed(count, SPEEDS[split], rng)
        )
        return self._rows(found)

    def _rubbed(self, count: int, speed: float, rng: np.random.Generator) -> Recording:
        """A trajectory of the surrogate, with what is left out at its ends."""
        contact = self._rig.rub(SETTLING + count + CONTEXT, rng, speed)
        told, temperature = readings(contact, rng)
        return Recording(contact.place, contact.force, temperature, told)

    def _recorded(self, count: int, split: str, rng: np.random.Generator) -> Recording:
        """A part of a real trajectory; shorter where that is."""
        there = self._recordings[split]
        one = there[rng.integers(len(there))]
        length = SETTLING + count + CONTEXT
        rows = rng.integers(max(1, len(one.force) - length + 1)) + np.arange(length)
        rows = np.minimum(rows, len(one.force) - 1)  # the last row stays, so counts agree
        return Recording(*(part[rows] for part in vars(one).values()))

    def _rows(self, one: Recording) -> Arrays:
        """Examples of one trajectory."""
        row = np.arange(SETTLING, len(one.force) - CONTEXT)
        ago = CONTEXT if self._context else 0
        inputs = np.column_stack(
            [
                one.place[row],
                one.force[row],
                one.force[row - ago],
                one.force[row + ago],
                one.temperature[row],
            ]
        )
        return {
            "inputs": inputs.astype(np.float32),
            "readings": one.readings[row].astype(np.float32),
            "force": np.linalg.norm(one.force[row], axis=1).astype(np.float32),
        }

    @cached_property
    def _rig(self) -> Rig:
        return Rig()

    @cached_property
    def _scales(self) -> dict[str, tuple[Array, Array]]:
        """Mean and deviation of every input and reading, from trajectories of training."""
        parts = [
            self.examples(REFERENCE_ROWS, "train", REFERENCE_SEED + number)
            for number in range(REFERENCE)
        ]
        found = {}
        for name in ("inputs", "readings"):
            values = np.concatenate([part[name] for part in parts]).astype(float)
            deviation = values.std(axis=0)
            found[name] = values.mean(axis=0), np.where(deviation > SMALLEST_SCALE, deviation, 1.0)
        return found

    def network(self) -> ProductNetwork:
        """The network with random weights, and the scales of inputs and readings."""
        import torch

        made = empty_network()
        for name, of in (("input", "inputs"), ("output", "readings")):
            for part, values in zip(("mean", "scale"), self._scales[of], strict=True):
                getattr(made, f"{name}_{part}").copy_(torch.from_numpy(values))
        return made

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,  # noqa: ARG002 - nothing is augmented
    ) -> torch.Tensor:
        """Mean of |e| + e^2 of the normalised readings, as in the paper."""
        wanted = (batch["readings"] - network.output_mean) / network.output_scale  # type: ignore[operator]
        error = network(batch["inputs"]) - wanted
        loss: torch.Tensor = (error.abs() + error**2).mean()
        return loss

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """Readings [counts] (n, 23)."""
        import torch

        with torch.inference_mode():
            inputs = torch.from_numpy(np.asarray(examples["inputs"]))
            return {"readings": network.readings(inputs).numpy()}  # type: ignore[operator]

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:
        """The mean reading, and ridge regression on the inputs."""
        middle = train["readings"].mean(axis=0)
        weights = _ridge(self._features(train), train["readings"].astype(float))
        return {
            "mean reading": lambda some: {"readings": np.tile(middle, (len(some["inputs"]), 1))},
            "ridge": lambda some: {"readings": self._features(some) @ weights},
        }

    def _features(self, examples: Arrays) -> Array:
        """Normalised inputs and a one (n, 14)."""
        mean, scale = self._scales["inputs"]
        plain = (examples["inputs"] - mean) / scale
        return np.column_stack([plain, np.ones(len(plain))])

    def _errors(self, examples: Arrays, answers: Arrays) -> Array:
        """Normalised errors (n, 23)."""
        error = np.abs(answers["readings"] - examples["readings"])
        return np.asarray(error / self._scales["readings"][1])

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether the mean of all channels is off by less than `CLOSE` deviations."""
        return np.asarray(self._errors(examples, answers).mean(axis=1) < CLOSE)

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Mean error over the channels' deviations, by force and by part of the sensor."""
        error, count = self._errors(examples, answers), len(examples["force"])
        name, groups = "normalised error", self.difficulty(examples)
        parts = [
            Figure(name, part, float(error[:, channels].mean()), "1", count, True)
            for part, channels in PARTS.items()
        ]
        return [*by_group(name, error.mean(axis=1), groups, "1", True), *parts]

    def difficulty(self, examples: Arrays) -> Sequence[str]:
        """By the amount of the force."""
        return [
            "no force" if force == 0 else "below 1 N" if force < 1 else "1 N and more"
            for force in examples["force"]
        ]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """Bars of all channels: true ones green, answered ones red."""
        mean, scale = self._scales["readings"]
        image = np.full((48, 6 * len(CHANNELS), 3), 255, np.uint8)
        for offset, values, colour in (
            (1, example["readings"], (40, 160, 60)),
            (3, answer["readings"], (210, 60, 40)),
        ):
            heights = np.clip(24 + 6 * (values - mean) / scale, 1, 48).astype(int)
            for channel, height in enumerate(heights):
                left = 6 * channel + offset
                image[48 - height :, left : left + 2] = colour
        return image


def empty_network() -> ProductNetwork:
    """The network with random weights, before it has scales."""
    from evoloco.perception.biotac.network import ProductNetwork

    return ProductNetwork(len(CHANNELS))


def _ridge(features: Array, wanted: Array, strength: float = 1e-3) -> Array:
    """Weights of a ridge regression (inputs, outputs); the strength is per example."""
    count = len(features)
    square = features.T @ features + strength * count * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(square, features.T @ wanted))
