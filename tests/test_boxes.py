import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoloco.perception.scene.boxes import (
    Boxes,
    average_precision,
    hits,
    mean_average_precision,
    overlap,
    strongest,
)


def boxes(*rows: tuple[float, ...]) -> Boxes:
    """Boxes from rows of left, top, right, bottom, class, score."""
    table = np.array(rows, float).reshape(-1, 6)
    return Boxes(table[:, :4], table[:, 4].astype(np.int64), table[:, 5])


CORNERS = st.tuples(*[st.integers(0, 20)] * 2, *[st.integers(1, 20)] * 2).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


def test_boxes_that_share_a_quarter_of_each_overlap_by_a_seventh() -> None:
    shifted = overlap(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 1, 3, 3], [2, 0, 4, 2]]))
    assert shifted == pytest.approx(np.array([[1 / 7, 0]]))


@given(CORNERS, CORNERS)
def test_overlap_counts_common_pixels(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    drawn = np.zeros((2, 41, 41), bool)
    for picture, (left, top, right, bottom) in zip(drawn, (first, second), strict=True):
        picture[top:bottom, left:right] = True
    expected = (drawn[0] & drawn[1]).sum() / (drawn[0] | drawn[1]).sum()
    assert overlap(np.array([first]), np.array([second]))[0, 0] == pytest.approx(expected)


def test_of_boxes_that_overlap_too_much_the_strongest_stays() -> None:
    found = boxes((0, 0, 10, 10, 1, 0.6), (1, 0, 11, 10, 2, 0.9), (20, 0, 30, 10, 0, 0.3))
    assert strongest(found, 0.5).scores.tolist() == [0.9, 0.3]
    assert strongest(found, 0.9).scores.tolist() == [0.9, 0.6, 0.3]


def test_a_box_that_a_dropped_one_overlaps_stays() -> None:
    chain = boxes((0, 0, 10, 10, 0, 0.9), (4, 0, 14, 10, 0, 0.8), (8, 0, 18, 10, 0, 0.7))
    assert strongest(chain, 0.4).scores.tolist() == [0.9, 0.7]


def test_a_true_box_is_found_once_and_by_the_strongest() -> None:
    true = boxes((0, 0, 10, 10, 0, 1))
    found = boxes((0, 0, 10, 9, 0, 0.4), (0, 0, 10, 6, 0, 0.8), (0, 0, 10, 4, 0, 0.9))
    assert hits(found, true, 0.5).tolist() == [False, True, False]
    assert hits(found, boxes(), 0.5).tolist() == [False, False, False]


def test_average_precision_is_the_area_under_the_interpolated_curve() -> None:
    # Recalls 1/3, 2/3, 3/3 at precisions 1, 2/4 and 3/5: the second rises to the third's.
    right = np.array([True, False, False, True, True])
    assert average_precision(right, np.arange(5.0)[::-1], 3) == pytest.approx(
        (1 + 3 / 5 + 3 / 5) / 3
    )


def test_average_precision_loses_the_recall_that_no_box_reaches() -> None:
    assert average_precision(np.array([True]), np.ones(1), 4) == 1 / 4
    assert average_precision(np.zeros(0, bool), np.zeros(0), 4) == 0


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 100)), max_size=20, unique_by=lambda x: x[1])
)
def test_average_precision_keeps_under_an_increasing_transform_of_the_scores(
    found: list[tuple[bool, int]],
) -> None:
    right, scores = np.array([x[0] for x in found], bool), np.array([x[1] for x in found], float)
    count = max(int(right.sum()), 1)
    assert average_precision(right, scores, count) == average_precision(right, scores**3 - 7, count)


def test_the_mean_over_classes_leaves_out_a_class_that_never_occurs() -> None:
    true = [boxes((0, 0, 10, 10, 0, 1), (20, 0, 30, 10, 1, 1)), boxes((0, 0, 10, 10, 1, 1))]
    found = [boxes((0, 0, 10, 10, 0, 0.5), (20, 0, 30, 10, 2, 0.9)), boxes((0, 0, 10, 10, 1, 0.2))]
    assert mean_average_precision(found, true, 3) == pytest.approx((1 + 1 / 2) / 2)
