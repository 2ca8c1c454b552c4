"""A small network that sees the pose of the block in a hand.

This module imports PyTorch; import it only where a network is made or asked.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evoloco.fields import Array
from evoloco.perception.hand_pose.scene import SIDE
from evoloco.perception.pixels import Pixels

UNIT = 0.02
"""Unit of the network's places [m]."""


def _block(before: int, after: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, width, 2, width // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.LeakyReLU(0.1),
    )


class HandPoseNet(nn.Module):
    """Pictures -> x and y [`UNIT`], cosine and sine of the angle (n, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Pixels(),
            _block(3, 16, 5),
            _block(16, 32, 3),
            _block(32, 48, 3),
            nn.Flatten(),
            nn.Linear(48 * (SIDE // 8) ** 2, 64),
            nn.LeakyReLU(0.1),
            nn.Linear(64, 4),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """RGB from 0 to 255 (n, SIDE, SIDE, 3) -> (n, 4)."""
        found: Tensor = self.layers(pictures)
        return found


@torch.no_grad()
def seen(network: nn.Module, picture: NDArray[np.uint8]) -> Array:
    """x, y [m], the angle [rad], and how far cosine and sine are from 0, at most 1 (4,)."""
    x, y, cosine, sine = network(torch.from_numpy(picture[None]))[0].double().tolist()
    sure = min(1.0, float(np.hypot(cosine, sine)))
    return np.array([UNIT * x, UNIT * y, np.arctan2(sine, cosine), sure])
