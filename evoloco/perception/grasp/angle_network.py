"""Networks that tell, of a patch of a height map, at which angles a gripper would hold there.

Pinto and Gupta, 2016, Supersizing self-supervision: learning to grasp from 50K tries and 700 robot
hours, doi:10.1109/ICRA.2016.7487517: every angle has an output of its own, and only the one that
was tried is taught.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

BINS = 18
"""Angles, 10° apart."""

PATCH = 32
"""Side of a patch [px]."""

NETWORKS: Mapping[str, tuple[int, ...]] = {"first": (0,), "staged": (0, 1), "random": (0, 2)}
"""Name of a network -> parts of the tries that it learns from: 0 the first ones, which are random,
1 those that a network chose, 2 further random ones."""

JITTER = 0.02
"""Standard deviation of what is added to patches in training [5 cm]."""


class AngleNet(nn.Module):
    """Patches (n, PATCH, PATCH) of heights [5 cm] -> logits of each angle (n, BINS)."""

    def __init__(self) -> None:
        super().__init__()

        def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
            convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())

        self.layers = nn.Sequential(
            *(block(1, 16, 2), block(16, 32), nn.MaxPool2d(2)),
            *(block(32, 32), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.2)),
            *(nn.Linear(32 * (PATCH // 8) ** 2, 96), nn.ReLU(), nn.Dropout(0.2)),
            nn.Linear(96, BINS),
        )

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """Logits of holding at each angle."""
        logits: torch.Tensor = self.layers(patches[:, None])
        return logits


def networks() -> nn.ModuleDict:
    """A network with random weights for each of `NETWORKS`."""
    return nn.ModuleDict({name: AngleNet() for name in NETWORKS})


def scaled(patches: torch.Tensor) -> torch.Tensor:
    """Bytes as heights [5 cm]."""
    return patches.float() / 200


def varied(
    patches: torch.Tensor, angles: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tries as they would be with the whole scene turned by some bins, or mirrored.

    Args:
        patches: (n, PATCH, PATCH).
        angles: Bins of the closing direction (n,).
        generator: Draws.
    """
    count = len(patches)
    mirrored = torch.rand(count, generator=generator) < 0.5
    patches = torch.where(mirrored[:, None, None], patches.flip(2), patches)
    angles = torch.where(mirrored, -angles, angles)

    turns = torch.randint(2 * BINS, (count,), generator=generator)
    patches = turned(patches, turns)
    patches = patches + JITTER * torch.randn(patches.shape, generator=generator)
    return patches, (angles + turns) % BINS


def turned(patches: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Patches turned to the left by some bins (n, PATCH, PATCH)."""
    angle = turns * (torch.pi / BINS)
    c, s = angle.cos(), angle.sin()
    # Rows of a patch run downward, so its y axis is the opposite of the grid's.
    rows = torch.stack([torch.stack([c, -s, 0 * c], 1), torch.stack([s, c, 0 * c], 1)], 1)
    size = [len(patches), 1, PATCH, PATCH]
    grid = functional.affine_grid(rows, size, align_corners=False)
    return functional.grid_sample(patches[:, None], grid, align_corners=False)[:, 0]


def try_loss(
    network: nn.Module, patches: torch.Tensor, angles: torch.Tensor, held: torch.Tensor
) -> torch.Tensor:
    """Cross entropy of the angles that were tried ()."""
    logits = network(patches).gather(1, angles[:, None])[:, 0]
    return functional.binary_cross_entropy_with_logits(logits, held.float())


def chances(network: nn.Module, patches: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How likely each angle holds, smoothed over neighbours by 1/4, 1/2, 1/4 (n, BINS)."""
    with torch.inference_mode():
        found = network(scaled(torch.from_numpy(patches))).sigmoid().numpy()
    beside = np.roll(found, 1, axis=1) + np.roll(found, -1, axis=1)
    return np.asarray(0.5 * found + 0.25 * beside)
