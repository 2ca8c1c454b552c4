"""Expressions of a controller's function: what they have in common, names and numbers."""

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from evoloco.export.c.kinds import EQUAL, UNARY, Number, Value
from evoloco.export.c.literals import literal
from evoloco.export.c.scope import Scope


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
