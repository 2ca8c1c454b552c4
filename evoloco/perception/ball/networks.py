"""Two networks that find a ball in a picture of 80x60.

Both take RGB pictures (n, 3, HEIGHT, WIDTH) from 0 to 1, whose light they even out first, and keep
in `threshold` the confidence from which they report a ball; `evoloco.perception.ball.lesson` sets
it on validation pictures.

References:
    Speck, Barros, Weber and Wermter, 2016, Ball localization for RoboCup soccer using convolutional
    neural networks, doi:10.1007/978-3-319-68792-6_2 (`Heads`).
    Speck, Bestmann and Barros, 2018, Towards real-time ball localization using CNNs,
    doi:10.1007/978-3-030-27544-0_27 (`HeatMap`).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from evoloco.perception.ball.decoding import Found, in_heads, in_heat_map
from evoloco.perception.ball.pitch import HEIGHT, WIDTH

SLOPE = 0.1
"""Of the leaky rectifiers below 0."""

DARK = 0.02
"""Added to the deviation of a colour: what is nearly even must not become all noise."""

RARE = -4.0
"""First bias of the heat map's logits: a pixel rarely shows a ball."""


def convolution(
    inputs: int, outputs: int, side: int = 3, stride: int = 1, dilation: int = 1
) -> nn.Module:
    """A convolution that keeps the size up to its stride, batch normalisation, a rectifier."""
    return nn.Sequential(
        nn.Conv2d(
            inputs, outputs, side, stride, dilation * (side // 2), dilation=dilation, bias=False
        ),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(SLOPE, inplace=True),
    )


def evened(picture: Tensor) -> Tensor:
    """Pictures in which each colour has the mean 0 and about the deviation 1.

    So neither the colour of a light nor the exposure matters.
    """
    spread, mean = torch.std_mean(picture, dim=(2, 3), keepdim=True)
    return (picture - mean) / (spread + DARK)


class HeatMap(nn.Module):
    """Fully convolutional: a logit for every pixel (n, HEIGHT, WIDTH), whether it shows the ball.

    Half the size, a quarter, and back with one skip. Pixel shuffles do what transposed convolutions
    would, without their chequerboards.

    Args:
        width: Channels at half the size; twice as many at a quarter.
        depth: Residual blocks at a quarter of the size, of growing dilation.
    """

    threshold: Tensor

    def __init__(self, width: int = 16, depth: int = 2) -> None:
        super().__init__()
        deep = 5 * width // 2
        self.fine = convolution(3, width, 5, 2)
        self.coarse = convolution(width, deep, 3, 2)
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(deep, deep), convolution(deep, deep, dilation=2**level))
            for level in range(depth)
        )
        self.up = nn.Conv2d(deep, 4 * width, 1)
        self.mix = convolution(2 * width, width)
        self.out = nn.Conv2d(width, 4, 1)
        self.out.bias = nn.Parameter(torch.full((4,), RARE))
        self.register_buffer("threshold", torch.tensor(0.5))

    def forward(self, picture: Tensor) -> Tensor:
        """Logits (n, HEIGHT, WIDTH)."""
        half = self.fine(evened(picture))
        deep = self.coarse(half)
        for block in self.blocks:
            deep = deep + block(deep)
        wide = functional.pixel_shuffle(self.up(deep), 2)
        mixed = self.mix(torch.cat([half, wide], 1))
        return functional.pixel_shuffle(self.out(mixed), 2)[:, 0]

    @torch.inference_mode()
    def find(self, picture: NDArray[np.uint8]) -> Found:
        """The ball in a picture (HEIGHT, WIDTH, 3): the mean of its heat map and its mirror's."""
        shown = _tensor(picture)
        straight, mirrored = self(torch.cat([shown, shown.flip(3)]))
        heat = torch.sigmoid((straight + mirrored.flip(1)) / 2)
        return in_heat_map(heat.double().numpy())


class Heads(nn.Module):
    """Two heads: where the ball is along x (n, WIDTH) and along y (n, HEIGHT), as logits.

    Args:
        width: Channels of the convolutions but the first.
    """

    threshold: Tensor

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.features = nn.Sequential(
            convolution(3, 16, 5, 2),
            convolution(16, width, 3, 2),
            convolution(width, width),
            convolution(width, width, 3, 2),
            convolution(width, width),
            nn.Flatten(),
        )
        size = width * -(-HEIGHT // 8) * -(-WIDTH // 8)
        self.x, self.y = self._head(size, WIDTH), self._head(size, HEIGHT)
        self.register_buffer("threshold", torch.tensor(0.5))

    @staticmethod
    def _head(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Dropout(0.3),
            nn.Linear(inputs, 100),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(0.3),
            nn.Linear(100, outputs),
        )

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Logits along x (n, WIDTH) and along y (n, HEIGHT)."""
        features = self.features(evened(picture))
        return self.x(features), self.y(features)

    @torch.inference_mode()
    def find(self, picture: NDArray[np.uint8]) -> Found:
        """The ball in a picture (HEIGHT, WIDTH, 3)."""
        along_x, along_y = (torch.softmax(one[0].double(), 0) for one in self(_tensor(picture)))
        return in_heads(along_x.numpy(), along_y.numpy())


def _tensor(picture: NDArray[np.uint8]) -> Tensor:
    """A picture (HEIGHT, WIDTH, 3) as a batch of one (1, 3, HEIGHT, WIDTH), from 0 to 1."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
