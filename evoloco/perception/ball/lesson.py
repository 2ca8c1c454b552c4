"""What the ball sensor's networks learn, and how their answers are judged.

An answer is right if it reports a ball within `NEAR` of the true one, or none where there is none.
A network reports a ball from that confidence on which two ball-free validation pictures in a
hundred exceed. Figures are given by the visible pixels of balls, and apart for pictures with
look-alikes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from evoloco.extras import needs
from evoloco.perception import lesson
from evoloco.perception.ball import pitch
from evoloco.perception.ball.decoding import Found
from evoloco.perception.colours import Colours
from evoloco.perception.figure import Figure
from evoloco.perception.lesson import Arrays, Settings

if TYPE_CHECKING:
    import torch

    from evoloco.perception.ball.networks import Heads, HeatMap

Numbers = NDArray[Any]
Net = Literal["heat_map", "heads"]

NEAR = 3.0
"""Largest error of a right answer [px]; a picture is 80 px wide."""

LARGE = 40
"""Visible pixels from which a ball is large."""

SIZES = {
    "8-15 px": (8, 16),
    "16-39 px": (16, LARGE),
    "40-99 px": (LARGE, 100),
    "100 px": (100, 9999),
}
"""Groups of balls by their visible pixels: from the first number on, below the second."""

FALSE_POSITIVES = 0.02
"""Share of ball-free validation pictures in which a network reports a ball."""

Find = Callable[[NDArray[np.uint8]], Found]


@dataclass(frozen=True)
class BallLesson(lesson.Lesson):
    """To find a ball in a picture.

    Attributes:
        net: The network: a fully convolutional one with a heat map, or one with two heads.
        bfloat16: Whether it learns with 16 bits. Processors that can do so are nearly twice as
            fast, others slower.
    """

    net: Net = "heat_map"
    bfloat16: bool = False
    splits = ("train", "test", "empty", "look_alikes", "blur", "valid")
    settings = Settings(examples=30_000, test_examples=1000, steps=20_000)

    @property
    def layout(self) -> dict[str, Any]:
        """What the network takes, which its weights are marked with."""
        return {"net": self.net, "picture": [pitch.HEIGHT, pitch.WIDTH, 3]}

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Random pictures of a split: see `pitch.examples`."""
        return pitch.examples(count, split, seed)

    def network(self) -> torch.nn.Module:
        """An untrained network."""
        return network(self.net)

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Cross-entropy of pixels, or divergence of the heads from their labels ()."""
        from evoloco.perception.ball import losses

        return losses.loss(network, batch, generator, self.bfloat16)

    def settle(self, network: torch.nn.Module, examples: Mapping[str, Arrays]) -> None:
        """Sets the network's threshold on ball-free validation pictures."""
        found = answers(_find(network), examples["valid"], 0)
        threshold = float(np.quantile(found["confidence"], 1 - FALSE_POSITIVES))
        network.get_buffer("threshold").fill_(threshold)

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """What a network finds in pictures, one by one: see `answers`."""
        return answers(_find(network), examples, float(network.get_buffer("threshold")))

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:
        """The middle of the picture, and the largest blob in the colours of balls."""
        middle = Found((pitch.WIDTH - 1) / 2, (pitch.HEIGHT - 1) / 2, 0, 1, np.zeros(0, bool))
        colours = Colours(train["picture"], train["mask"])

        empty = {name: array[~_here(train)] for name, array in train.items()}
        unsure = answers(colours.find, empty, 0)["confidence"]
        threshold = float(np.quantile(unsure, 1 - FALSE_POSITIVES))
        return {
            "colour histogram": lambda examples: answers(colours.find, examples, threshold),
            "middle of the picture": lambda examples: answers(lambda _: middle, examples, 0),
        }

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether a ball is reported near the true one, or none where there is none (n,)."""
        near = answers["reported"] & (_error(examples, answers) <= NEAR)
        return np.where(_here(examples), near, ~answers["reported"])

    def figures(self, examples: Arrays, answers: Arrays) -> list[Figure]:
        """Shares of balls found, errors, overlap with the true pixels, and false positives."""
        right, error = self.right(examples, answers), _error(examples, answers)
        figures = []
        for group, chosen in _balls(examples).items():
            count = int(chosen.sum())
            if count:
                figures.append(
                    Figure("within 3 px", group, float(right[chosen].mean()), "1", count)
                )
                middle = float(np.median(error[chosen]))
                figures.append(Figure("median error", group, middle, "px", count, True))
            if count and answers["mask"].size:
                overlap = float(_overlap(examples, answers)[chosen].mean())
                figures.append(Figure("overlap (IoU)", group, overlap, "1", count))

        for group, chosen in _empty(examples).items():
            if chosen.any():
                wrong = float((~right)[chosen].mean())
                figures.append(
                    Figure("false positives", group, wrong, "1", int(chosen.sum()), True)
                )
        return figures

    def difficulty(self, examples: Arrays) -> list[str]:
        """The group of each example in the report (n,)."""
        labels = np.full(len(examples["alike"]), "no ball", dtype=object)
        pixels = examples["mask"].sum((1, 2))
        for name, (least, below) in SIZES.items():
            labels[(pixels >= least) & (pixels < below)] = name
        return [
            f"{a}, look-alikes" if b else a for a, b in zip(labels, examples["alike"], strict=True)
        ]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """The picture, with a white cross at the true place and a red one at the reported one."""
        drawn = np.array(example["picture"])
        if not np.isnan(example["centre"]).any():
            _cross(drawn, example["centre"], (255, 255, 255))
        if answer["reported"]:
            _cross(drawn, answer["place"], (255, 0, 0))
        return drawn


def network(net: Net) -> HeatMap | Heads:
    """An untrained network of that kind.

    Raises:
        MissingExtraError: PyTorch is not installed.
    """
    needs("torch", "sensors")
    from evoloco.perception.ball import networks

    return networks.HeatMap() if net == "heat_map" else networks.Heads()


def answers(find: Find, examples: Arrays, threshold: float) -> Arrays:
    """What is found in pictures.

    Args:
        find: Finds a ball in a picture.
        examples: With the array `picture`.
        threshold: Confidence from which a ball is reported.

    Returns:
        `place` [px] (n, 2), `spread` [px] (n,), `confidence` (n,), `reported` (n,), and `mask`, the
        ball's pixels, which is empty for what gives none.
    """
    found = [find(picture) for picture in examples["picture"]]
    confidence = np.array([one.confidence for one in found])
    return {
        "place": np.array([(one.u, one.v) for one in found]).reshape(-1, 2),
        "spread": np.array([one.spread for one in found]),
        "confidence": confidence,
        "reported": confidence >= threshold,
        "mask": np.array([one.mask for one in found], bool),
    }


def _find(network: torch.nn.Module) -> Find:
    """What finds a ball by a network of `network`."""
    return cast("Find", network.find)


def _here(examples: Arrays) -> NDArray[np.bool_]:
    """Whether there is a ball (n,)."""
    return ~np.isnan(examples["centre"][:, 0])


def _error(examples: Arrays, answers: Arrays) -> Numbers:
    """Distance of answers from the truth [px] (n,), whether they are reported or not."""
    return np.asarray(np.linalg.norm(answers["place"] - examples["centre"], axis=1))


def _overlap(examples: Arrays, answers: Arrays) -> Numbers:
    """Intersection over union of found and true pixels (n,); 0 for what is not reported."""
    found = answers["mask"] & answers["reported"][:, None, None]
    common = (found & examples["mask"]).sum((1, 2))
    return np.asarray(common / np.maximum((found | examples["mask"]).sum((1, 2)), 1))


def _balls(examples: Arrays) -> dict[str, NDArray[np.bool_]]:
    """Groups of examples with a ball: first those without look-alikes, in the end all."""
    here, alike, pixels = _here(examples), examples["alike"], examples["mask"].sum((1, 2))
    groups = {"40 px and more": here & ~alike & (pixels >= LARGE)}
    for name, (least, below) in SIZES.items():
        groups[name] = here & ~alike & (pixels >= least) & (pixels < below)
    groups["8-39 px, look-alikes"] = here & alike & (pixels < LARGE)
    groups["40 px and more, look-alikes"] = here & alike & (pixels >= LARGE)
    groups["all"] = here
    return groups


def _empty(examples: Arrays) -> dict[str, NDArray[np.bool_]]:
    """Groups of examples without a ball."""
    empty, alike = ~_here(examples), examples["alike"]
    return {
        "no ball": empty,
        "no ball, no look-alikes": empty & ~alike,
        "no ball, look-alikes": empty & alike,
    }


def _cross(picture: Numbers, place: Numbers, colour: tuple[int, int, int]) -> None:
    """Draws a cross of five pixels."""
    height, width = picture.shape[:2]
    u, v = np.clip(np.rint(place).astype(int), 1, (width - 2, height - 2))
    picture[v - 1 : v + 2, u] = picture[v, u - 1 : u + 2] = colour
