import numpy as np
import pytest
import torch

from evoloco.perception.need import Eye
from evoloco.perception.scene.answers import LEAST_AHEAD, understand
from evoloco.perception.scene.network import Answers, Look, SceneNet
from evoloco.perception.scene.objects import SHAPES
from evoloco.perception.scene.world import FLOOR, HEIGHT, OBJECT, REACH, WALL, WIDTH

LEVEL = Eye(
    np.array([0.0, 0, 0.4]), np.array([[0.0, 0.3, -0.954], [-1, 0, 0], [0, 0.954, 0.3]]), 60.0
)
"""A camera that looks along the x axis and a little down."""


class Sure(SceneNet):
    """A network with two boxes, in the cells (2, 2) and (5, 6), on a floor under a wall.

    Scores [1] and half sizes [px] of the boxes are given. A closer look makes boxes longer
    downward [px], and takes their shapes for the second one above and the fifth one below the
    middle of the picture; or, across, left and right of it.
    """

    def __init__(
        self,
        scores: tuple[float, float],
        halves: tuple[float, float] = (8, 8),
        longer: float = 0,
        across: bool = False,
    ) -> None:
        super().__init__(len(SHAPES), 3)
        self.scores, self.halves, self.longer, self.across = scores, halves, longer, across

    def forward(self, pictures: torch.Tensor) -> Answers:
        cells = torch.full((1, 5, HEIGHT // 8, WIDTH // 8), -20.0)
        labels = torch.zeros(1, 3, HEIGHT, WIDTH)
        labels[0, WALL, : HEIGHT // 4] = 5
        labels[0, FLOOR, HEIGHT // 4 :] = 5
        for place, score, half in zip([(2, 2), (5, 6)], self.scores, self.halves, strict=True):
            size, logit = np.log(half / 8), np.log(score / (1 - score))
            cells[0, :, *place] = torch.tensor([0, 0, size, size, logit])
            row, column = (8 * one + 4 for one in place)
            labels[0, OBJECT, row - 3 : row + 3, column - 3 : column + 3] = 9
        return Answers(cells, labels)

    def look_closer(
        self,
        pictures: torch.Tensor,
        labels: torch.Tensor,
        picture: torch.Tensor,
        corners: torch.Tensor,
    ) -> Look:
        low, size = (0, WIDTH) if self.across else (1, HEIGHT)
        middle = (corners[:, low] + corners[:, low + 2]) / 2
        shapes = 30.0 * torch.eye(len(SHAPES))[torch.where(middle < size / 2, 1, 4)]
        return Look(shapes, corners + torch.tensor([0.0, 0, 0, self.longer]))


def seen(*arguments, **options):
    return understand(Sure(*arguments, **options), np.zeros((HEIGHT, WIDTH, 3), np.uint8), LEVEL)


def test_the_largest_box_that_is_sure_enough_is_ahead() -> None:
    assert seen((0.6, 0.9), (12, 8)).ahead.argmax() == 1
    assert seen((0.6, 0.9), (8, 12)).ahead.argmax() == 4
    assert seen((LEAST_AHEAD - 0.01, 0.9), (12, 8)).ahead.argmax() == 4
    assert seen((0.6, 0.9), (12, 8)).score == pytest.approx(0.6)


def test_nothing_is_ahead_where_no_box_is_sure_enough() -> None:
    scene = seen((0.06, 0.08))
    assert scene.ahead.tolist() == [0] * len(SHAPES) + [1]
    assert scene.score == pytest.approx(0.08)
    assert len(scene.boxes) == 2


def test_boxes_have_the_class_of_their_shape_and_the_strongest_comes_first() -> None:
    boxes = seen((0.6, 0.9)).boxes
    assert boxes.classes.tolist() == [4, 1]
    assert boxes.corners.tolist() == [[44, 36, 60, 52], [12, 12, 28, 28]]


def test_a_closer_look_corrects_the_boxes() -> None:
    assert seen((0.6, 0.9), longer=3).boxes.corners.tolist() == [[44, 36, 60, 55], [12, 12, 28, 31]]


def test_a_shape_is_the_mean_of_what_is_seen_in_the_picture_and_mirrored() -> None:
    ahead = seen((0.6, 0.9), across=True).ahead
    assert (ahead[1], ahead[4]) == pytest.approx((0.5, 0.5))


def test_pixels_of_an_object_bear_the_class_of_its_box() -> None:
    labels = seen((0.6, 0.9)).labels
    assert labels[20, 20] == OBJECT + 1
    assert labels[44, 52] == OBJECT + 4
    assert {*labels.ravel().tolist()} == {FLOOR, WALL, OBJECT + 1, OBJECT + 4}


def test_an_object_on_the_floor_ends_the_free_distance_there() -> None:
    free = seen((0.6, 0.9)).free
    assert len(free) == 5
    assert free.min() < 0.8 * REACH
    assert free.max() <= REACH
