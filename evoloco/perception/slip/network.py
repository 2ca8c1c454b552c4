"""A network that tells from the spectra of 12 x 12 taxels whether an object slips, and how."""

import torch
from torch import Tensor, nn

from evoloco.perception.slip.windows import BINS, KINDS, STEP


class SlipNetwork(nn.Sequential):
    """Three convolutions over the array, whose channels are the amplitudes of a frequency.

    Translation sounds alike everywhere; rotation sounds higher away from its centre. After the
    last convolution the array is averaged, so that the centre may be anywhere.

    References:
        Meier, Walck, Haschke and Ritter, 2016, Tactile convolutional networks for online slip and
        rotation detection, doi:10.1007/978-3-319-44781-0_2. The sizes of its layers are unknown.
    """

    def __init__(self) -> None:
        super().__init__(
            *_convolution(BINS, 32),
            *_convolution(32, 32),
            nn.MaxPool2d(2),
            *_convolution(32, 64),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(64, len(KINDS)),
        )

    def forward(self, spectra: Tensor) -> Tensor:
        """Logits of stable, translation and rotation (n, 3) of stored spectra (n, 32, 12, 12)."""
        logits: Tensor = super().forward(spectra.float() / STEP)  # type: ignore[no-untyped-call]
        return logits


def _convolution(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return layer, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def turned(spectra: Tensor, generator: torch.Generator) -> Tensor:
    """Spectra of arrays that are turned by a random quarter turn and mirrored or not."""
    quarter, mirror = torch.randint(4, (2,), generator=generator).tolist()
    spectra = torch.rot90(spectra, quarter, (2, 3))
    return spectra.flip(2) if mirror % 2 else spectra
