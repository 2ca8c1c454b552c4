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

FOLLOWED = [0, 1, POINTS, POINTS + 1]
"""Columns of cube and gripper among the points, then lines."""

JOINTS, AXES, FINGERS = 5, 3, 3
"""Numbers that are read of the gripper, directions of motion, and commands to the fingers."""

DECIMETRES = 10.0
"""Of a metre: places are learned in decimetres."""

Memory = tuple[Tensor, Tensor]
"""Hidden state and cell (n, UNITS)."""


class Visuomotor(nn.Module):
    """Convolutions, points where their maps are largest, long short-term memory.

    Points are the expected pixel of each map's softmax, after Finn et al., 2016,
    doi:10.1109/ICRA.2016.7487173: a place in the picture is what matters here. The first two follow
    cube and gripper. What moves the gripper is told how far it seems to be from the cube.

    Args:
        remembers: Whether there is a memory; a dense layer otherwise.
        bfloat16: Whether the convolutions learn with 16 bits.
    """

    line: Tensor
    column: Tensor

    def __init__(self, remembers: bool = True, bfloat16: bool = False) -> None:
        super().__init__()
        self._bfloat16 = bfloat16
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
        self.tell = nn.Sequential(nn.Linear(UNITS + into, UNITS), nn.ReLU(), nn.Linear(UNITS, 6))
        self.act = nn.Sequential(
            nn.Linear(UNITS + into + 6, UNITS), nn.ReLU(), nn.Linear(UNITS, AXES + FINGERS)
        )
        self.register_buffer("line", torch.linspace(-1, 1, HEIGHT // 2), persistent=False)
        self.register_buffer("column", torch.linspace(-1, 1, WIDTH // 2), persistent=False)

    def nothing(self, count: int) -> Memory:
        """The memory at the begin of episodes."""
        return torch.zeros(count, UNITS), torch.zeros(count, UNITS)

    def points(self, pictures: Tensor) -> Tensor:
        """Where the maps are largest: columns, then lines, from -1 to 1 (n, steps, 2 POINTS).

        Args:
            pictures: RGB (n, steps, HEIGHT, WIDTH, 3).
        """
        with torch.autocast("cpu", torch.bfloat16, self._bfloat16 and self.training):
            maps = self.maps(self.pixels(pictures.flatten(0, 1)))
        weights = maps.float().flatten(2).softmax(2).unflatten(2, (HEIGHT // 2, WIDTH // 2))
        points = [weights.sum(2) @ self.column, weights.sum(3) @ self.line]
        return torch.cat(points, 1).view(*pictures.shape[:2], -1)

    def decide(
        self, points: Tensor, joints: Tensor, memory: Memory
    ) -> tuple[Tensor, Tensor, Tensor, Memory]:
        """What is decided along some steps.

        Args:
            points: Of the pictures (n, steps, 2 POINTS).
            joints: Of the gripper [m] (n, steps, JOINTS).
            memory: Before the first step.

        Returns:
            Velocities, of the largest (n, steps, 3); logits of the fingers' commands (n, steps, 3);
            places of cube and gripper [m] (n, steps, 6); and the memory after the last step.
        """
        into = torch.cat([points, DECIMETRES * joints], 2)
        if self.memory is None:
            assert self.dense is not None
            known = self.dense(into)
        else:
            known, (hidden, cell) = self.memory(into, (memory[0][None], memory[1][None]))
            memory = hidden[0], cell[0]
        known = torch.cat([known, into], 2)
        places = self.tell(known)

        here = DECIMETRES * joints[..., :3]
        away = places - torch.cat([here, here], 2)
        velocity, fingers = self.act(torch.cat([known, away], 2)).split((AXES, FINGERS), 2)
        return velocity, fingers, places / DECIMETRES, memory

    def forward(
        self, pictures: Tensor, joints: Tensor, memory: Memory
    ) -> tuple[Tensor, Tensor, Tensor, Memory]:
        """What is decided along some steps, by their pictures: see `decide`."""
        return self.decide(self.points(pictures), joints, memory)
