import numpy as np
import pytest

from evoloco.perception.scene.pixel_labels import confusion, intersection_over_union, most_frequent


def test_confusion_counts_pixels_by_true_and_found_label() -> None:
    true, found = np.array([[0, 0, 1, 2]], np.uint8), np.array([[0, 1, 1, 0]], np.uint8)
    assert confusion(true, found, 3).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_intersection_over_union_is_that_of_the_sets_of_pixels() -> None:
    rng = np.random.default_rng(0)
    true, found = rng.integers(0, 4, (2, 3, 8, 9), dtype=np.uint8)
    shares = intersection_over_union(confusion(true, found, 5))
    for label in range(4):
        sets = [set(np.flatnonzero(labels == label)) for labels in (true, found)]
        assert shares[label] == pytest.approx(len(sets[0] & sets[1]) / len(sets[0] | sets[1]))
    assert np.isnan(shares[4])


def test_each_pixel_has_its_own_most_frequent_label() -> None:
    labels = np.array([[[0, 2]], [[1, 2]], [[1, 0]]], np.uint8)
    assert most_frequent(labels, 3).tolist() == [[1, 2]]
