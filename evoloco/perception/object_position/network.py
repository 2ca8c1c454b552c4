"""A small network that says where one thing stands on a plane, and whether it is there.

A convolutional network gives every cell of a coarse grid a logit for the foot of the thing, and one
more logit says that there is none. The expected pixel is projected onto the plane with the nominal
pose of the camera. Features around that pixel and of the whole picture correct the place, since
the camera's true pose deviates.
"""

import torch
from torch import Tensor, nn

from evoloco.perception.mounted import Mounted
from evoloco.perception.pixels import Pixels

CELL = 4
"""Pixels of the picture in a cell of the grid, in both directions."""

FEATURES = 32

CORRECTION = 0.1
"""Unit of the correction [m]: outputs of the network are about one."""


def _block(before: int, after: int, side: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (side // 2)
    return nn.Sequential(
        nn.Conv2d(before, after, side, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(after),
        nn.LeakyReLU(0.1),
    )


class SpotNet(nn.Module):
    """Pictures -> where the thing stands.

    Args:
        camera: Nominal pose of the camera.
    """

    cells: Tensor
    """Pixels in the middle of each cell (cells, 2)."""

    threshold: Tensor
    """Confidence from which on the thing is there ()."""

    def __init__(self, camera: Mounted) -> None:
        super().__init__()
        self.camera = camera
        self.near = nn.Sequential(
            Pixels(), _block(3, 16, 5, stride=2), _block(16, FEATURES, 3, stride=2)
        )
        self.far = nn.ModuleList(_block(FEATURES, FEATURES, 3, dilation=d) for d in (1, 2, 4))
        self.map = nn.Conv2d(FEATURES, 1, 1)
        self.none = nn.Sequential(
            nn.Linear(2 * FEATURES, FEATURES), nn.LeakyReLU(0.1), nn.Linear(FEATURES, 1)
        )
        self.correct = nn.Sequential(
            nn.Linear(2 * FEATURES + 4, 64), nn.LeakyReLU(0.1), nn.Linear(64, 2)
        )
        rows, columns = camera.height // CELL, camera.width // CELL
        v, u = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        cells = CELL * torch.stack([u, v], dim=-1).reshape(-1, 2) + (CELL - 1) / 2
        self.register_buffer("cells", cells, persistent=False)
        self.register_buffer("threshold", torch.tensor(0.5))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the cells and, last, of none (n, cells + 1), pixels (n, 2), places [m] (n, 2).

        Args:
            pictures: RGB from 0 to 255 (n, height, width, 3).
        """
        found = self.near(pictures)
        for block in self.far:
            found = found + block(found)

        logits = self.map(found).flatten(1)
        features = found.flatten(2)
        share = logits.softmax(dim=1)
        around = (features * share[:, None]).sum(dim=2)
        pixels = share @ self.cells

        size = torch.tensor([self.camera.width, self.camera.height])
        seen = pixels / size - 0.5
        overall = features.mean(dim=2)
        features = torch.cat([around, overall], dim=1)
        inputs = torch.cat([features, seen, seen**2], dim=1)
        nominal = torch.stack(self.camera.place(*pixels.T), dim=1)
        places = nominal + CORRECTION * self.correct(inputs)
        return torch.cat([logits, self.none(features)], dim=1), pixels, places

    def aim(self, pixels: Tensor, there: Tensor) -> Tensor:
        """What the logits should say, as shares (n, cells + 1).

        Args:
            pixels: Of the thing's foot [px] (n, 2).
            there: Whether there is one (n,).
        """
        apart = (self.cells - pixels[:, None]).square().sum(dim=2)
        spread = (-apart / CELL**2).softmax(dim=1) * there[:, None]
        return torch.cat([spread, 1.0 - there[:, None]], dim=1)
