"""The numbers of a record as one flat array, in Python and in compiled code."""

import numpy as np
from numba import carray, types
from numba.extending import overload

from evoloco.fields import Array, Record
from evoloco.sim.native import numbers_of

ITEM = 8
"""Bytes of a number."""


def flat(record: Record) -> Array:
    """The numbers of a record, one after another (n,); writing to one changes the other."""
    return np.frombuffer(record, np.float64)


@overload(flat)
def _compiled(record):  # type: ignore[no-untyped-def]
    if not isinstance(record, types.Record):
        return None
    count = record.size // ITEM

    def numbers(record):  # type: ignore[no-untyped-def]
        return carray(numbers_of(record), (count,))

    return numbers
