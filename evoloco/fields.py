"""Named fields over one flat row of float64: what `params`, `state` and `obs` are made of.

A layout is a NumPy structured dtype. A field is a number, an array, or fields again:

    layout({"phase": (), "weights": (3, 4), "posture": {"home": (10,)}})

NumPy and Numba read a row of such a layout by attribute, such as `row.weights[i, j]` and
`row.posture.home[j]`. Its memory is the same as that of a flat array.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError

Array = NDArray[np.float64]

Layout = np.dtype[np.void]
"""Names, shapes and order of the fields of a row."""

Shapes = Mapping[str, Any]
"""Field name -> shape, such as (3, 4), or () for a number; or further fields."""

Fields = Mapping[str, Any]
"""Field name -> number or array, or further fields."""

Record = Any
"""A row, whose fields are read and written as attributes."""


def layout(shapes: Shapes) -> Layout:
    """The layout of fields with these shapes.

    Its first field has a digest of the whole layout as NumPy title. Numba takes a record with more
    fields for one with fewer where the others are equal; the title keeps all layouts apart, so that
    code compiled for one never runs on another.

    Raises:
        EvolocoError: A name cannot be read as an attribute.
    """
    kinds = [_field(name, shape) for name, shape in shapes.items()]
    if kinds:
        first, *kind = kinds[0]
        digest = hashlib.sha256(str(kinds).encode()).hexdigest()
        kinds[0] = ((f"layout {digest[:16]}", first), *kind)
    return np.dtype(kinds)


def layout_of(values: Fields) -> Layout:
    """The layout of fields with these values."""
    return layout(shapes_of(values))


def shapes_of(values: Fields) -> dict[str, Any]:
    """Shapes of fields with these values."""
    return {
        name: shapes_of(value) if isinstance(value, Mapping) else np.shape(value)
        for name, value in values.items()
    }


def flatten(values: Fields) -> Array:
    """The values of all fields, one after another (n,)."""
    parts = [
        flatten(value) if isinstance(value, Mapping) else np.ravel(value)
        for value in values.values()
    ]
    return np.concatenate([np.zeros(0), *parts])


def size(kind: Layout) -> int:
    """Numbers in a row."""
    return kind.itemsize // np.dtype(np.float64).itemsize


def zeros(kind: Layout) -> Record:
    """A row of zeros."""
    return record(np.zeros(size(kind)), kind)


def record(row: Array, kind: Layout) -> Record:
    """A flat row (n,) seen as a record; writing to one changes the other.

    Raises:
        EvolocoError: The row has another length.
    """
    if row.shape != (size(kind),):
        raise EvolocoError(
            f"A row of shape {row.shape} came; the layout {names(kind)} has {size(kind)} numbers."
        )
    return records(row[None], kind)[0]


def records(rows: Array, kind: Layout) -> Record:
    """Flat rows (T, n) seen as records (T,): `records(...).phase` has the shape (T,)."""
    if kind.itemsize == 0:
        return np.zeros(len(rows), kind).view(np.recarray)
    contiguous = np.ascontiguousarray(rows, dtype=np.float64)
    return contiguous.view(kind)[:, 0].view(np.recarray)


def place(kind: Layout, name: str) -> slice:
    """Where the numbers of a field stand in a flat row.

    Raises:
        EvolocoError: There is no such field.
    """
    if kind.fields is None or name not in kind.fields:
        raise EvolocoError(f"No field '{name}'. Known: {', '.join(names(kind))}.")
    inner, start = kind.fields[name][:2]
    item = np.dtype(np.float64).itemsize
    return slice(start // item, (start + inner.itemsize) // item)


def names(kind: Layout) -> tuple[str, ...]:
    """Names of the fields."""
    return tuple(kind.names or ())


def _field(name: str, shape: Any) -> tuple[Any, ...]:
    """A field as NumPy describes it: name, kind, and shape where it is no number."""
    if not name.isidentifier() or hasattr(np.recarray, name) or hasattr(np.record, name):
        raise EvolocoError(
            f"A field cannot be called '{name}': it must be a Python name that NumPy's records do "
            "not use themselves, unlike 'sum' or 'size'."
        )
    if isinstance(shape, Mapping):
        return (name, layout(shape))
    return (name, np.float64, tuple(shape)) if len(tuple(shape)) else (name, np.float64)
