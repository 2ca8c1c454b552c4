"""Statements of a controller's function, one method per kind of node in Python's syntax tree."""

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any

from evoloco.export.c.allocation import Allocations
from evoloco.export.c.kinds import INDENT, Array, Kind, Number, Value
from evoloco.export.c.literals import literal
from evoloco.export.c.names import allowed
from evoloco.export.c.operators import SYMBOLS
from evoloco.export.c.scope import size_name


class Statements(Allocations):
    """Translates statements into `lines`."""

    lines: list[str]
    depth: int
    loops: list[str]  # variables of the loops around
    stores: dict[str, int]  # how often each variable is assigned
    held: list[str]  # temporary variables
    settled: list[tuple[str, str]]  # variables whose value is known, and the line that assigns it
    result: Kind | None
    returned: str  # the new array that is returned

    def statement(self, node: ast.stmt) -> None:
        """Translates a statement.

        Raises:
            ExportError: It has no counterpart in C.
        """
        method: Callable[[Any], None] | None = getattr(self, f"on_{type(node).__name__}", None)
        if method is None:
            what = ast.unparse(node).splitlines()[0]
            raise self.refused(node, f"`{what}` is not translated")
        self.alone, self.hoists = [getattr(node, "value", None)], True
        method(node)

    def block(self, nodes: Sequence[ast.stmt]) -> None:
        """Translates statements one level further in."""
        self.depth += 1
        for node in nodes:
            self.statement(node)
        self.depth -= 1

    def put(self, line: str) -> None:
        """Adds a line."""
        self.lines.append(INDENT * self.depth + line)

    def on_Pass(self, _: ast.Pass) -> None:
        """Nothing."""

    def on_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return  # a docstring
        if not isinstance(node.value, ast.Call):
            raise self.refused(node, f"`{ast.unparse(node)}` does nothing")
        self.put(f"{self.value(node.value).text};")

    def on_Break(self, _: ast.Break) -> None:
        self.put("break;")

    def on_Continue(self, _: ast.Continue) -> None:
        self.put("continue;")

    def on_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self.put("return;")
            return
        if isinstance(node.value, ast.Name) and node.value.id in self.buffers:
            self.returned = node.value.id
            self.put("return;")
            return
        value = self.value(node.value)
        if value.elements is not None or None in getattr(value.kind, "shape", ()):
            raise self.refused(node, "an array of this kind cannot be returned: write into one")
        self.result = value.kind if self.result is None else self.joined(node, self.result, value)
        self.put(f"return {value.text};")

    # Assignments

    def on_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.store(node.target, node.value)

    def on_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self.store(target, node.value)

    def store(self, target: ast.expr, value: ast.expr) -> None:
        """Assigns an expression to a name, a place, or several of them."""
        if isinstance(target, ast.Tuple):
            self.store_several(target, self.several(target, value))
        elif isinstance(target, ast.Name):
            found = self.allocated(target, value)
            if found is not None:
                self.assign_name(target, found)
        elif isinstance(target, ast.Subscript) and self.is_array(target):
            self.store_elements(target, value)
        else:
            self.assign(target, self.value(value))

    def several(self, target: ast.Tuple, value: ast.expr) -> list[ast.expr]:
        """The expressions that several targets get."""
        count = len(target.elts)
        if isinstance(value, ast.Attribute) and value.attr == "shape":
            return [
                ast.copy_location(ast.Subscript(value, ast.Constant(axis), ast.Load()), value)
                for axis in range(count)
            ]
        if isinstance(value, ast.IfExp):
            sides = [self.several(target, side) for side in (value.body, value.orelse)]
            return [
                ast.copy_location(ast.IfExp(value.test, a, b), value)
                for a, b in zip(*sides, strict=True)
            ]
        if not isinstance(value, ast.Tuple) or len(value.elts) != count:
            raise self.refused(value, f"{count} values are needed, one per name")
        return value.elts

    def store_several(self, target: ast.Tuple, values: Sequence[ast.expr]) -> None:
        """Assigns several expressions at once: by temporary variables where they need the old."""
        bases = {ast.unparse(base(each)) for each in target.elts}
        read = {
            ast.unparse(inner)
            for value in values
            for inner in ast.walk(value)
            if isinstance(inner, ast.Name | ast.Attribute)
        }
        if not bases & read:
            for each, value in zip(target.elts, values, strict=True):
                self.alone = [value]
                self.store(each, value)
            return

        held = []
        for value in values:
            found = self.number(value)
            name = f"held_{len(self.held) + 1}"
            self.held.append(name)
            assert isinstance(found.kind, Number)
            self.put(f"const {found.kind.c} {name} = {found.text};")
            held.append(Value(name, found.kind))
        for each, kept in zip(target.elts, held, strict=True):
            self.assign(each, kept)

    def assign(self, target: ast.expr, value: Value) -> None:
        """Assigns a value to a name or a place."""
        if value.elements is not None:
            raise self.refused(target, "arrays are computed into a place, such as x[:] = a + b")
        if isinstance(target, ast.Name):
            self.assign_name(target, value)
            return
        self.check_writable(target)
        place = self.number(target)
        self.put(f"{place.text} = {value.text};")

    def assign_name(self, target: ast.Name, value: Value) -> None:
        """Assigns a value to a variable."""
        name = target.id
        if name in self.loops:
            raise self.refused(target, f"the loop's own variable '{name}' is assigned")
        kind = self.joined(target, self.kinds[name], value) if name in self.kinds else value.kind
        self.kinds[name] = kind
        once = self.stores[name] == 1 and name not in self.given
        if isinstance(kind, Number):
            self.values[name] = Value(name, kind, known=value.known if once else None)
            line = f"{allowed(name)} = {value.text};"
            self.put(line)
            if once and isinstance(value.known, int):
                self.settled.append((allowed(name), INDENT * self.depth + line))
            return

        if name in self.buffers:
            raise self.refused(target, f"'{name}' is a new array here, and another one elsewhere")
        sizes = tuple(self.kept_size(name, k, size) for k, size in enumerate(value.sizes))
        self.values[name] = Value(name, kind, known=value.known if once else None, sizes=sizes)
        self.put(f"{allowed(name)} = {value.text};")

    def kept_size(self, name: str, axis: int, size: int | str) -> int | str:
        """A length; one that is known at run time only gets a variable of its own."""
        if isinstance(size, int):
            return size
        own = size_name(name, axis)
        self.kinds[own] = Number.NATURAL
        self.put(f"{own} = {size};")
        self.settled.append((own, self.lines[-1]))
        return own

    def joined(self, node: ast.AST, kind: Kind, value: Value) -> Kind:
        """What holds both a kind and a value."""
        if isinstance(kind, Number) and isinstance(value.kind, Number):
            return max(kind, value.kind)
        if kind == value.kind:
            return kind
        raise self.refused(node, "a variable holds a number here and something else elsewhere")

    def is_array(self, target: ast.expr) -> bool:
        """Whether a place is a whole array or a part of it."""
        return isinstance(self.value(target).kind, Array)

    def store_elements(self, target: ast.expr, value: ast.expr) -> None:
        """Assigns to all elements of an array."""
        self.check_writable(target)
        array, found = self.value(target), self.elementwise(self.value(value))
        if not isinstance(found.kind, Number):
            raise self.refused(value, f"`{ast.unparse(value)}` is no array of known shape")
        sliced = any(isinstance(inner, ast.Slice) for inner in ast.walk(value))
        if sliced and ast.unparse(base(target)) in ast.unparse(value):
            raise self.refused(value, "a part of the array itself: copy it first")
        if found.elements is not None and found.elements != array.sizes:
            raise self.refused(value, f"the shapes differ: {found.elements} and {array.sizes}")
        self.fill(array, found)

    def fill(self, array: Value, value: Value) -> None:
        """Writes loops that assign a value, element by element."""
        names = ("at", "at_2", "at_3")[: len(array.sizes)]
        text, place = value.text, array.at(20)
        for axis, (name, size) in enumerate(zip(names, array.sizes, strict=True)):
            self.put(f"for (int {name} = 0; {name} < {size}; {name}++) {{")
            self.depth += 1
            text, place = text.replace(f"@{axis}", name), f"{place}[{name}]"
        self.put(f"{place} = {text};")
        for _ in names:
            self.depth -= 1
            self.put("}")

    def check_writable(self, target: ast.expr) -> None:
        """Refuses to write into parameters or observations, and notes that something is written."""
        owner = self.value(base(target)) if not isinstance(target, ast.Name) else None
        if owner is not None and getattr(owner.kind, "const", False):
            raise self.refused(target, f"`{ast.unparse(target)}` is given to be read only")
        root = target
        while isinstance(root, ast.Subscript | ast.Attribute):
            root = root.value
        if not (isinstance(root, ast.Name) and root.id in self.buffers):
            self.writes = True

    def on_AugAssign(self, node: ast.AugAssign) -> None:
        known = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
        if self.is_array(node.target):
            self.store_elements(node.target, known)
            return
        value = self.value(known)
        if isinstance(node.target, ast.Name):
            if value.elements is not None:
                raise self.refused(node, "arrays are computed into a place, such as x[:] = a + b")
            self.kinds[node.target.id] = self.joined(node, self.kinds[node.target.id], value)
        else:
            self.check_writable(node.target)

        target, right = self.number(node.target), self.number(node.value)
        symbol = SYMBOLS.get(type(node.op), ("", 0))[0]
        plain = symbol in ("+", "-", "*") or (symbol == "/" and target.kind is Number.REAL)
        if plain and right.kind is target.kind:
            self.put(f"{target.text} {symbol}= {right.text};")
        else:
            self.put(f"{target.text} = {value.text};")

    # Branches and loops

    def on_If(self, node: ast.If) -> None:
        self.alone = [node.test]
        self.put(f"if ({self.truth(node.test).text}) {{")
        self.block(node.body)
        rest = node.orelse
        while len(rest) == 1 and isinstance(rest[0], ast.If):
            self.alone, self.hoists = [rest[0].test], False
            self.put(f"}} else if ({self.truth(rest[0].test).text}) {{")
            self.block(rest[0].body)
            rest = rest[0].orelse
        if rest:
            self.put("} else {")
            self.block(rest)
        self.put("}")

    def on_While(self, node: ast.While) -> None:
        if node.orelse:
            raise self.refused(node, "`else` of a loop is not translated")
        self.alone, self.hoists = [node.test], False
        self.put(f"while ({self.truth(node.test).text}) {{")
        self.block(node.body)
        self.put("}")

    def on_For(self, node: ast.For) -> None:
        if not isinstance(node.target, ast.Name) or node.orelse:
            raise self.refused(node, "only loops over range() or a tuple are translated")
        ranges = isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "range"
        if not ranges and not isinstance(node.iter, ast.Tuple):
            raise self.refused(node, "only loops over range() or a tuple are translated")
        self.loops.append(node.target.id)
        if isinstance(node.iter, ast.Call):
            self.count(node.target.id, node, node.iter.args)
        elif isinstance(node.iter, ast.Tuple):
            self.go_through(node.target.id, node, node.iter.elts)
        self.loops.pop()

    def count(self, name: str, node: ast.For, arguments: Sequence[ast.expr]) -> None:
        """A loop over range()."""
        values = [self.number(argument) for argument in arguments]
        start, stop = (literal(0), values[0]) if len(values) == 1 else values[:2]
        stride = self.known_whole(arguments[2]) if len(values) == 3 else 1
        if stride == 0 or Number.REAL in (start.kind, stop.kind):
            raise self.refused(node, "range() needs integers")

        self.kinds[name] = start.kind if stride > 0 else Number.INT
        if stride < 0 and isinstance(stop.known, int) and stop.known >= -1:
            self.kinds[name] = Number.NATURAL
        self.values.pop(name, None)
        own, end = allowed(name), stop.text
        if not isinstance(stop.known, int) and not self.stays(stop.text, node):
            end = f"{own}_end"
            self.put(f"const int {end} = {stop.text};")
        move = {1: f"{own}++", -1: f"{own}--"}.get(stride, f"{own} += {stride}")
        sign = "<" if stride > 0 else ">"
        self.put(f"for (int {own} = {start.text}; {own} {sign} {end}; {move}) {{")
        self.block(node.body)
        self.put("}")

    def stays(self, text: str, node: ast.For) -> bool:
        """Whether the end of a loop is a variable that the loop leaves as it is."""
        stored = {
            inner.id
            for part in node.body
            for inner in ast.walk(part)
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        words = set(re.findall(r"[A-Za-z_]\w*", text))
        return not words & stored and bool(re.fullmatch(r"\w+( [+-] \w+)?", text))

    def go_through(self, name: str, node: ast.For, parts: Sequence[ast.expr]) -> None:
        """A loop over a tuple of numbers."""
        values = [self.number(part) for part in parts]
        kind = Number(max(value.kind for value in values if isinstance(value.kind, Number)))
        self.kinds[name] = kind
        self.values.pop(name, None)
        own = allowed(name)
        self.put("{")
        self.depth += 1
        texts = ", ".join(value.text for value in values)
        self.put(f"const {kind.c} {own}_of[{len(values)}] = {{{texts}}};")
        self.put(f"for (int {own}_at = 0; {own}_at < {len(values)}; {own}_at++) {{")
        self.depth += 1
        self.put(f"const {kind.c} {own} = {own}_of[{own}_at];")
        self.depth -= 1
        self.block(node.body)
        self.put("}")
        self.depth -= 1
        self.put("}")


def base(target: ast.expr) -> ast.expr:
    """What is written when a place is assigned to: the array or record that holds it."""
    return target.value if isinstance(target, ast.Subscript | ast.Attribute) else target
