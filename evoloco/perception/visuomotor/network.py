"""The network of visuomotor control: pictures and joints -> velocities, fingers, and places.

This module imports PyTorch; import it only where a network is made or asked.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evoloco.perception.pixels import Pixels
from evoloco.perception.visuomotor.world import HEIGHT, WIDTH

POINTS, UNITS = 24, 64
"""Points of a picture that are followed, and units of the memory."""

JOINTS, AXES, FINGERS = 5, 3, 3
"""Numbers that are read of the gripper, directions of motion, and commands to the fingers."""

DECIMETRES = 10.0
"""Of a metre: places are learned in decimetres."""

Memory = tuple[Tensor, Tensor]
"""Hidden state and cell (n, UNITS)."""


class Visuomotor(nn.Module):
    """Convolutions, points where their maps are largest, long short-term memory.

    Points are the expected pixel of each map's softmax, after Finn et al., 2016,
    doi:10.1109/ICRA.2016.7487173: a place in the picture is what matters here.

    Args:
        remembers: Whether there is a memory; a dense layer otherwise.
    """

    line: Tensor
    column: Tensor

    def __init__(self, remembers: bool = True) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.maps = nn.Sequential(
            *(nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 16, 3, padding=2, dilation=2), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 16, 3, padding=2, dilation=2), nn.BatchNorm2d(16), nn.ReLU()),
            nn.Conv2d(16, POINTS, 1),
        )
        into = 2 * POINTS + JOINTS
        self.memory = nn.LSTM(into, UNITS, batch_first=True) if remembers else None
        self.dense = None if remembers else nn.Sequential(nn.Linear(into, UNITS), nn.ReLU())
        self.head = nn.Sequential(
            nn.Linear(UNITS + into, UNITS), nn.ReLU(), nn.Linear(UNITS, AXES + FINGERS + 6)
        )
        self.register_buffer("line", torch.linspace(-1, 1, HEIGHT // 2), persistent=False)
        self.register_buffer("column", torch.linspace(-1, 1, WIDTH // 2), persistent=False)

    def nothing(self, count: int) -> Memory:
        """The memory at the begin of episodes."""
        return torch.zeros(count, UNITS), torch.zeros(count, UNITS)

    def forward(
        self, pictures: Tensor, joints: Tensor, memory: Memory
    ) -> tuple[Tensor, Tensor, Tensor, Memory]:
        """What is decided along some steps.

        Args:
            pictures: RGB (n, steps, HEIGHT, WIDTH, 3).
            joints: Of the gripper [m] (n, steps, JOINTS).
            memory: Before the first step.

        Returns:
            Velocities, of the largest (n, steps, 3); logits of the fingers' commands (n, steps, 3);
            places of cube and gripper [m] (n, steps, 6); and the memory after the last step.
        """
        count, steps = joints.shape[:2]
        weights = self.maps(self.pixels(pictures.flatten(0, 1))).flatten(2).softmax(2)
        weights = weights.unflatten(2, (HEIGHT // 2, WIDTH // 2))
        points = [weights.sum(2) @ self.column, weights.sum(3) @ self.line]
        seen = torch.cat(points, 1).view(count, steps, -1)
        into = torch.cat([seen, DECIMETRES * joints], 2)
        if self.memory is None:
            assert self.dense is not None
            known = self.dense(into)
        else:
            known, (hidden, cell) = self.memory(into, (memory[0][None], memory[1][None]))
            memory = hidden[0], cell[0]
        told = self.head(torch.cat([known, into], 2))
        velocity, fingers, places = told.split((AXES, FINGERS, 6), 2)
        return velocity, fingers, places / DECIMETRES, memory
