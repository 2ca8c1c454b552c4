import numpy as np
import pytest
import torch

from evoloco.perception.scene.boxes import overlap
from evoloco.perception.scene.network import (
    SceneNet,
    augmented,
    corners_of,
    crops,
    loss_of_boxes,
    loss_of_looks,
    overlap_of,
    responsible,
)
from evoloco.perception.scene.objects import SHAPES
from evoloco.perception.scene.world import HEIGHT, WIDTH

ROWS, COLUMNS = HEIGHT // 8, WIDTH // 8


def one_box(corners: list[float], shape: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """One object in one picture, beside an empty place."""
    return torch.tensor([[corners, [0.0, 0, 0, 0]]]), torch.tensor([[shape, -1]])


def cells_that_say(row: int, column: int, corners: list[float]) -> torch.Tensor:
    """Answers in which one cell is sure of a box, and the others of none."""
    left, top, right, bottom = corners
    cells = torch.zeros(1, 5, ROWS, COLUMNS)
    cells[:, 4] = -20
    cells[0, 0, row, column] = (left + right) / 2 / 8 - column - 0.5
    cells[0, 1, row, column] = (top + bottom) / 2 / 8 - row - 0.5
    cells[0, 2, row, column] = np.log((right - left) / 16)
    cells[0, 3, row, column] = np.log((bottom - top) / 16)
    cells[0, 4, row, column] = 20
    return cells


def test_the_network_has_its_answers_and_fewer_than_four_hundred_thousand_weights() -> None:
    network = SceneNet(len(SHAPES), 3)
    said = network(torch.rand(2, 3, HEIGHT, WIDTH))
    assert said.cells.shape == (2, 5, ROWS, COLUMNS)
    assert said.labels.shape == (2, 3, HEIGHT, WIDTH)
    pictures, boxes = torch.rand(2, 3, HEIGHT, WIDTH), torch.rand(3, 4) * 9
    look = network.look_closer(pictures, said.labels, torch.tensor([1, 0, 1]), boxes)
    assert look.shapes.shape == (3, len(SHAPES))
    assert look.corners.shape == (3, 4)
    assert sum(one.numel() for one in network.state_dict().values()) <= 400_000


def test_answers_hardly_change_with_the_exposure() -> None:
    torch.manual_seed(0)
    network = SceneNet(len(SHAPES), 3).eval()
    picture = torch.rand(1, 3, HEIGHT, WIDTH)
    bright, dark = network(picture), network(0.3 * picture + 0.1)
    for one, other in zip(bright, dark, strict=True):
        assert torch.allclose(one, other, atol=0.05)


def test_a_crop_shows_the_square_around_a_box_at_one_size() -> None:
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(80.0), indexing="ij")
    pictures = torch.stack([columns, rows])[None] + 0.5  # where they are [px]
    boxes = torch.tensor([[20.0, 15, 40, 25], [30, 30, 34, 38]])
    for crop, middle, side in zip(
        crops(pictures, torch.zeros(2, dtype=torch.long), boxes),
        ([30, 20], [32, 34]),
        (1.2 * 20, 1.2 * 8),
        strict=True,
    ):
        places = (np.arange(32) + 0.5) / 32 - 0.5
        assert crop[0, 4].numpy() == pytest.approx(middle[0] + side * places, abs=1e-3)
        assert crop[1, :, 4].numpy() == pytest.approx(middle[1] + side * places, abs=1e-3)


def test_a_crop_is_of_the_picture_that_the_box_is_in_and_empty_outside_of_it() -> None:
    pictures = torch.ones(2, 3, 64, 80) * torch.tensor([1.0, 2.0])[:, None, None, None]
    inside, outside = [10.0, 10, 20, 20], [200.0, 10, 210, 20]
    found = crops(pictures, torch.tensor([1, 0, 1]), torch.tensor([inside, inside, outside]))
    assert found.mean((1, 2, 3)).tolist() == pytest.approx([2, 1, 0])


def test_closer_looks_are_learned_at_the_boxes_of_objects_only() -> None:
    torch.manual_seed(0)
    network = SceneNet(len(SHAPES), 3)
    pictures, labels = torch.rand(2, 3, 64, 80), torch.rand(2, 3, 64, 80)
    generator = torch.Generator().manual_seed(0)
    corners = torch.tensor([8.0, 8, 40, 40]).expand(2, 4, 4)
    nothing = torch.full((2, 4), -1)
    assert loss_of_looks(network, pictures, labels, corners, nothing, generator) == 0

    classes = nothing.clone()
    classes[1, 2] = 5
    pictures.requires_grad_()
    loss_of_looks(network.eval(), pictures, labels, corners, classes, generator).backward()
    assert pictures.grad[0].abs().max() == 0 < pictures.grad[1].abs().max()


def test_a_cell_that_answers_zeros_means_a_box_of_the_anchor_around_its_middle() -> None:
    corners = corners_of(torch.zeros(1, 5, ROWS, COLUMNS))
    assert corners[0, 2, 3].tolist() == [28 - 8, 20 - 8, 28 + 8, 20 + 8]


def test_boxes_are_decoded_as_they_are_encoded() -> None:
    box = [13.0, 20.0, 37.0, 29.0]
    assert corners_of(cells_that_say(3, 3, box))[0, 3, 3].tolist() == pytest.approx(box)


def test_overlap_agrees_with_that_of_boxes_and_the_generalized_one_falls_with_distance() -> None:
    rng = np.random.default_rng(0)
    first, second = (np.concatenate([low := rng.uniform(0, 9, (9, 2)), low + 5], 1) for _ in "ab")
    plain, _ = overlap_of(torch.from_numpy(first), torch.from_numpy(second))
    assert plain.numpy() == pytest.approx(np.diag(overlap(first, second)))

    box = torch.tensor([[0.0, 0, 2, 2]])
    _, near = overlap_of(box, torch.tensor([[3.0, 0, 5, 2]]))
    _, far = overlap_of(box, torch.tensor([[8.0, 0, 10, 2]]))
    assert (near.item(), far.item()) == pytest.approx((-2 / 10, -12 / 20))


def test_cells_in_the_inner_half_of_a_box_answer_for_it_and_the_smaller_object_goes_first() -> None:
    corners = torch.tensor([[[0.0, 0, 64, 64], [16, 16, 32, 32]]])
    number = responsible(corners, torch.tensor([[4, 1]]), ROWS, COLUMNS)[0]
    inner = np.full((ROWS, COLUMNS), -1)
    inner[2:6, 2:6] = 0
    inner[2:4, 2:4] = 1
    assert number.tolist() == inner.tolist()


def test_an_object_smaller_than_a_cell_has_a_cell_that_answers_for_it() -> None:
    number = responsible(*one_box([17.0, 9.0, 20.0, 12.0]), ROWS, COLUMNS)
    assert (number[0] >= 0).nonzero().tolist() == [[1, 2]]


def test_the_loss_of_boxes_vanishes_for_the_right_answer_only() -> None:
    box = [17.0, 9.0, 22.0, 15.0]
    true = one_box(box)
    assert loss_of_boxes(cells_that_say(1, 2, box), *true) == pytest.approx(0, abs=1e-3)
    assert loss_of_boxes(cells_that_say(1, 2, [17.0, 9.0, 40.0, 15.0]), *true) > 0.5
    assert loss_of_boxes(cells_that_say(5, 5, box), *true) > 10


def test_a_picture_without_objects_is_learned_from_too() -> None:
    nothing = torch.zeros(1, 2, 4), torch.full((1, 2), -1)
    silent, loud = torch.zeros(2, 1, 5, ROWS, COLUMNS)
    silent[:, 4] = -20
    assert loss_of_boxes(silent, *nothing) < 1e-3
    assert loss_of_boxes(loud, *nothing) > 10


def test_a_mirrored_picture_has_mirrored_labels_and_boxes() -> None:
    labels = torch.zeros(64, HEIGHT, WIDTH, dtype=torch.uint8)
    labels[:, 10:20, 5:25] = 3
    batch = {
        "picture": labels[..., None].repeat(1, 1, 1, 3) * 50,
        "labels": labels,
        "corners": torch.tensor([[[5.0, 10, 25, 20]]]).repeat(64, 1, 1),
        "classes": torch.ones(64, 1, dtype=torch.long),
    }
    drawn = augmented(batch, torch.Generator().manual_seed(0))
    lefts = set()
    for picture, labelled, corners in zip(
        drawn["pictures"], drawn["labels"], drawn["corners"][:, 0], strict=True
    ):
        left, top, right, bottom = corners.int().tolist()
        inside = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
        inside[top:bottom, left:right] = True
        assert torch.equal(labelled == 3, inside)
        assert torch.equal(picture[0] > 0, inside)
        lefts.add(left)
    assert lefts == {5, WIDTH - 25}
