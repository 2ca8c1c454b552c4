"""Calls: of other functions of the controller, of `math` and of NumPy."""

import ast
import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from evoloco.export.c.kinds import ATOM, TIMES, UNARY, Array, Number, Record, Value
from evoloco.export.c.literals import Least, literal
from evoloco.export.c.names import FUNCTIONS, OF_MODULES, WHOLE
from evoloco.export.c.operators import Operators
from evoloco.sim.flat import flat

CHOOSE = {max: "largest", min: "smallest", np.maximum: "largest", np.minimum: "smallest"}
"""Functions that give one of their arguments, and the helpers that do so."""


class Calls(Operators):
    """Translates calls."""

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
