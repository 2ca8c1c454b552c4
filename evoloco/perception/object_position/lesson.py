"""A cone on a table: what a network learns from, how it is judged, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evoloco.fields import Array
from evoloco.perception import looks
from evoloco.perception.figure import Figure
from evoloco.perception.lesson import Arrays, Lesson, Settings, by_group
from evoloco.perception.object_position.tabletop import CAMERA, VALID, WIDTH, Tabletop

if TYPE_CHECKING:
    import torch

    from evoloco.perception.object_position.network import SpotNet

CLOSE = 0.025
"""Error below which an answer counts as right [m]."""

FALSE_SIGHTINGS = 0.01
"""Share of empty validation pictures in which a cone is seen. New looks double it, about."""

SMALL = 60
"""Visible pixels below which a cone is hard to see."""

CM = 100.0
"""Centimetres in a metre."""


class ConeOnTable(Lesson):
    """Pictures of a table with a cone, or without.

    Args:
        randomized: Whether the pictures that are learned from have random surfaces and lights.
            Without, all have the same, and only camera, cone and clutter move.
    """

    splits = ("train", "test", "crowded", "moved", VALID)
    settings = Settings(examples=5000, test_examples=400, steps=3000, batch=16)

    def __init__(self, randomized: bool = True) -> None:
        self._randomized = randomized

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Pictures, places of the cone [m], its pixels [px], and how many pixels show it."""
        with Tabletop(self._randomized) as table:
            views = [table.one(looks.draws(seed, split, one), split) for one in range(count)]
        return {
            "picture": np.array([view.picture for view in views]),
            "place": np.array([view.place for view in views], np.float32),
            "pixel": np.array([view.pixel for view in views], np.float32),
            "visible": np.array([view.visible for view in views]),
        }

    def network(self) -> SpotNet:
        """The network with random weights."""
        return _network()

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Cross entropy of the grid, and the error of the place [dm]."""
        picture, place, pixel = self._varied(batch, generator)
        there = (batch["visible"] > 0).float()
        logits, _, places = network(picture)
        aim = network.aim(pixel, there)  # type: ignore[operator]
        grid = -(aim * logits.log_softmax(dim=1)).sum(dim=1).mean()
        error = ((10 * (places - place)).square().sum(dim=1) + 1e-3).sqrt()
        loss: torch.Tensor = grid + (error * there).sum() / there.sum().clamp(min=1)
        return loss

    def _varied(
        self, batch: Mapping[str, torch.Tensor], generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Pictures, places and pixels; half of them are mirrored, and colours are exchanged.

        Without random surfaces and lights, colours stay.
        """
        import torch

        picture, place, pixel = batch["picture"], batch["place"], batch["pixel"]
        mirrored = torch.rand(len(picture), generator=generator) < 0.5
        picture = torch.where(mirrored[:, None, None, None], picture.flip(2), picture)
        place = torch.where(mirrored[:, None], place * torch.tensor([1.0, -1.0]), place)
        other = pixel * torch.tensor([-1.0, 1.0]) + torch.tensor([WIDTH - 1.0, 0.0])
        pixel = torch.where(mirrored[:, None], other, pixel)

        if self._randomized:
            order = torch.rand(len(picture), 1, 1, 3, generator=generator).argsort(dim=3)
            picture = picture.gather(3, order.expand_as(picture))
        return picture, place, pixel

    def settle(self, network: torch.nn.Module, examples: Mapping[str, Arrays]) -> None:
        """Sets the network's threshold on empty validation pictures."""
        unsure = self.answers(network, examples[VALID])["confidence"]
        threshold = float(np.quantile(unsure, 1 - FALSE_SIGHTINGS))
        network.get_buffer("threshold").fill_(threshold)

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """Places [m] (n, 2), pixels (n, 2), confidences that a cone is there, and if it is (n,)."""
        found = [seen(network, picture) for picture in examples["picture"]]
        places, pixels, confidences = map(np.array, zip(*found, strict=True))
        threshold = float(network.get_buffer("threshold"))
        return {
            "place": places,
            "pixel": pixels,
            "confidence": confidences,
            "found": confidences >= threshold,
        }

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether a cone was found within `CLOSE`, or none where there is none."""
        near = _errors(examples, answers) < CLOSE
        return np.where(examples["visible"] > 0, answers["found"] & near, ~answers["found"])

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:
        """The mean place, and the blob that differs most from the colour of the table."""
        mean = train["place"][train["visible"] > 0].mean(axis=0)

        def always_the_mean(examples: Arrays) -> Arrays:
            count = len(examples["picture"])
            return {"place": np.tile(mean, (count, 1)), "found": np.ones(count, bool)}

        def blob(examples: Arrays) -> Arrays:
            found = [_blob(picture) for picture in examples["picture"]]
            places = [mean if place is None else place for place in found]
            return {
                "place": np.array(places),
                "found": np.array([place is not None for place in found]),
            }

        return {"mean place": always_the_mean, "colour blob": blob}

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Errors of the place, how many cones are found, and how many where there are none."""
        there, groups = examples["visible"] > 0, self.difficulty(examples)
        error = np.where(there, _errors(examples, answers), np.nan)
        found = np.asarray(answers["found"], float)
        close = np.where(there, error < CLOSE, np.nan)
        none = float(found[~there].mean()) if not there.all() else float("nan")
        return [
            *by_group("mean error", CM * error, groups, "cm", smaller_is_better=True),
            *by_group("median error", CM * error, groups, "cm", True, np.median)[:1],
            *by_group("within 2.5 cm", close, groups),
            *by_group("cone found", np.where(there, found, np.nan), groups)[:1],
            Figure(
                "cone seen where there is none", "no cone", none, "1", int((~there).sum()), True
            ),
        ]

    def difficulty(self, examples: Arrays) -> Sequence[str]:
        """By how many pixels show the cone."""
        return [
            "no cone" if count == 0 else f"{SMALL} px and more" if count >= SMALL else "below 60 px"
            for count in examples["visible"]
        ]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """The picture with a red frame where the foot was seen, in a green one where it is."""
        image = np.array(example["picture"])
        if answer["found"]:
            _frame(image, answer["pixel"], 2, (255, 0, 0))
        if example["visible"] > 0:
            _frame(image, example["pixel"], 4, (0, 255, 0))
        return image


def _network() -> SpotNet:
    from evoloco.perception.object_position.network import SpotNet

    return SpotNet(CAMERA)


def seen(network: torch.nn.Module, picture: NDArray[np.uint8]) -> tuple[Array, Array, float]:
    """Place of the cone [m] (2,), its pixel (2,), and the confidence that it is there."""
    import torch

    with torch.inference_mode():
        logits, pixels, places = network(torch.from_numpy(picture[None]))
        confidence = 1 - float(logits[0].softmax(dim=0)[-1])
        return places[0].double().numpy(), pixels[0].double().numpy(), confidence


def _errors(examples: Arrays, answers: Arrays) -> Array:
    """Distances of answered and true places [m] (n,)."""
    return np.asarray(np.linalg.norm(examples["place"] - answers["place"], axis=1))


def _blob(picture: NDArray[np.uint8]) -> Array | None:
    """Place of the largest small blob whose colour is far from the table's [m] (2,)."""
    height, width, _ = picture.shape
    top = height // 4  # what is above shows the floor behind the table
    part = picture[top:].astype(float)
    away = np.linalg.norm(part - np.median(part, axis=(0, 1)), axis=2)
    labels, count = ndimage.label(away > away.mean() + 1.5 * away.std())

    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    areas[areas > height * width // 20] = 0
    if not count or areas.max() < 10:
        return None
    rows, columns = np.nonzero(labels == 1 + areas.argmax())
    return np.array(CAMERA.place(columns.mean(), rows.max() + top - 1.0))


def _frame(image: NDArray[np.uint8], pixel: Array, half: int, colour: tuple[int, int, int]) -> None:
    """Draws a square frame around a pixel."""
    u, v = np.round(pixel).astype(int)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    image[np.maximum(abs(rows - v), abs(columns - u)) == half] = colour
