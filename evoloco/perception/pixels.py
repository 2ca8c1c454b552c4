"""Pictures as convolutions take them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Pixels(nn.Module):
    """The first layer of a network: RGB (n, height, width, 3) -> (n, 3, height, width).

    Each picture gets the mean 0 and about the deviation 1, so that neither exposure nor contrast
    matters.
    """

    def forward(self, pictures: Tensor | NDArray[np.uint8]) -> Tensor:
        """Pictures with colours first."""
        colours = torch.as_tensor(pictures).permute(0, 3, 1, 2).float()
        spread, mean = torch.std_mean(colours, dim=(1, 2, 3), keepdim=True)
        return (colours - mean) / (spread + 1)
