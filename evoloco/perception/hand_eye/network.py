"""The network of hand-eye coordination: how likely a grasp holds, from a picture and a motion.

This module imports PyTorch; import it only where a network is made or asked.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from evoloco.perception.hand_eye.world import NOMINAL, SIDE, project
from evoloco.perception.pixels import Pixels

WINDOW = 40
"""Side of the part of a picture in which the hand is looked for, around where it should be [px]."""

CELLS, SPACING = 20, 0.0055
"""Side of the patch that a grasp is judged by, and the distance of its cells on the table [m]."""

LEVEL = 0.015
"""Height at which the patch lies over the table [m]."""


class HandEye(nn.Module):
    """Predicts whether closing the gripper somewhere holds an object: g(I, v).

    1. It looks for the hand around the pixel where a camera at its nominal pose would see it, and
       so learns how far the picture is shifted.
    2. From there the motion leads to a patch of the picture, laid out along the closing direction.
    3. The patch tells the chance.

    Positions are in the world [m], angles about the vertical [rad].
    """

    patch: Tensor
    window: Tensor
    cells: Tensor
    position: Tensor
    rotation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.find = nn.Sequential(
            *_layer(6, 12, stride=2),
            *_layer(12, 24, dilation=2),
            *_layer(24, 24, dilation=2),
            nn.Conv2d(24, 1, 3, padding=1),
        )
        self.judge = nn.Sequential(
            *_layer(3, 24),
            *_layer(24, 32, stride=2),
            *_layer(32, 48),
            *_layer(48, 48, stride=2),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(48 * (CELLS // 4) ** 2, 64),
            nn.ReLU(),
            nn.Linear(64, 1),
        )
        self._constant("patch", _square(CELLS, 1.0) * SPACING)
        self._constant("window", _square(WINDOW, 1.0))
        self._constant("cells", _square(WINDOW // 2, 2.0).reshape(-1, 2))
        self._constant("position", torch.tensor(NOMINAL.position, dtype=torch.float32))
        self._constant("rotation", torch.tensor(NOMINAL.rotation, dtype=torch.float32))

    def _constant(self, name: str, value: Tensor) -> None:
        self.register_buffer(name, value, persistent=False)

    def nominal(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels (..., 2) of points in the nominal camera, and how far ahead they are [m]."""
        u, v, ahead = project(points, self.position, self.rotation)
        return torch.stack([u, v], -1), ahead

    def hand(self, picture: Tensor, hand: Tensor) -> Tensor:
        """Logits of where the hand is seen, one per cell around the nominal pixel (n, cells).

        Args:
            picture: As `Pixels` makes them (n, 3, SIDE, SIDE).
            hand: Position of the fingertips' middle, and angle (n, 4).
        """
        pixel, _ = self.nominal(hand[:, :3])
        seen = _sample(picture, pixel[:, None, None] + self.window)
        twice = 2 * hand[:, 3]
        known = torch.stack([twice.cos(), twice.sin(), 10 * hand[:, 2]], 1)[..., None, None]
        seen = torch.cat([seen, known.expand(-1, -1, WINDOW, WINDOW)], 1)
        logits: Tensor = self.find(seen).flatten(1)
        return logits

    def shift(self, logits: Tensor) -> Tensor:
        """How far from its nominal pixel the hand is seen [px] (n, 2)."""
        return logits.softmax(1) @ self.cells

    def chance(self, picture: Tensor, hand: Tensor, goal: Tensor, shift: Tensor) -> Tensor:
        """Logits that a grasp holds (n,).

        Args:
            picture: As `Pixels` makes them (n, 3, SIDE, SIDE).
            hand: Where the hand is (n, 4).
            goal: Where it shall close: x, y [m] and angle [rad] (n, 3).
            shift: Of the hand in the picture [px] (n, 2).
        """
        cosine, sine = goal[:, 2].cos(), goal[:, 2].sin()
        along = torch.stack([cosine, sine], 1)[:, None, None]
        across = torch.stack([-sine, cosine], 1)[:, None, None]
        flat = goal[:, None, None, :2] + self.patch[..., :1] * along + self.patch[..., 1:] * across
        points = functional.pad(flat, (0, 1), value=LEVEL)
        pixels, ahead = self.nominal(points)
        _, near = self.nominal(hand[:, :3])
        nearer = (near[:, None, None] / ahead)[..., None]
        logits: Tensor = self.judge(_sample(picture, pixels + shift[:, None, None] * nearer))
        return logits[:, 0]

    def forward(self, pictures: Tensor, hand: Tensor, goal: Tensor) -> Tensor:
        """Logits that a grasp holds (n,), from pictures of bytes (n, SIDE, SIDE, 3)."""
        seen = self.pixels(pictures)
        return self.chance(seen, hand, goal, self.shift(self.hand(seen, hand)))


def _layer(into: int, out: int, stride: int = 1, dilation: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(into, out, 3, stride, dilation, dilation, bias=False)
    return convolution, nn.BatchNorm2d(out), nn.ReLU()


def _square(side: int, spacing: float) -> Tensor:
    """Points of a square around 0 (side, side, 2); the first coordinate is that of the column."""
    line = (torch.arange(side) - (side - 1) / 2) * spacing
    return torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)


def _sample(picture: Tensor, pixels: Tensor) -> Tensor:
    """Values of pictures (n, channels, height, width) at pixels (n, height, width, 2)."""
    places = (pixels + 0.5) * (2 / SIDE) - 1
    return functional.grid_sample(picture, places, align_corners=False, padding_mode="border")


def numbers(array: np.ndarray) -> Tensor:
    """An array as the network takes it."""
    return torch.as_tensor(np.asarray(array, np.float32))
