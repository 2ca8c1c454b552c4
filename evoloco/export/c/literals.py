"""Numbers as C writes them, and what is known of them at export."""

import ast
import math
from typing import Any

import numpy as np

from evoloco.export.c.kinds import ATOM, UNARY, Number, Value


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
