"""Networks that see the known object: heat maps of its corners, or its pose at once.

This module imports PyTorch; import it only where a network is made or asked.
"""

from contextlib import AbstractContextManager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evoloco.fields import Array
from evoloco.perception.object_pose.scene import CAMERA, HEIGHT, KEYPOINTS, WIDTH
from evoloco.perception.pose import Pose

CELL = 2
"""Pixels per cell of a heat map, along both directions."""

COLUMNS, ROWS = WIDTH // CELL, HEIGHT // CELL

SPREAD = 0.8
"""Standard deviation of a true heat map [cells]."""

BRIGHTNESS, TINT = 0.3, 0.12
"""Standard deviations of the logarithm of a training picture's gain, of all and of each colour."""


def block(inputs: int, outputs: int, width: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, leaky rectifier."""
    convolution = nn.Conv2d(inputs, outputs, width, stride, width // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1, inplace=True))


class Encoder(nn.Module):
    """Features of pictures at a half, a quarter and an eighth of their size."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(block(3, 16, 5, 2), block(16, 24))
        self.middle = nn.Sequential(block(24, 48, stride=2), block(48, 48))
        self.coarse = nn.Sequential(block(48, 56, stride=2), block(56, 56), block(56, 56))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features of pictures (n, 3, HEIGHT, WIDTH) with values from 0 to 1."""
        fine = self.fine(pictures - 0.5)
        middle = self.middle(fine)
        return fine, middle, self.coarse(middle)


class HeatMaps(nn.Module):
    """One map per corner of the object, and one for the object's outline.

    The maps of the corners are logits of where the corner is: softmax over all cells.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.to_middle = block(56 + 48, 48)
        self.to_fine = block(48 + 24, 24)
        self.maps = nn.Conv2d(24, len(KEYPOINTS) + 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Maps (n, corners + 1, ROWS, COLUMNS); the last one is the logit of the outline."""
        fine, middle, coarse = self.encoder(pictures)
        middle = self.to_middle(torch.cat([grown(coarse, middle), middle], 1))
        fine = self.to_fine(torch.cat([grown(middle, fine), fine], 1))
        maps: Tensor = self.maps(fine)
        return maps


class Direct(nn.Module):
    """The pose at once: a rotation and where its translation is in the picture.

    The rotation is two columns that are made orthonormal, which has no jump anywhere (Zhou et al.,
    2019, On the continuity of rotation representations in neural networks, arXiv:1812.07035).
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.narrow = block(56, 20, 1)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(20 * -(-HEIGHT // 8) * (WIDTH // 8), 48),
            nn.LeakyReLU(0.1),
            nn.Linear(48, 9),
        )

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Rotations (n, 3, 3) and translations [m] (n, 3) in the camera's frame."""
        raw = self.head(self.narrow(self.encoder(pictures)[2])).float()
        first = nn.functional.normalize(raw[:, :3])
        second = raw[:, 3:6] - (first * raw[:, 3:6]).sum(1, keepdim=True) * first
        second = nn.functional.normalize(second)
        rotation = torch.stack([first, second, torch.linalg.cross(first, second)], 2)

        depth = 0.6 * torch.exp(raw[:, 8:])
        return rotation, torch.cat([raw[:, 6:8] * depth, depth], 1)


def grown(small: Tensor, like: Tensor) -> Tensor:
    """A map at the size of another one, by bilinear interpolation."""
    return nn.functional.interpolate(small, size=like.shape[2:], mode="bilinear")


def faster() -> AbstractContextManager[object]:
    """Convolutions with 16-bit numbers: two thirds of the time per step on the CPUs that can."""
    return torch.autocast("cpu", torch.bfloat16)


def heat_map_loss(network: nn.Module, pictures: Tensor, corners: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of the corners' places and of the outline.

    Args:
        network: Of heat maps.
        pictures: With values from 0 to 1 (n, 3, HEIGHT, WIDTH).
        corners: Where they are [px] (n, corners, 2). Those outside of the picture do not count.
        mask: Whether each pixel shows the object (n, HEIGHT, WIDTH).
    """
    with faster():
        maps = network(pictures)
    maps = maps.float()
    target, inside = true_maps(corners)
    where = nn.functional.log_softmax(maps[:, :-1].flatten(2), 2)
    places = -(target * where).sum(2)[inside].mean()

    outline = nn.functional.avg_pool2d(mask.float()[:, None], CELL)[:, 0]
    return places + nn.functional.binary_cross_entropy_with_logits(maps[:, -1], outline)


def true_maps(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Normal densities around corners [px] over all cells, and which corners are in the picture."""
    cells = (corners - (CELL - 1) / 2) / CELL
    across = torch.arange(COLUMNS) - cells[..., :1]
    down = torch.arange(ROWS) - cells[..., 1:]
    away = down[..., :, None] ** 2 + across[..., None, :] ** 2
    maps = torch.softmax(-away.flatten(2) / (2 * SPREAD**2), 2)

    size = torch.tensor([WIDTH, HEIGHT])
    return maps, ((corners > -0.5) & (corners < size - 0.5)).all(2)


def direct_loss(network: nn.Module, pictures: Tensor, rotation: Tensor, place: Tensor) -> Tensor:
    """Mean distance of the object's corners from where they are [m]: ADD on them."""
    points = torch.as_tensor(KEYPOINTS, dtype=torch.float32)
    with faster():
        found, shift = network(pictures)
    off = points @ (found - rotation).transpose(1, 2) + (shift - place)[:, None]
    distances: Tensor = torch.linalg.vector_norm(off, dim=2)
    return distances.mean()


def as_input(pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures (n, HEIGHT, WIDTH, 3) as a network takes them (n, 3, HEIGHT, WIDTH)."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def seen_maps(network: nn.Module, picture: NDArray[np.uint8]) -> tuple[Array, Array]:
    """Probabilities of where the corners are (corners, ROWS, COLUMNS), and of the outline.

    Args:
        network: Of heat maps, in its evaluation mode.
        picture: Pixels (HEIGHT, WIDTH, 3).
    """
    maps = network(as_input(picture[None]))[0].double()
    places = torch.softmax(maps[:-1].flatten(1), 1).reshape(maps[:-1].shape)
    return places.numpy(), torch.sigmoid(maps[-1]).numpy()


@torch.inference_mode()
def direct_pose(network: nn.Module, picture: NDArray[np.uint8]) -> Pose:
    """The object's pose in the camera's frame, as the direct network says.

    Args:
        network: In its evaluation mode.
        picture: Pixels (HEIGHT, WIDTH, 3).
    """
    rotation, translation = network(as_input(picture[None]))
    return Pose(rotation[0].double().numpy(), translation[0].double().numpy())


def tinted(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures (n, HEIGHT, WIDTH, 3) as input, in a random brightness and tint."""
    brightness = BRIGHTNESS * torch.randn(len(pictures), 1, 1, 1, generator=generator)
    tint = TINT * torch.randn(len(pictures), 3, 1, 1, generator=generator)
    plain = pictures.permute(0, 3, 1, 2).float() / 255
    return (plain * torch.exp(brightness + tint)).clamp(0, 1)


def matrices(poses: Tensor) -> tuple[Tensor, Tensor]:
    """Rotations (n, 3, 3) and translations (n, 3) of rows of translation and quaternion (n, 7)."""
    w, vector = poses[:, 3, None, None], poses[:, 4:]
    cross = torch.linalg.cross(vector[:, None], torch.eye(3, dtype=poses.dtype)[None])
    cross = cross.transpose(1, 2)
    rotation = torch.eye(3) + 2 * (w * cross + cross @ cross)
    return rotation.float(), poses[:, :3].float()


def projected(rotation: Tensor, translation: Tensor) -> Tensor:
    """Where the camera sees the object's corners [px] (n, corners, 2)."""
    points = torch.as_tensor(KEYPOINTS, dtype=torch.float32)
    placed = points @ rotation.transpose(1, 2) + translation[:, None]
    centre = torch.as_tensor(CAMERA.centre, dtype=torch.float32)
    return CAMERA.focal_length * placed[..., :2] / placed[..., 2:] + centre
