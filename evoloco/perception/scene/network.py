"""One small convolutional network: boxes, pixel labels, and a closer look at each box.

Boxes are answered for all cells in one pass, as in YOLO (Redmon and others, 2016, You only look
once, doi:10.1109/CVPR.2016.91). The closer look at a box is at a crop of the picture that is scaled
to one size, as in R-CNN (Girshick and others, 2014, doi:10.1109/CVPR.2014.81): so it depends
neither on where an object is nor on how large. It tells the shape and corrects the box. It also
sees which pixels the labels take for an object, since outlines tell more of a shape than surfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 8
"""Pixels of a cell, in each of which one box may have its middle."""

ANCHOR = 16.0
"""Width and height of a box that the box head answers 0 for [px]."""

NUMBERS_OF_BOX = 5
"""Of a cell: middle x and y, width and height, and the score."""

LARGEST_LOG_SIZE = 2.0
"""Bound of the logarithm of a box's size over `ANCHOR`."""

CROP = 32
"""Width and height of a crop [px]."""

MARGIN = 1.2
"""Side of a crop over the longer side of its box."""

JITTER = 0.15
"""Of its width and height, by which the edges of a box are off in training at most."""

CROP_WIDTHS = 32, 64, 96
"""Features of a crop at a half, a quarter and an eighth of its resolution."""

BEND = 0.05
"""Error of a corrected edge at which its loss turns from a parabola to a line [longer sides]."""


class Answers(NamedTuple):
    """What the network makes of pictures.

    Attributes:
        cells: Of each cell (batch, 5, rows, columns).
        labels: Of each pixel, before softmax (batch, labels, height, width).
    """

    cells: Tensor
    labels: Tensor


def _block(
    inputs: int, outputs: int, size: int = 3, stride: int = 1, dilation: int = 1
) -> nn.Module:
    padding = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Look(NamedTuple):
    """What the network makes of boxes when it looks closer.

    Attributes:
        shapes: Of the object in each, before softmax (n, shapes).
        corners: Of the corrected boxes [px] (n, 4).
    """

    shapes: Tensor
    corners: Tensor


class SceneNet(nn.Module):
    """Looks at colour pictures whose width and height are multiples of 8.

    Features are made at a half, a quarter and an eighth of the resolution. Boxes are read from the
    coarsest. Pixel labels add the three, coarse to fine (Lin and others, 2017, Feature pyramid
    networks for object detection, doi:10.1109/CVPR.2017.106).

    Args:
        shapes: Number of classes of objects.
        labels: Number of labels of pixels; the last one is that of objects.
    """

    def __init__(self, shapes: int, labels: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(_block(3, 16, 5, 2), _block(16, 16))
        self.middle = nn.Sequential(_block(16, 32, 3, 2), _block(32, 32))
        self.coarse = nn.Sequential(
            _block(32, 40, 3, 2), _block(40, 40), _block(40, 24, dilation=2)
        )

        self.cells = nn.Sequential(_block(24, 32, 1), nn.Conv2d(32, NUMBERS_OF_BOX, 1))
        self.from_coarse, self.from_middle = nn.Conv2d(24, 20, 1), nn.Conv2d(32, 20, 1)
        self.merged, self.from_fine = _block(20, 20), nn.Conv2d(16, 20, 1)
        self.labels = nn.Sequential(nn.ReLU(), nn.Conv2d(20, 4 * labels, 1), nn.PixelShuffle(2))

        half, quarter, eighth = CROP_WIDTHS
        self.crop = nn.Sequential(
            *(_block(4, half, 5, 2), _block(half, half)),
            *(_block(half, quarter, 3, 2), _block(quarter, quarter), _block(quarter, quarter)),
            *(_block(quarter, eighth, 3, 2), _block(eighth, eighth)),
        )
        features = eighth * (CROP // 8) ** 2
        self.look = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(features, shapes + 4))

    def forward(self, pictures: Tensor) -> Answers:
        """Looks at pictures (batch, 3, height, width), bright or dark."""
        fine = self.fine(_standardized(pictures))
        middle = self.middle(fine)
        coarse = self.coarse(middle)

        merged = self.merged(_doubled(self.from_coarse(coarse)) + self.from_middle(middle))
        labels = self.labels(_doubled(merged) + self.from_fine(fine))
        return Answers(self.cells(coarse), labels)

    def look_closer(
        self, pictures: Tensor, labels: Tensor, picture: Tensor, corners: Tensor
    ) -> Look:
        """Tells the shape of the object in each box, and corrects the box.

        Args:
            pictures: As `forward` takes them.
            labels: As `forward` answers them.
            picture: Number of the picture that each box is in (n,).
            corners: Boxes [px] (n, 4).
        """
        objects = labels.detach().float().softmax(1)[:, -1:]
        seen = crops(torch.cat([pictures, objects], 1), picture, corners)
        seen = torch.cat([_standardized(seen[:, :3]), 2 * seen[:, 3:] - 1], 1)
        said = self.look(self.crop(seen)).float()
        return Look(said[:, :-4], corners + side_of(corners) * said[:, -4:])


def crops(pictures: Tensor, picture: Tensor, corners: Tensor) -> Tensor:
    """Squares around boxes, scaled to one size (n, channels, CROP, CROP); 0 outside the picture.

    Args:
        pictures: The pictures (batch, channels, height, width).
        picture: Number of the picture that each box is in (n,).
        corners: Boxes [px] (n, 4).
    """
    middle = (corners[:, :2] + corners[:, 2:]) / 2
    side = MARGIN * side_of(corners)
    across = (torch.arange(CROP) + 0.5) / CROP - 0.5
    offsets = torch.stack(torch.meshgrid(across, across, indexing="xy"), -1)

    places = middle[:, None, None] + side[:, None, None] * offsets
    height, width = pictures.shape[2:]
    scaled = 2 * places / torch.tensor([width, height]) - 1  # -1 and 1 are the picture's edges
    return functional.grid_sample(pictures[picture], scaled, align_corners=False)


def side_of(corners: Tensor) -> Tensor:
    """The longer side of boxes [px] (n, 1), 1 at least."""
    return (corners[:, 2:] - corners[:, :2]).amax(1, keepdim=True).clamp(min=1)


def _standardized(pictures: Tensor) -> Tensor:
    """Pictures with the mean 0 and the standard deviation 1, so that exposure hardly matters."""
    centred = pictures - pictures.mean((1, 2, 3), keepdim=True)
    return centred / (centred.square().mean((1, 2, 3), keepdim=True).sqrt() + 1e-3)


def _doubled(features: Tensor) -> Tensor:
    """Features at twice the resolution."""
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")


def corners_of(cells: Tensor) -> Tensor:
    """Boxes of all cells [px] (batch, rows, columns, 4): left, top, right, bottom.

    With the answers tx, ty, tw, th of the cell in a row and column, the middle of its box is at
    (column + 1/2 + tx, row + 1/2 + ty) STRIDE, and its size is (exp tw, exp th) ANCHOR.
    """
    rows, columns = cells.shape[2:]
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    middle = (torch.stack([column, row]) + 0.5 + cells[:, :2]) * STRIDE
    half = cells[:, 2:4].clamp(-LARGEST_LOG_SIZE, LARGEST_LOG_SIZE).exp() * ANCHOR / 2
    return torch.cat([middle - half, middle + half], 1).permute(0, 2, 3, 1)


def overlap_of(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union of boxes (n, 4) with boxes (n, 4), and the generalized one.

    The latter takes off the share of the smallest common box that neither fills, so it has a slope
    where boxes do not touch (Rezatofighi and others, 2019, equation in algorithm 1,
    doi:10.1109/CVPR.2019.00075).
    """

    def area(low: Tensor, high: Tensor) -> Tensor:
        return (high - low).clamp(min=0).prod(-1)

    low, high = torch.maximum(first, second), torch.minimum(first, second)
    common = area(low[:, :2], high[:, 2:])
    union = area(first[:, :2], first[:, 2:]) + area(second[:, :2], second[:, 2:]) - common

    around = area(high[:, :2], low[:, 2:])
    overlap = common / union.clamp(min=1e-6)
    return overlap, overlap - (around - union) / around.clamp(min=1e-6)


def responsible(corners: Tensor, classes: Tensor, rows: int, columns: int) -> Tensor:
    """Number of the object that each cell answers for (batch, rows, columns); -1 for none.

    A cell answers for an object if its middle lies in the inner half of the object's box, or if
    the box's middle lies in the cell. Of several objects, the smallest counts.

    Args:
        corners: Boxes of objects [px] (batch, objects, 4).
        classes: Their classes (batch, objects); -1 where there is none.
        rows: Of cells.
        columns: Of cells.
    """
    middle = (corners[..., :2] + corners[..., 2:]) / 2
    size = corners[..., 2:] - corners[..., :2]
    grid = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    cells = (torch.stack([grid[1], grid[0]], -1) + 0.5) * STRIDE

    away = (cells[None, None] - middle[:, :, None, None]).abs()
    reach = (size / 4).clamp(min=STRIDE / 2)[:, :, None, None]
    inside = (away <= reach).all(-1) & (classes >= 0)[:, :, None, None]

    areas = torch.where(inside, size.prod(-1)[:, :, None, None], torch.inf)
    smallest, number = areas.min(1)
    return torch.where(smallest.isfinite(), number, -1)


def loss_of_boxes(cells: Tensor, corners: Tensor, classes: Tensor) -> Tensor:
    """Loss of the box head, per object: overlap, and score.

    The score is learned to be the overlap of the answered box with the true one, 0 where there is
    none (Redmon and others, section 2).

    Args:
        cells: Answers of the box head (batch, 5, rows, columns).
        corners: Boxes of objects [px] (batch, objects, 4).
        classes: Their classes (batch, objects); -1 where there is none.
    """
    number = responsible(corners, classes, *cells.shape[2:])
    at = number >= 0
    true = corners[at.nonzero()[:, 0], number[at]]
    overlap, generalized = overlap_of(corners_of(cells)[at], true)

    said = cells.permute(0, 2, 3, 1)[..., 4]
    wanted = torch.zeros_like(said)
    wanted[at] = overlap.detach()
    score = functional.binary_cross_entropy_with_logits(said, wanted, reduction="sum")
    return ((1 - generalized).sum() + score) / max(len(true), 1)


def loss_of_looks(
    network: SceneNet,
    pictures: Tensor,
    labels: Tensor,
    corners: Tensor,
    classes: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """Loss of the closer look at the true boxes, whose edges are moved at random."""
    picture, number = (classes >= 0).nonzero(as_tuple=True)
    true = corners[picture, number]
    if not len(true):
        return true.new_zeros(())
    size = (true[:, 2:] - true[:, :2]).repeat(1, 2)
    off = JITTER * size * (2 * torch.rand(true.shape, generator=generator) - 1)

    said = network.look_closer(pictures, labels, picture, true + off)
    wrong = (said.corners - true) / side_of(true)
    return functional.cross_entropy(
        said.shapes, classes[picture, number]
    ) + 4 * functional.smooth_l1_loss(wrong, torch.zeros_like(wrong), beta=BEND)


def loss(
    network: SceneNet,
    batch: Mapping[str, Tensor],
    weights: Tensor,
    generator: torch.Generator,
    bfloat16: bool = False,
) -> Tensor:
    """Sum of the losses of boxes, pixel labels and closer looks.

    Args:
        network: The network.
        batch: Of `pictures` (batch, 3, height, width), `labels`, `corners` and `classes`.
        weights: Of the labels in the loss (labels,).
        generator: Draws how boxes are off.
        bfloat16: Whether the network computes with 16 bits.
    """
    pictures, corners, classes = batch["pictures"], batch["corners"], batch["classes"]
    with torch.autocast("cpu", torch.bfloat16, bfloat16):
        said = network(pictures)
        looks = loss_of_looks(network, pictures, said.labels, corners, classes, generator)
    return (
        loss_of_boxes(said.cells.float(), corners, classes)
        + looks
        + 2 * functional.cross_entropy(said.labels.float(), batch["labels"], weights)
    )


def augmented(batch: Mapping[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
    """The examples as the loss takes them, about half of them mirrored, brightened or darkened."""
    pictures = batch["picture"].permute(0, 3, 1, 2).float() / 255
    labels, corners, width = batch["labels"].long(), batch["corners"], batch["picture"].shape[2]

    flip = torch.rand(len(pictures), generator=generator) < 0.5
    pictures = torch.where(flip[:, None, None, None], pictures.flip(3), pictures)
    labels = torch.where(flip[:, None, None], labels.flip(2), labels)
    across = torch.where(flip[:, None, None], width - corners[..., [2, 0]], corners[..., [0, 2]])
    corners = torch.stack([across[..., 0], corners[..., 1], across[..., 1], corners[..., 3]], -1)

    order = torch.stack([torch.randperm(3, generator=generator) for _ in pictures])
    pictures = pictures[torch.arange(len(pictures))[:, None], order]
    gain = 0.7 + 0.7 * torch.rand(len(pictures), 3, 1, 1, generator=generator)
    return {
        "pictures": (pictures * gain).clamp(0, 1),
        "labels": labels,
        "corners": corners,
        "classes": batch["classes"],
    }
