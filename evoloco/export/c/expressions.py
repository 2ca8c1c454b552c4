"""Expressions of a controller's function, one method per kind of node in Python's syntax tree."""

import ast
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evoloco.export.c.kinds import (
    AND,
    ATOM,
    CHOICE,
    EQUAL,
    LESS,
    OR,
    PLUS,
    TIMES,
    UNARY,
    Array,
    Number,
    Record,
    Struct,
    Value,
)
from evoloco.export.c.names import FUNCTIONS, OF_MODULES, WHOLE, allowed
from evoloco.export.c.scope import Scope
from evoloco.sim.flat import flat

SYMBOLS: dict[type, tuple[str, int]] = {
    ast.Add: ("+", PLUS),
    ast.Sub: ("-", PLUS),
    ast.Mult: ("*", TIMES),
    ast.Div: ("/", TIMES),
    ast.Lt: ("<", LESS),
    ast.LtE: ("<=", LESS),
    ast.Gt: (">", LESS),
    ast.GtE: (">=", LESS),
    ast.Eq: ("==", EQUAL),
    ast.NotEq: ("!=", EQUAL),
}
"""Operators that C has, too."""

CHOOSE = {max: "largest", min: "smallest", np.maximum: "largest", np.minimum: "smallest"}
"""Functions that give one of their arguments, and the helpers that do so."""


class Expressions(Scope):
    """Translates expressions."""

    def value(self, node: ast.expr) -> Value:
        """The value of an expression.

        Raises:
            ExportError: It has no counterpart in C.
        """
        method: Callable[[Any], Value] | None = getattr(self, f"of_{type(node).__name__}", None)
        if method is None:
            raise self.refused(node, f"`{ast.unparse(node)}` is not translated")
        return method(node)

    def number(self, node: ast.expr) -> Value:
        """The value of an expression that must be one number."""
        found = self.value(node)
        if not isinstance(found.kind, Number) or found.elements is not None:
            raise self.refused(node, f"`{ast.unparse(node)}` is not one number")
        return found

    def truth(self, node: ast.expr) -> Value:
        """The value of a condition."""
        found = self.number(node)
        if found.kind is Number.BOOL:
            return found
        return Value(f"{found.at(EQUAL + 1)} != 0", Number.BOOL, EQUAL)

    def real(self, value: Value) -> Value:
        """A number as a real one."""
        if value.kind is Number.REAL:
            return value
        return Value(f"(real){value.at(UNARY)}", Number.REAL, UNARY, value.known)

    # Names, constants and fields

    def of_Constant(self, node: ast.Constant) -> Value:
        if not isinstance(node.value, bool | int | float):
            raise self.refused(node, f"{node.value!r} is not a number")
        return literal(node.value)

    def of_Name(self, node: ast.Name) -> Value:
        if node.id in self.kinds:
            return self.variable(node.id)
        found = self.outside(node.id)
        if isinstance(found, bool | int | float | np.integer | np.floating | np.ndarray):
            return self.program.constant(node.id, found, self.module)
        raise self.refused(node, f"'{node.id}' is neither a number nor an array")

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

    # Places in arrays

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

    # Operators

    def of_UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            inner = self.truth(node.operand)
            return Value(f"!{inner.at(UNARY)}", Number.BOOL, UNARY)
        inner = self.value(node.operand)
        if isinstance(node.op, ast.UAdd):
            return inner
        if not isinstance(node.op, ast.USub):
            raise self.refused(node, f"`{ast.unparse(node)}` is not translated")
        if isinstance(inner.known, int | float) and not isinstance(inner.known, bool):
            return literal(-inner.known) if inner.text.startswith("R(") else self.minus(inner)
        return self.minus(inner)

    def minus(self, inner: Value) -> Value:
        """The negative of a value."""
        inner = self.elementwise(inner)
        kind = Number.INT if inner.kind in (Number.NATURAL, Number.BOOL) else inner.kind
        known = -inner.known if isinstance(inner.known, int | float) else None
        text = f"-{inner.at(UNARY + 1)}"
        return Value(text, kind, UNARY, known, elements=inner.elements)

    def of_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.elementwise(self.value(node.left)), self.value(node.right)
        right = self.elementwise(right)
        for each, side in ((left, node.left), (right, node.right)):
            if not isinstance(each.kind, Number):
                raise self.refused(side, f"`{ast.unparse(side)}` is not a number")
        return self.arithmetic(node, left, right)

    def arithmetic(self, node: ast.BinOp, left: Value, right: Value) -> Value:
        """Two numbers, or arrays element by element, and an operator between them."""
        assert isinstance(left.kind, Number)
        assert isinstance(right.kind, Number)
        kind, elements = max(left.kind, right.kind), self.together(node, left, right)
        whole = kind is not Number.REAL
        if isinstance(node.op, ast.Pow):
            return self.power(node, left, right)
        if isinstance(node.op, ast.FloorDiv | ast.Mod):
            divides = isinstance(node.op, ast.FloorDiv)
            if not whole and divides:
                quotient = f"{left.at(TIMES)} / {right.at(TIMES + 1)}"
                return Value(f"M(floor)({quotient})", Number.REAL, ATOM, elements=elements)
            helper = ("floor_divide" if divides else "modulo") if whole else "real_modulo"
            kind = Number.REAL if not whole else max(right.kind, Number.NATURAL)
            if whole and divides:
                kind = max(left.kind, right.kind, Number.NATURAL)
            return self.helped(helper, (left, right), kind, elements)

        if type(node.op) not in SYMBOLS:
            raise self.refused(node, f"`{ast.unparse(node)}` is not translated")
        symbol, level = SYMBOLS[type(node.op)]
        if isinstance(node.op, ast.Div):
            kind = Number.REAL
            left = self.real(left) if whole else left
        elif whole:
            kind = max(kind, Number.INT if isinstance(node.op, ast.Sub) else Number.NATURAL)
        known = computed(node.op, left.known, right.known) if whole else None
        text = f"{left.at(level)} {symbol} {right.at(level + 1)}"
        return Value(text, kind, level, known, elements=elements)

    def power(self, node: ast.BinOp, left: Value, right: Value) -> Value:
        """A power: by products where the exponent is 2 or 3, as Numba does it."""
        helper = {2: "square", 3: "cube"}.get(right.known) if type(right.known) is int else None
        elements = self.together(node, left, right)
        if helper:
            return self.helped(helper, (self.real(left),), Number.REAL, elements)
        if right.kind is not Number.REAL:
            raise self.refused(node, "only the powers 2 and 3 and real exponents are translated")
        text = f"M(pow)({self.real(left).text}, {right.text})"
        return Value(text, Number.REAL, ATOM, elements=elements)

    def helped(
        self,
        helper: str,
        values: Sequence[Value],
        kind: Number,
        elements: tuple[int, ...] | None = None,
    ) -> Value:
        """A call of a small function that the source brings."""
        text = f"{helper}({', '.join(value.text for value in values)})"
        return Value(text, kind, ATOM, elements=elements)

    def together(self, node: ast.expr, *values: Value) -> tuple[int, ...] | None:
        """The shape of arrays that meet element by element; None for numbers."""
        shapes = {value.elements for value in values if value.elements is not None}
        if len(shapes) > 1:
            raise self.refused(node, "arrays of different shapes meet")
        return shapes.pop() if shapes else None

    def elementwise(self, value: Value) -> Value:
        """An array of known shape as its elements; anything else as it is."""
        if not isinstance(value.kind, Array) or None in value.kind.shape:
            return value
        places = "".join(f"[@{axis}]" for axis in range(len(value.kind.shape)))
        shape = tuple(int(length) for length in value.sizes)
        return Value(f"{value.at(ATOM)}{places}", Number.REAL, ATOM, elements=shape)

    def of_Compare(self, node: ast.Compare) -> Value:
        static = self.static(node)
        if static is not None:
            return Value("true" if static else "false", Number.BOOL, known=static)
        middle = node.comparators[:-1]
        if any(isinstance(inner, ast.Call) for part in middle for inner in ast.walk(part)):
            raise self.refused(node, "a call inside a chain of comparisons: give it a name first")

        parts, left = [], self.number(node.left)
        for operator, comparator in zip(node.ops, node.comparators, strict=True):
            right = self.number(comparator)
            if type(operator) not in SYMBOLS:
                raise self.refused(node, f"`{ast.unparse(node)}` is not translated")
            symbol, level = SYMBOLS[type(operator)]
            parts.append(f"{left.at(LESS + 1)} {symbol} {right.at(LESS + 1)}")
            left = right
        if len(parts) == 1:
            return Value(parts[0], Number.BOOL, level)
        return Value(" && ".join(parts), Number.BOOL, AND)

    def of_BoolOp(self, node: ast.BoolOp) -> Value:
        values = [self.number(each) for each in node.values]
        if any(value.kind is not Number.BOOL for value in values):
            raise self.refused(node, f"`{ast.unparse(node)}` joins what is not true or false")
        conjunction = isinstance(node.op, ast.And)
        symbol, level, inner = (" && ", AND, AND) if conjunction else (" || ", OR, ATOM)
        parts = [value.at(inner if value.level in (AND, OR) else EQUAL) for value in values]
        return Value(symbol.join(parts), Number.BOOL, level)

    def of_IfExp(self, node: ast.IfExp) -> Value:
        static = self.static(node.test)
        if static is not None:
            return self.value(node.body if static else node.orelse)
        test, a, b = self.truth(node.test), self.value(node.body), self.value(node.orelse)
        if not isinstance(a.kind, Number) or not isinstance(b.kind, Number):
            raise self.refused(node, "a choice between arrays: write it as an if statement")
        text = f"{test.at(OR)} ? {a.at(CHOICE + 1)} : {b.at(CHOICE)}"
        return Value(text, max(a.kind, b.kind), CHOICE, elements=self.together(node, a, b))

    def static(self, node: ast.expr) -> bool | None:
        """Whether an observation has a field, for `"name" in obs.dtype.names`; None elsewhere."""
        if not (isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant)):
            return None
        names, operator = node.comparators[0], node.ops[0]
        if not isinstance(operator, ast.In | ast.NotIn) or not isinstance(names, ast.Attribute):
            return None
        if ast.unparse(names).endswith(".dtype.names") and isinstance(names.value, ast.Attribute):
            owner = self.value(names.value.value)
            if isinstance(owner.kind, Record):
                there = owner.kind.struct.field(str(node.left.value)) is not None
                return there == isinstance(operator, ast.In)
        return None

    # Calls

    def of_Call(self, node: ast.Call) -> Value:
        if node.keywords:
            raise self.refused(node, "arguments by name are not translated: give them by place")
        found = self.called(node.func)
        if found is flat:
            return self.flattened(node)
        if found in (int, float, bool, abs, round, len):
            return self.converted(node, found)
        if found in CHOOSE:
            return self.chosen(node, CHOOSE[found])
        if isinstance(node.func, ast.Attribute) and found is None:
            return self.reduced(node, node.func)
        python = getattr(found, "py_func", found)
        if inspect.isfunction(python) and not python.__module__.startswith(("numpy", "numba")):
            return self.call(node, python)
        return self.of_library(node, found)

    def called(self, node: ast.expr) -> Any:
        """The function that a call names; None where it is a method of an array."""
        if isinstance(node, ast.Name):
            return self.outside(node.id)
        return self.constant_of(node) if isinstance(node, ast.Attribute) else None

    def flattened(self, node: ast.Call) -> Value:
        """The numbers of a record as one array."""
        record = self.value(node.args[0])
        if not isinstance(record.kind, Record):
            raise self.refused(node, "only a record can be flattened")
        size, const = record.kind.struct.size, record.kind.const
        text = f"({'const ' if const else ''}real *){record.at(UNARY)}"
        return Value(text, Array((size,), (), const), UNARY, None, (size,))

    def converted(self, node: ast.Call, function: Any) -> Value:
        """A call of int, float, bool, abs, round or len."""
        argument = node.args[0]
        if function is len:
            constant = self.constant_tuple(argument)
            array = None if constant is not None else self.value(argument)
            return literal(len(constant or ())) if array is None else self.length(array, 0)

        value = self.number(argument)
        known = value.known if isinstance(value.known, int | float) else None
        if function is float:
            return self.real(value)
        if function is bool:
            return self.truth(argument)
        if function is abs and value.kind is Number.REAL:
            return Value(f"M(fabs)({value.text})", Number.REAL)
        if function is abs:
            return self.helped("absolute_int", (value,), Number.NATURAL)
        if value.kind is not Number.REAL:
            return value

        least = value.known.value if isinstance(value.known, Least) else known
        kind = Number.NATURAL if least is not None and least >= 0 else Number.INT
        text = f"M(rint)({value.text})" if function is round else value.at(UNARY)
        return Value(f"(int){text}", kind, UNARY, None if known is None else int(known))

    def chosen(self, node: ast.Call, helper: str) -> Value:
        """The largest or the smallest of several numbers."""
        values = [self.elementwise(self.value(each)) for each in node.args]
        if len(values) < 2 or not all(isinstance(value.kind, Number) for value in values):
            raise self.refused(node, f"`{ast.unparse(node)}` needs two numbers at least")
        kind = Number(max(value.kind for value in values if isinstance(value.kind, Number)))
        elements, found = self.together(node, *values), values[0]
        if kind is not Number.REAL:
            helper += "_int"
            if helper == "largest_int" and Number.NATURAL in [value.kind for value in values]:
                kind = Number.NATURAL
        for value in values[1:]:
            found = self.helped(helper, (found, value), kind, elements)
        return found

    def reduced(self, node: ast.Call, function: ast.Attribute) -> Value:
        """The largest or the smallest of parameters, which are known at export."""
        array = self.value(function.value)
        if array.known is None or function.attr not in ("max", "min") or node.args:
            raise self.refused(node, f"`{ast.unparse(node)}` is not translated")
        return literal(float(getattr(np.asarray(array.known), function.attr)()))

    def of_library(self, node: ast.Call, found: Any) -> Value:
        """A function of `math` or NumPy."""
        module, name = None, ""
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            module, name = self.outside(node.func.value.id), node.func.attr
        if module not in (math, np) or name not in OF_MODULES[module]:
            raise self.refused(node, f"`{ast.unparse(node.func)}()` is not translated")
        values = [self.elementwise(self.value(each)) for each in node.args]
        if not all(isinstance(value.kind, Number) for value in values):
            raise self.refused(node, f"`{ast.unparse(node)}` takes numbers here")
        elements, real = self.together(node, *values), [self.real(value) for value in values]

        if name in FUNCTIONS:
            text = f"M({FUNCTIONS[name]})({', '.join(value.text for value in real)})"
            if module is math and name in WHOLE:
                return Value(f"(int){text}", Number.INT, UNARY)
            return Value(text, Number.REAL, ATOM, elements=elements)
        if found in (math.isfinite, math.isnan, math.isinf, np.isfinite, np.isnan, np.isinf):
            return Value(f"{name}({real[0].text})", Number.BOOL)
        if found in (math.radians, np.radians, np.deg2rad, math.degrees, np.degrees, np.rad2deg):
            factor = math.pi / 180 if name in ("radians", "deg2rad") else 180 / math.pi
            text = f"{real[0].at(TIMES)} * {literal(factor).text}"
            return Value(text, Number.REAL, TIMES, elements=elements)
        if found is np.sign:
            return self.helped("sign", real, Number.REAL, elements)
        if found is np.clip:
            inner = self.helped("largest", (real[0], real[1]), Number.REAL, elements)
            return self.helped("smallest", (inner, real[2]), Number.REAL, elements)
        raise self.refused(node, f"`{ast.unparse(node.func)}()` is not translated")

    def call(self, node: ast.Call, python: Callable[..., Any]) -> Value:
        """A call of another function of the controller."""
        raise NotImplementedError


class Least:
    """The smallest value that an element of known parameters may have."""

    def __init__(self, value: float) -> None:
        self.value = value


def least_of(array: Value) -> Least | None:
    """The smallest value of an array that is known at export."""
    if array.known is None or not np.size(array.known):
        return None
    return Least(float(np.min(array.known)))


def literal(number: Any) -> Value:
    """A number as C writes it."""
    if isinstance(number, bool | np.bool_):
        return Value("true" if number else "false", Number.BOOL, known=bool(number))
    if isinstance(number, int | np.integer):
        kind = Number.INT if number < 0 else Number.NATURAL
        return Value(str(int(number)), kind, UNARY if number < 0 else ATOM, int(number))
    text = real_literal(float(number))
    return Value(text, Number.REAL, UNARY if text.startswith("-") else ATOM, float(number))


FLOATS = np.finfo(np.float32)


def real_literal(number: float) -> str:
    """A real number as C writes it, to the last bit."""
    if math.isnan(number):
        return "NAN"
    if math.isinf(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    sign = "-" if math.copysign(1.0, number) < 0 else ""
    size = abs(number)
    if size and not float(FLOATS.tiny) <= size <= float(FLOATS.max):
        return f"{sign}(real){size!r}"
    return f"{sign}R({size!r})"


def computed(operator: ast.operator, left: Any, right: Any) -> int | None:
    """The result of known integers."""
    if not isinstance(left, int) or not isinstance(right, int):
        return None
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    return left * right if isinstance(operator, ast.Mult) else None
