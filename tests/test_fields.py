"""Named fields over flat rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoloco import fields
from evoloco.errors import EvolocoError

SHAPES = {"phase": (), "weights": (3, 4), "posture": {"home": (2,), "gain": (2, 5)}, "last": ()}

names = st.text("abcdefgh", min_size=1, max_size=5)
shapes = st.lists(st.integers(1, 3), max_size=3).map(tuple)
tables = st.recursive(
    st.dictionaries(names, shapes, min_size=1, max_size=4),
    lambda inner: st.dictionaries(names, st.one_of(shapes, inner), min_size=1, max_size=4),
    max_leaves=6,
)


def filled(table, counter):
    """Values that count up in the order of the fields."""
    return {
        name: filled(shape, counter)
        if isinstance(shape, dict)
        else np.array([next(counter) for _ in range(int(np.prod(shape)))]).reshape(shape)
        for name, shape in table.items()
    }


@given(tables)
def test_a_flat_row_holds_the_fields_in_their_order(table):
    values = filled(table, iter(range(10_000)))
    flat = fields.flatten(values)
    kind = fields.layout_of(values)
    assert kind == fields.layout(table)
    np.testing.assert_array_equal(flat, np.arange(flat.size))
    assert fields.size(kind) == flat.size
    row = fields.record(flat, kind)
    for name in table:
        np.testing.assert_array_equal(
            flat[fields.place(kind, name)],
            fields.flatten({name: values[name]}),
        )
        if not isinstance(table[name], dict):
            np.testing.assert_array_equal(row[name], values[name])


def test_writing_to_a_record_changes_the_flat_row():
    kind = fields.layout(SHAPES)
    flat = np.zeros(fields.size(kind))
    row = fields.record(flat, kind)
    row.phase += 2.0
    row.weights[1, 2] = 3.0
    row.posture.home[:] = 4.0
    expected = np.zeros(26)
    expected[[0, 7]] = 2.0, 3.0
    expected[13:15] = 4.0
    np.testing.assert_array_equal(flat, expected)


def test_many_rows_give_arrays_over_time():
    kind = fields.layout(SHAPES)
    rows = np.random.default_rng(0).random((6, fields.size(kind)))
    many = fields.records(rows, kind)
    np.testing.assert_array_equal(many.phase, rows[:, 0])
    assert many.weights.shape == (6, 3, 4)


def test_no_fields_are_a_layout_too():
    kind = fields.layout({})
    assert fields.size(kind) == 0
    assert fields.records(np.zeros((4, 0)), kind).shape == (4,)


def test_rows_of_another_length_and_unknown_fields_are_refused():
    kind = fields.layout(SHAPES)
    with pytest.raises(EvolocoError, match=r"26 numbers"):
        fields.record(np.zeros(3), kind)
    with pytest.raises(EvolocoError, match=r"'phases'.*phase, weights, posture, last"):
        fields.place(kind, "phases")


@pytest.mark.parametrize("name", ["sum", "size", "T", "two words", "hip.angle", ""])
def test_names_that_cannot_be_read_as_attributes_are_refused(name):
    with pytest.raises(EvolocoError, match=r"cannot be called"):
        fields.layout({name: ()})
