"""Operators, comparisons and choices."""

import ast
from collections.abc import Sequence

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
    Value,
)
from evoloco.export.c.literals import computed, literal
from evoloco.export.c.places import Places

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


class Operators(Places):
    """Translates operators; arrays meet element by element."""

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
