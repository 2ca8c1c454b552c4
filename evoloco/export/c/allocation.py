"""New arrays of a controller's function, which become local variables of constant size."""

import ast
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from evoloco.export.c.calls import Calls
from evoloco.export.c.kinds import Array, Fill, Number, Record, Struct, Value
from evoloco.export.c.names import allowed
from evoloco.export.c.scope import definition

FILLS: dict[Any, Fill] = {
    np.empty: "",
    np.zeros: "0",
    np.ones: "1",
    np.eye: "eye",
    np.empty_like: "",
    np.zeros_like: "0",
    np.ones_like: "1",
}
"""Functions that make arrays, and what these hold."""


class Allocations(Calls):
    """Translates what makes arrays.

    Attributes:
        buffers: New arrays and records of this function: their declarations, by name.
    """

    buffers: dict[str, str]

    def put(self, line: str) -> None:
        """Adds a line."""
        raise NotImplementedError

    def fill(self, array: Value, value: Value) -> None:
        """Writes loops that assign a value, element by element."""
        raise NotImplementedError

    def allocated(self, target: ast.Name, node: ast.expr) -> Value | None:
        """Makes a new array for a name, if an expression is one; else returns its value."""
        if not isinstance(node, ast.Call):
            return self.computed(target, node)

        made = self.called(node.func)
        if made in FILLS:
            self.filled(target, node, FILLS[made], made)
        elif made in (np.array, np.asarray):
            self.listed(target, node)
        elif made is np.full:
            value = self.number(node.args[1])
            self.fill(self.buffer(target, node, self.shape(node.args[0])), value)
        elif made is None and isinstance(node.func, ast.Attribute) and node.func.attr == "copy":
            self.copied(target, node, self.value(node.func.value))
        else:
            python = getattr(made, "py_func", made)
            if inspect.isfunction(python) and not python.__module__.startswith("numpy"):
                return self.made_by(target, node, python)
            return self.computed(target, node)
        return None

    def computed(self, target: ast.Name, node: ast.expr) -> Value | None:
        """Makes a new array of what is computed element by element; else returns the value."""
        found = self.value(node)
        if found.elements is None:
            return found
        self.fill(self.buffer(target, node, found.elements), found)
        return None

    def shape(self, node: ast.expr) -> tuple[int, ...]:
        """A shape that is known at export."""
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        return tuple(self.known_whole(part) for part in parts)

    def buffer(self, target: ast.Name, node: ast.AST, shape: tuple[int, ...]) -> Value:
        """Declares a local array."""
        name, kind = target.id, Array(shape, shape[1:])
        lengths = "".join(f"[{max(1, length)}]" for length in shape)
        declared = f"real {allowed(name)}{lengths}"
        if self.buffers.get(name, declared) != declared or self.kinds.get(name, kind) != kind:
            raise self.refused(node, f"'{name}' is something else elsewhere: use another name")
        self.buffers[name], self.kinds[name] = declared, kind
        self.values[name] = Value(name, kind, sizes=shape)
        return self.variable(name)

    def filled(self, target: ast.Name, node: ast.Call, fill: Fill, made: Any) -> None:
        """An array of equal numbers, or one that is not filled yet."""
        if made in (np.empty_like, np.zeros_like, np.ones_like):
            like = self.elementwise(self.value(node.args[0]))
            if like.elements is None:
                raise self.refused(node, "the shape is not known at export")
            shape = like.elements
        else:
            shape = self.shape(node.args[0])
        array = self.buffer(target, node, shape * 2 if fill == "eye" else shape)
        if fill == "eye":
            self.fill(array, Value("(real)(@0 == @1)", Number.REAL))
        elif fill:
            self.fill(array, Value(fill, Number.NATURAL))

    def listed(self, target: ast.Name, node: ast.Call) -> None:
        """An array of numbers that are given one by one."""
        if not isinstance(node.args[0], ast.List | ast.Tuple):
            raise self.refused(node, "np.array() takes a list of numbers here")
        values = [self.number(part) for part in node.args[0].elts]
        array = self.buffer(target, node, (len(values),))
        for place, value in enumerate(values):
            self.put(f"{array.text}[{place}] = {value.text};")

    def copied(self, target: ast.Name, node: ast.Call, source: Value) -> None:
        """A copy of an array."""
        elements = self.elementwise(source)
        if elements.elements is None:
            raise self.refused(node, "the size of this array is not known at export")
        self.fill(self.buffer(target, node, elements.elements), elements)

    def made_by(self, target: ast.Name, node: ast.Call, python: Callable[..., Any]) -> Value | None:
        """Makes what a function returns, a new array or named tuple; else returns the value."""
        body = [part for part in definition(python).body if not isinstance(part, ast.Expr)]
        returns = body[0] if len(body) == 1 else None
        if isinstance(returns, ast.Return) and self.tuple_made_by(target, node, python, returns):
            return None
        arguments = self.arguments(node, python)
        found = self.program.function(python, arguments, node, self)
        if found.returned is None:
            return self.value(node)

        array = self.buffer(target, node, found.returned)
        self.writes = self.writes or found.writes
        self.put(f"{found.name}({', '.join([*found.given(arguments), array.text])});")
        return None

    def tuple_made_by(
        self, target: ast.Name, node: ast.Call, python: Callable[..., Any], returns: ast.Return
    ) -> bool:
        """A named tuple of new arrays, which becomes a local struct."""
        call = returns.value
        if not isinstance(call, ast.Call):
            return False
        inner = Maker(self.program, python, self.arguments(node, python))
        kind = inner.called(call.func)
        if not (isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")):
            return False
        fields = []
        for name, part in zip(kind._fields, call.args, strict=True):
            if not isinstance(part, ast.Call) or inner.called(part.func) is not np.empty:
                raise inner.refused(part, "a named tuple holds arrays of np.empty() only")
            fields.append((name, inner.shape(part.args[0])))

        struct = self.program.scratch(Struct(kind.__name__.lower(), tuple(fields)))
        self.buffers[target.id] = f"{struct.name} {allowed(target.id)}"
        self.kinds[target.id] = Record(struct)
        self.values[target.id] = Value(f"&{allowed(target.id)}", Record(struct))
        return True

    def variable(self, name: str) -> Value:
        """The value of a variable or an argument; of a local struct, its address."""
        found = super().variable(name)
        if name in self.buffers and isinstance(found.kind, Record):
            return Value(f"&{found.text}", found.kind, 14)
        return found

    def arguments(self, node: ast.Call, python: Callable[..., Any]) -> list[Value]:
        """What a function is called with."""
        raise NotImplementedError


class Maker(Allocations):
    """The inside of a function that makes a named tuple of arrays."""

    def __init__(self, program: Any, python: Callable[..., Any], arguments: list[Value]) -> None:
        super().__init__(program, python, arguments)
        self.buffers = {}
        for name, value in zip(self.names, arguments, strict=True):
            self.values[name] = value
