"""Losses of the ball's networks, on pictures that are varied before each step."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from evoloco.perception.ball.networks import HeatMap

LABEL = 2.0
"""Standard deviation of the heads' labels [px]: the published ratio to the width, 20 of 800."""

GAIN, TINT, NOISE = 0.3, 0.15, 0.02
"""Spread of the logarithms of gain and tint, and of the noise of pixels, from 0 to 1."""

BALL, MOST = 100.0, 10.0
"""Sum of the weights of the pixels of a small ball, and most that one weighs. None weighs less than
the background's pixels, which have a weight of 1."""


def loss(
    network: torch.nn.Module,
    batch: Mapping[str, Tensor],
    generator: torch.Generator,
    bfloat16: bool = False,
) -> Tensor:
    """The loss of either network ().

    Args:
        network: `HeatMap` or `Heads`.
        batch: `picture`, `mask` and `centre` of examples: see `pitch.examples`.
        generator: Varies the pictures.
        bfloat16: Whether the network computes with 16 bits.
    """
    picture, mask, centre = varied(batch, generator)
    with torch.autocast("cpu", torch.bfloat16, bfloat16):
        answer = network(picture)
    if isinstance(network, HeatMap):
        return of_pixels(answer.float(), mask)
    along_x, along_y = (head.float() for head in answer)
    return of_head(along_x, centre[:, 0]) + of_head(along_y, centre[:, 1])


def varied(
    batch: Mapping[str, Tensor], generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Pictures (n, 3, height, width) from 0 to 1, masks and centres, at random.

    Half of the batches are mirrored, and in half of the pictures the colours change their order.
    Gain, tint and noise are each picture's own.
    """
    picture = batch["picture"].permute(0, 3, 1, 2).float() / 255
    mask, centre, width = batch["mask"].float(), batch["centre"].float(), picture.shape[3]
    if torch.rand((), generator=generator) < 0.5:
        picture, mask = picture.flip(3), mask.flip(2)
        centre = torch.stack([width - 1 - centre[:, 0], centre[:, 1]], 1)

    count = len(picture)
    order = torch.rand(count, 3, generator=generator).argsort(1)
    stays = torch.rand(count, 1, generator=generator) < 0.5
    order = torch.where(stays, torch.arange(3), order)
    picture = picture.gather(1, order[:, :, None, None].expand_as(picture))

    gain = GAIN * torch.randn(count, 1, generator=generator)
    tint = TINT * torch.randn(count, 3, generator=generator)
    noise = NOISE * torch.randn(picture.shape, generator=generator)
    picture = picture * torch.exp(gain + tint)[:, :, None, None] + noise
    return picture.clamp(0, 1).contiguous(memory_format=torch.channels_last), mask, centre


def of_pixels(logits: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of pixels (n, height, width), in which sure ones count less.

    Each picture's sum is over `BALL`.

    References:
        Lin, Goyal, Girshick, He and Dollár, 2017, Focal loss for dense object detection,
        doi:10.1109/ICCV.2017.324 (eq. 4, with a focus of 1).
    """
    area = mask.sum((1, 2), keepdim=True)
    weight = torch.where(mask > 0, (BALL / area.clamp(min=1)).clamp(1, MOST), 1.0)
    entropy = functional.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    focused = (1 - torch.exp(-entropy)) * entropy
    return (weight * focused).sum((1, 2)).mean() / BALL


def of_head(logits: Tensor, place: Tensor) -> Tensor:
    """Divergence of a head (n, places) from its label, a normal density about the ball.

    Without a ball, the label is the same everywhere.

    Args:
        logits: Of the head.
        place: Of the ball [px] (n,); NaN without one.
    """
    places = torch.arange(logits.shape[1])
    density = torch.exp(-0.5 * ((places - place[:, None]) / LABEL) ** 2)
    label = torch.where(place[:, None].isnan(), 1.0, density)
    label = label / label.sum(1, keepdim=True)
    return functional.kl_div(functional.log_softmax(logits, 1), label, reduction="batchmean")
