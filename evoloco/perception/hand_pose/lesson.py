"""What the pose of the block in a hand is learned from, and how well it is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from evoloco.fields import Array
from evoloco.perception import looks
from evoloco.perception.figure import Figure
from evoloco.perception.hand_pose.scene import BLOCK, FIELD_OF_VIEW, HEIGHT, SIDE, HandScene
from evoloco.perception.lesson import Arrays, Lesson, Settings, by_group

if TYPE_CHECKING:
    import torch

NEAR, ALIGNED = 0.006, 0.2
"""Errors of the place [m] and of the angle [rad] below which an answer counts as right."""

TINT = 0.25
"""Standard deviation of the logarithm of a colour's gain, in training."""


class HandPose(Lesson):
    """Pictures of the hand from above. Looks of palm, fingers, floor and lights differ."""

    splits = ("train", "test")
    settings = Settings(examples=6000, test_examples=400, steps=2500, batch=32)
    layout: Mapping[str, Any] = {"picture": [SIDE, SIDE], "outputs": ["x", "y", "cosine", "sine"]}

    def examples(self, count: int, split: str, seed: int) -> Arrays:
        """Pictures, and x, y [m] and angle [rad] of the block."""
        pictures, poses = [], []
        with HandScene() as scene:
            for one in range(count):
                rng = looks.draws(seed, split, one)
                scene.dress(rng, split != "train")
                poses.append(scene.pose(rng))
                pictures.append(scene.picture(rng))
        return {"picture": np.array(pictures), "pose": np.array(poses, np.float32)}

    def network(self) -> torch.nn.Module:
        """The network with random weights."""
        from evoloco.perception.hand_pose.network import HandPoseNet

        return HandPoseNet()

    def loss(
        self,
        network: torch.nn.Module,
        batch: Mapping[str, torch.Tensor],
        generator: torch.Generator,
    ) -> torch.Tensor:
        """Squared errors of place, cosine and sine, in pictures of a random tint."""
        import torch

        from evoloco.perception.hand_pose.network import UNIT

        x, y, angle = batch["pose"].T
        wanted = torch.stack([x / UNIT, y / UNIT, angle.cos(), angle.sin()], 1)
        gain = torch.exp(TINT * torch.randn(len(x), 1, 1, 3, generator=generator))
        pictures = (batch["picture"] * gain).clamp(0, 255)
        loss: torch.Tensor = (network(pictures) - wanted).square().mean()
        return loss

    def answers(self, network: torch.nn.Module, examples: Arrays) -> Arrays:
        """x, y [m], angle [rad] (n, 3), and confidence (n,)."""
        from evoloco.perception.hand_pose.network import seen

        found = np.array([seen(network, picture) for picture in examples["picture"]])
        return {"pose": found[:, :3], "confidence": found[:, 3]}

    def baselines(self, train: Arrays) -> Mapping[str, Callable[[Arrays], Arrays]]:
        """The mean pose, and the middle and direction of all pixels of the block's colour."""
        mean = train["pose"].mean(0)

        def always_the_mean(examples: Arrays) -> Arrays:
            return {"pose": np.tile(mean, (len(examples["pose"]), 1))}

        def colour(examples: Arrays) -> Arrays:
            return {"pose": np.array([_by_colour(one) for one in examples["picture"]])}

        return {"mean pose": always_the_mean, "colour": colour}

    def right(self, examples: Arrays, answers: Arrays) -> NDArray[Any]:
        """Whether place and angle are near the truth."""
        away, turned = _errors(examples, answers)
        return (away < NEAR) & (turned < ALIGNED)

    def figures(self, examples: Arrays, answers: Arrays) -> Sequence[Figure]:
        """Median errors of angle and place, and how many are right."""
        away, turned = _errors(examples, answers)
        everything = ["all"] * len(away)
        return [
            *by_group("median error of the angle", turned, everything, "rad", True, np.median),
            *by_group("median error of the place", 1e3 * away, everything, "mm", True, np.median),
            *by_group("right", self.right(examples, answers), everything),
        ]

    def picture(self, example: Arrays, answer: Arrays) -> NDArray[Any]:
        """The picture, four times larger: true direction white, answered one green."""
        scale = 4
        marked = np.kron(example["picture"], np.ones((scale, scale, 1), np.uint8))
        for pose, drawn in ((example["pose"], (255, 255, 255)), (answer["pose"], (0, 255, 0))):
            for along in np.linspace(0, 0.03, 40):
                x = pose[0] + along * np.cos(pose[2])
                y = pose[1] + along * np.sin(pose[2])
                row, column = (scale * (_pixel(-y) + 0.5)).round(), scale * (_pixel(x) + 0.5)
                spot = np.clip([row, column.round()], 0, scale * SIDE - 2).astype(int)
                marked[spot[0] : spot[0] + 2, spot[1] : spot[1] + 2] = drawn
        return marked


def _focal() -> float:
    """Of the camera [px/m] on the palm."""
    return float(SIDE / 2 / np.tan(np.radians(FIELD_OF_VIEW) / 2) / HEIGHT)


def _pixel(place: Array) -> Array:
    """Where a place [m] is seen [px]."""
    return np.asarray((SIDE - 1) / 2 + _focal() * place)


def _errors(examples: Arrays, answers: Arrays) -> tuple[Array, Array]:
    """Of the place [m] and of the angle [rad] (n,)."""
    off = np.asarray(answers["pose"], float) - examples["pose"]
    return np.hypot(off[:, 0], off[:, 1]), np.abs((off[:, 2] + np.pi) % (2 * np.pi) - np.pi)


def _by_colour(picture: NDArray[np.uint8]) -> Array:
    """Pose by the largest blob of the block's hue; its dark part is where the mark is."""
    share = picture / (picture.sum(2, keepdims=True) + 1.0)
    like = np.linalg.norm(share - BLOCK / BLOCK.sum(), axis=2) < 0.12
    blobs, count = ndimage.label(like)
    if not count:
        return np.zeros(3)
    largest = 1 + np.argmax(ndimage.sum_labels(like, blobs, np.arange(1, count + 1)))
    row, column = ndimage.center_of_mass(blobs == largest)
    box = ndimage.find_objects((blobs == largest).astype(int))[0]
    middle = [(part.start + part.stop - 1) / 2 for part in box]
    # Without the pixels of the mark, the blob's mean lies opposite of it.
    angle = np.arctan2(row - middle[0], middle[1] - column)
    x, y = (middle[1] - (SIDE - 1) / 2, (SIDE - 1) / 2 - middle[0])
    return np.array([x / _focal(), y / _focal(), angle])
