"""Fields of records, and elements and parts of arrays."""

import ast
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from evoloco.export.c.expressions import Expressions
from evoloco.export.c.kinds import ATOM, PLUS, UNARY, Array, Number, Record, Struct, Value
from evoloco.export.c.literals import least_of, literal
from evoloco.export.c.names import allowed


class Places(Expressions):
    """Translates fields, indices and slices."""

    def of_Attribute(self, node: ast.Attribute) -> Value:
        outside = self.constant_of(node)
        if isinstance(outside, bool | int | float | np.integer | np.floating):
            return literal(outside)

        owner = self.value(node.value)
        if isinstance(owner.kind, Array) and node.attr == "size":
            return self.size(node, owner)
        if isinstance(owner.kind, Record):
            return self.field(node, owner)
        raise self.refused(node, f"`.{node.attr}` is not translated")

    def field(self, node: ast.Attribute, owner: Value) -> Value:
        """A field of a record."""
        assert isinstance(owner.kind, Record)
        kind, const = owner.kind.struct.field(node.attr), owner.kind.const
        if kind is None:
            raise self.refused(node, f"there is no field '{node.attr}'")

        inner = owner.text[1:] + "." if owner.text.startswith("&") else owner.text + "->"
        text = inner + allowed(node.attr)
        known = getattr(owner.known, node.attr, None) if owner.known is not None else None
        if isinstance(kind, Struct):
            path = f"{owner.kind.path}.{node.attr}" if owner.kind.path else ""
            return Value(f"&{text}", Record(kind, const, path), UNARY, known)
        if not kind:
            return Value(text, Number.REAL, ATOM, None if known is None else float(known))
        return Value(text, Array(kind, kind[1:], const), ATOM, known, kind)

    def constant_of(self, node: ast.Attribute) -> Any:
        """What a name with a dot stands for outside of the function, such as `math.pi`."""
        if not isinstance(node.value, ast.Name) or node.value.id in self.kinds:
            return None
        return getattr(self.outside(node.value.id), node.attr, None)

    def size(self, node: ast.expr, array: Value) -> Value:
        """The number of elements of an array."""
        if len(array.sizes) > 1 and not all(isinstance(length, int) for length in array.sizes):
            raise self.refused(node, "the size of this array is not known at export")
        if all(isinstance(length, int) for length in array.sizes):
            return literal(math.prod(int(length) for length in array.sizes))
        return Value(str(array.sizes[0]), Number.NATURAL, PLUS)

    def of_Subscript(self, node: ast.Subscript) -> Value:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            array, axis = self.value(node.value.value), self.number(node.slice).known
            return self.length(array, axis)

        constant = self.constant_tuple(node.value)
        if constant is not None:
            return literal(constant[self.known_whole(node.slice)])
        array = self.value(node.value)
        if not isinstance(array.kind, Array) or array.elements is not None:
            raise self.refused(node, f"`{ast.unparse(node.value)}` has no elements")

        places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if len(places) > len(array.kind.shape):
            raise self.refused(node, f"`{ast.unparse(node.value)}` has fewer axes")
        if any(isinstance(place, ast.Slice) for place in places):
            return self.part(node, array, places)
        return self.element(array, [self.place(place, array, k) for k, place in enumerate(places)])

    def place(self, node: ast.expr, array: Value, axis: int) -> Value:
        """An index, from 0; Python counts those below 0 from the end."""
        found, size = self.number(node), self.length(array, axis)
        if found.kind is Number.REAL:
            raise self.refused(node, f"the index `{ast.unparse(node)}` is not an integer")
        if found.kind is not Number.INT:
            return found
        if isinstance(found.known, int) and isinstance(size.known, int):
            return literal(found.known + size.known if found.known < 0 else found.known)
        return Value(f"index_of({found.text}, {size.text})", Number.NATURAL)

    def element(self, array: Value, places: Sequence[Value]) -> Value:
        """An element of an array, or an array of fewer axes."""
        assert isinstance(array.kind, Array)
        text = array.at(ATOM) + "".join(f"[{place.text}]" for place in places)
        known = None
        if array.known is not None:
            fixed = all(place.known is not None for place in places)
            known = array.known[tuple(place.known for place in places)] if fixed else None
        rest = len(places)
        if rest == len(array.kind.shape):
            return Value(text, Number.REAL, ATOM, known if known is not None else least_of(array))
        kind = Array(array.kind.shape[rest:], array.kind.row[rest:], array.kind.const)
        return Value(text, kind, ATOM, known, array.sizes[rest:])

    def part(self, node: ast.Subscript, array: Value, places: Sequence[ast.expr]) -> Value:
        """A part of an array, such as `a[2:]` or `a[i, :n]`."""
        assert isinstance(array.kind, Array)
        text, address = array.at(ATOM), ""
        shape: list[int | None] = []
        sizes: list[int | str] = []
        for axis, place in enumerate(places):
            if not isinstance(place, ast.Slice):
                if shape:
                    raise self.refused(node, "an index after a slice is not translated")
                text += f"[{self.place(place, array, axis).text}]"
                continue
            if place.step is not None:
                raise self.refused(node, "a slice with a step is not translated")
            length = self.length(array, axis)
            low = self.place(place.lower, array, axis) if place.lower else literal(0)
            high = self.place(place.upper, array, axis) if place.upper else length
            if low.known != 0:
                if shape:
                    raise self.refused(node, "only the first slice may begin beyond 0")
                address = f"[{low.text}]"
            size = self.between(low, high)
            shape.append(size if isinstance(size, int) else None)
            sizes.append(size)

        done = len(places)
        text = f"&{text}{address}" if address else text
        kind = Array(
            (*shape, *array.kind.shape[done:]),
            array.kind.row[len(array.kind.shape) - len(shape) - len(array.kind.shape[done:]) :],
            array.kind.const,
        )
        level = UNARY if address else ATOM
        return Value(text, kind, level, None, (*sizes, *array.sizes[done:]))

    def between(self, low: Value, high: Value) -> int | str:
        """The length of a slice."""
        if isinstance(low.known, int) and isinstance(high.known, int):
            return max(0, high.known - low.known)
        return high.text if low.known == 0 else f"{high.at(PLUS)} - {low.at(PLUS + 1)}"

    def length(self, array: Value, axis: int) -> Value:
        """The length of an axis."""
        found = array.sizes[axis]
        return literal(found) if isinstance(found, int) else Value(found, Number.NATURAL, PLUS)

    def known_whole(self, node: ast.expr) -> int:
        """An integer that is known at export.

        Raises:
            ExportError: It is not.
        """
        found = self.number(node)
        if not isinstance(found.known, int) or isinstance(found.known, bool):
            raise self.refused(node, f"`{ast.unparse(node)}` is not known at export")
        return found.known

    def constant_tuple(self, node: ast.expr) -> tuple[Any, ...] | None:
        """A tuple of numbers that stands outside of the function; None for anything else."""
        if not isinstance(node, ast.Name) or node.id in self.kinds:
            return None
        found = self.outside(node.id)
        return tuple(found) if isinstance(found, tuple | list | str) else None
