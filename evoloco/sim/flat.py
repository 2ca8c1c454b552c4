"""The numbers of a record as one flat array, in Python and in compiled code."""

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic, overload

from evoloco.fields import Array, Record

ITEM = 8
"""Bytes of a number."""


def flat(record: Record) -> Array:
    """The numbers of a record, one after another (n,); writing to one changes the other."""
    return np.frombuffer(record, np.float64)


@intrinsic
def _numbers(typing_context, record):  # type: ignore[no-untyped-def]
    """A pointer to the first number of a record."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], ir.DoubleType().as_pointer())

    return types.CPointer(types.float64)(record), codegen


@overload(flat)
def _compiled(record):  # type: ignore[no-untyped-def]
    if not isinstance(record, types.Record):
        return None
    count = record.size // ITEM

    def numbers(record):  # type: ignore[no-untyped-def]
        return carray(_numbers(record), (count,))

    return numbers
