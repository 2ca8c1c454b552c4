"""Pointers, calls and a memory fence for compiled code; built from LLVM where Numba has none."""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import carray, types
from numba.extending import intrinsic

jit: Callable[..., Any] = numba.njit(error_model="numpy", nogil=True)
"""Compiles a function that other compiled code calls."""


def _pointer_to(kind: Any, element: Callable[[], ir.Type]) -> Any:
    """An intrinsic that turns an address into a pointer of a Numba type."""

    @intrinsic
    def pointer(typing_context, address):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            return builder.inttoptr(args[0], element().as_pointer())

        return kind(address), codegen

    return pointer


doubles = _pointer_to(types.CPointer(types.float64), ir.DoubleType)
words = _pointer_to(types.CPointer(types.int64), lambda: ir.IntType(64))
ints = _pointer_to(types.CPointer(types.int32), lambda: ir.IntType(32))
floats = _pointer_to(types.CPointer(types.float32), ir.FloatType)
bytes_at = _pointer_to(types.CPointer(types.uint8), lambda: ir.IntType(8))
pointer = _pointer_to(types.voidptr, lambda: ir.IntType(8))


@intrinsic
def address_of(typing_context, pointer):  # type: ignore[no-untyped-def]
    """The address that a pointer holds."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.ptrtoint(args[0], ir.IntType(64))

    return types.int64(pointer), codegen


def record_at(kind: Any) -> Any:
    """An intrinsic that turns an address into a pointer to a record of a layout."""
    target = types.CPointer(numba.from_dtype(kind))

    @intrinsic
    def record(typing_context, address):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            return builder.inttoptr(args[0], context.get_value_type(target))

        return target(address), codegen

    return record


@intrinsic
def numbers_of(typing_context, record):  # type: ignore[no-untyped-def]
    """A pointer to the first number of a record of numbers."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        return builder.bitcast(args[0], ir.DoubleType().as_pointer())

    return types.CPointer(types.float64)(record), codegen


@intrinsic
def fence(typing_context):  # type: ignore[no-untyped-def]
    """Whoever sees what is written after the fence also sees what was written before it."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        builder.fence("release")
        return context.get_dummy_value()

    return types.none(), codegen


def caller(argument_types: str) -> Any:
    """An intrinsic that calls the C function at an address with a tuple of arguments.

    The function returns an int64.

    Args:
        argument_types: One letter per argument: "d" for a double, "i" for an int64 or an address.
    """

    @intrinsic
    def call(typing_context, address, arguments):  # type: ignore[no-untyped-def]
        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            kinds = [ir.DoubleType() if kind == "d" else ir.IntType(64) for kind in argument_types]
            function = builder.inttoptr(
                args[0], ir.FunctionType(ir.IntType(64), kinds).as_pointer()
            )
            given = [builder.extract_value(args[1], i) for i in range(len(kinds))]
            return builder.call(function, given)

        return types.int64(address, arguments), codegen

    return call


@jit
def row(address, index, width):  # type: ignore[no-untyped-def]
    """Row `index` of an array of doubles with rows of `width`, at an address."""
    return carray(doubles(address + 8 * width * index), (width,))


@jit
def word_row(address, index, width):  # type: ignore[no-untyped-def]
    """Row `index` of an array of int64 with rows of `width`, at an address."""
    return carray(words(address + 8 * width * index), (width,))


@jit
def array_at(address, size):  # type: ignore[no-untyped-def]
    """The doubles at the address that is stored at an address, as mjData stores its arrays."""
    return carray(doubles(words(address)[0]), (size,))


@jit
def copy(target, column, source, count):  # type: ignore[no-untyped-def]
    """Copies `count` numbers to a column of a row; the column after them."""
    for i in range(count):
        target[column + i] = source[i]
    return column + count
