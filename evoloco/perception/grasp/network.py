"""Networks that tell whether a hand will hold, from pictures of what is between its fingers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from evoloco.perception.grasp.closing import CELLS, CHANNELS, FULL


class GraspNet(nn.Module):
    """Two convolutions and two layers: pictures (n, CHANNELS, CELLS, CELLS) as int8 -> logits (n,).

    After the classifier of ten Pas et al., 2017, smaller.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(CHANNELS, 16, 4, stride=2, padding=1), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
            *(nn.Dropout(0.3), nn.Linear(32 * (CELLS // 4) ** 2, 64), nn.ReLU()),
            *(nn.Dropout(0.3), nn.Linear(64, 1)),
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Logits of holding."""
        logits: torch.Tensor = self.layers(pictures.float() / FULL)
        return logits[:, 0]


def networks() -> nn.ModuleDict:
    """Two networks with random weights: one learns what lifts, the other what is antipodal."""
    return nn.ModuleDict({"tries": GraspNet(), "labels": GraspNet()})


def half_turned(pictures: torch.Tensor) -> torch.Tensor:
    """The pictures of hands that are turned by half a turn about their own axis.

    These are the same grasps: left and right finger change places. The axes x and y, along which
    the fingers close and across the hand, change their signs.
    """
    front, side, edge = pictures.reshape(-1, 3, 4, CELLS, CELLS).unbind(1)
    turned = [front.flip(2, 3), side.flip(2), edge.flip(2)]
    signs = torch.tensor([-1, -1, 1, 1], dtype=pictures.dtype)[:, None, None]
    views = torch.stack([view * signs for view in turned], 1)

    # Heights of the last two views lie along y and x: they are seen from the other side.
    heights = views[:, 1:, 3]
    filled = (views[:, 1:, :3] != 0).any(2)
    views[:, 1:, 3] = torch.where(filled, FULL - heights, heights)
    return views.flatten(1, 2)


def chances(network: nn.Module, pictures: NDArray[np.int8]) -> NDArray[np.float32]:
    """How likely hands hold, from 0 to 1 (n,)."""
    with torch.inference_mode():
        return np.asarray(network(torch.from_numpy(pictures)).sigmoid().numpy())
