"""All functions, constants and types of an exported controller."""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evoloco.export.c.kinds import INDENT, Array, Kind, Number, Struct, Value
from evoloco.export.c.literals import literal
from evoloco.export.c.names import TAKEN, allowed
from evoloco.export.c.scope import Scope, definition
from evoloco.export.c.statements import Statements

WIDEST = 100
"""Columns of a line, if it can be broken."""

MOST_ROUNDS = 8
"""Times that a function is translated until the kinds of its variables settle."""


@dataclass(frozen=True)
class Function:
    """A translated function.

    Attributes:
        name: In C.
        text: The whole definition.
        result: What it returns.
        returned: Shape of the new array that it returns, as its last argument.
        writes: Whether it writes into what it gets.
    """

    name: str
    text: str
    result: Kind | None
    returned: tuple[int, ...] | None
    writes: bool

    def given(self, arguments: Sequence[Value]) -> list[str]:
        """The arguments of a call, with lengths that are known at run time only."""
        texts = []
        for argument in arguments:
            texts.append(argument.text)
            texts += [size for size in argument.sizes if isinstance(size, str)]
        return texts


class Program:
    """Collects what the two functions of a controller need.

    Attributes:
        functions: In the order in which C needs them.
        constants: Definitions of the module's constants, by name.
        structs: Of named tuples.
    """

    def __init__(self) -> None:
        self.functions: dict[Any, Function] = {}
        self.constants: dict[str, str] = {}
        self.structs: dict[str, Struct] = {}
        self._names: set[str] = set()
        self._open: list[Any] = []

    def function(
        self,
        python: Callable[..., Any],
        arguments: Sequence[Value],
        node: ast.AST | None = None,
        caller: Scope | None = None,
    ) -> Function:
        """A function for arguments of some kinds, translated once."""
        python = getattr(python, "py_func", python)
        key = (python, tuple(_key(argument) for argument in arguments))
        if key in self._open and caller is not None and node is not None:
            raise caller.refused(node, f"{python.__name__}() calls itself")
        if key not in self.functions:
            self._open.append(key)
            self.functions[key] = Body(self, python, arguments).translated(self._name(python))
            self._open.pop()
        return self.functions[key]

    def _name(self, python: Callable[..., Any]) -> str:
        """A name that nothing else has."""
        own, count = python.__name__.strip("_") or "function", 1
        name = own
        while name in TAKEN or name in self._names:
            count += 1
            name = f"{own}_{count}"
        self._names.add(name)
        return name

    def constant(self, name: str, value: Any, module: str) -> Value:
        """A number or an array that stands outside of the functions."""
        macro = re.sub(r"\W", "_", name.strip("_")).upper()
        if isinstance(value, np.ndarray):
            numbers = np.asarray(value, np.float64)
            text = initialiser(numbers)
            lengths = "".join(f"[{max(1, length)}]" for length in numbers.shape)
            text_of = f"static const real {macro}{lengths} = {text};"
            kind: Kind = Array(numbers.shape, numbers.shape[1:], True)
            found = Value(macro, kind, known=numbers, sizes=numbers.shape)
        else:
            plain = literal(value)
            text_of = f"#define {macro} {plain.at(20)}"
            found = Value(macro, plain.kind, known=plain.known)

        if self.constants.get(macro, text_of) != text_of or macro in TAKEN:
            return self.constant(f"{module}_{name.strip('_')}", value, f"{module}_2")
        self.constants[macro] = text_of
        return found

    def scratch(self, struct: Struct) -> Struct:
        """The struct of a named tuple, under a name of its own."""
        count = 1
        while True:
            name = struct.name if count == 1 else f"{struct.name}_{count}"
            known = self.structs.get(name)
            if known is None or known.fields == struct.fields:
                self.structs[name] = Struct(name, struct.fields)
                return self.structs[name]
            count += 1


class Body(Statements):
    """Translates one function for arguments of some kinds."""

    def translated(self, name: str) -> Function:
        """The function in C."""
        self.stores = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.stores[node.id] = self.stores.get(node.id, 0) + 1
        self._refuse_loop_variables_outside()

        self.result, self.returned, self.buffers = None, "", {}
        for _ in range(MOST_ROUNDS):
            before = (dict(self.kinds), self.result, dict(self.buffers))
            self.values = {
                each: value if each not in self.stores else Value(value.text, value.kind)
                for each, value in self.given.items()
            }
            self.lines, self.depth, self.loops = [], 1, []
            self.held, self.settled = [], []
            for statement in self.tree.body:
                self.statement(statement)
            if before == (self.kinds, self.result, self.buffers):
                return self._function(name)
        raise self.refused(self.tree, f"the kinds of the variables of {name}() do not settle")

    def _refuse_loop_variables_outside(self) -> None:
        """Refuses a loop's variable that is read after the loop."""
        loops = [node for node in ast.walk(self.tree) if isinstance(node, ast.For)]
        counted: dict[str, set[int]] = {}
        for loop in loops:
            if isinstance(loop.target, ast.Name):
                inside = {id(node) for node in ast.walk(loop)}
                counted.setdefault(loop.target.id, set()).update(inside)
        self.counted = set(counted)
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Name)
                and node.id in counted
                and id(node) not in counted[node.id]
            ):
                raise self.refused(node, f"the loop's variable '{node.id}' is used elsewhere")

    def call(self, node: ast.Call, python: Callable[..., Any]) -> Value:
        """A call of another function of the controller."""
        arguments = self.arguments(node, python)
        found = self.program.function(python, arguments, node, self)
        if found.returned is not None:
            raise self.refused(node, f"give the array that {python.__name__}() makes a name first")
        self.writes = self.writes or found.writes
        if found.writes and node not in self.alone:
            raise self.refused(
                node,
                f"{python.__name__}() writes into what it gets, in the middle of an expression: "
                "give its result a name first",
            )
        text = f"{found.name}({', '.join(found.given(arguments))})"
        kind = found.result if found.result is not None else Number.INT
        sizes = tuple(length for length in getattr(kind, "shape", ()) if length is not None)
        return Value(text, kind, sizes=sizes)

    def arguments(self, node: ast.Call, python: Callable[..., Any]) -> list[Value]:
        """What a function is called with; numbers become real where its annotation says so."""
        found = []
        names = definition(python).args.args
        for place, argument in enumerate(node.args):
            value = self.made(argument) or self.value(argument)
            if value.elements is not None:
                raise self.refused(argument, "an array as an argument: give it a name first")
            wanted = names[place].annotation if place < len(names) else None
            real = wanted is not None and ast.unparse(wanted) == "float"
            found.append(self.real(value) if real and isinstance(value.kind, Number) else value)
        return found

    def made(self, node: ast.expr) -> Value | None:
        """A new array that is an argument, under a name; None for any other argument."""
        if not isinstance(node, ast.Call) or not self.hoists:
            return None
        python = getattr(self.called(node.func), "py_func", None)
        if python is None:
            return None
        if self.program.function(python, self.arguments(node, python), node, self).returned is None:
            return None
        name = ast.Name(f"{python.__name__}_made", ast.Store())
        self.stores[name.id] = 2
        self.made_by(name, node, python)
        return self.variable(name.id)

    def _function(self, name: str) -> Function:
        """Puts the parts together."""
        body = "\n".join(self.lines)
        for variable, line in self.settled:  # what is known now need not be computed
            if len(re.findall(rf"\b{variable}\b", body)) == 1:
                self.lines.remove(line)
                body = "\n".join(self.lines)
        words = set(re.findall(r"[A-Za-z_]\w*", body))

        head, result = self._head(name)
        lines = [f"{INDENT}{line};" for line in self._declared(words)]
        parameters = [allowed(each) for each in self.names]
        parameters += [
            size for value in self.given.values() for size in value.sizes if isinstance(size, str)
        ]
        unused = [f"{INDENT}(void){each};" for each in parameters if each not in words]
        parts = [*lines, *([""] if lines else []), *unused, *self.lines]
        text = "\n".join([*self._comment(), head, "{", *parts, "}"])
        shape = self.kinds[self.returned].shape if self.returned else None  # type: ignore[union-attr]
        return Function(name, text, result, shape, self.writes)  # type: ignore[arg-type]

    def _head(self, name: str) -> tuple[str, Kind | None]:
        """The declaration, and what is returned."""
        parts = []
        for each, value in self.given.items():
            own = allowed(each)
            if isinstance(value.kind, Number):
                kind = self.kinds[each]
                assert isinstance(kind, Number)
                parts.append(f"{kind.c} {own}")
                continue
            parts.append(value.kind.declare(own))
            parts += [f"int {size}" for size in value.sizes if isinstance(size, str)]
        if self.returned:
            kind = self.kinds[self.returned]
            assert isinstance(kind, Array)
            parts.append(kind.declare(allowed(self.returned)))

        result = self.result
        declared = "void " if result is None else ""
        if isinstance(result, Number):
            declared = f"{result.c} "
        elif result is not None:
            declared = result.declare("")
        return wrapped(f"static {declared}{name}(", parts), result

    def _declared(self, words: set[str]) -> list[str]:
        """Declarations of local variables."""
        lines = [text for name, text in self.buffers.items() if name != self.returned]
        numbers: dict[str, list[str]] = {}
        for name, kind in self.kinds.items():
            own = allowed(name)
            skipped = name in self.given or name in self.buffers or name in self.counted
            if skipped or own not in words:
                continue
            if isinstance(kind, Number):
                numbers.setdefault(kind.c, []).append(own)
            else:
                lines.append(kind.declare(own))
        return lines + [f"{kind} {', '.join(names)}" for kind, names in numbers.items()]

    def _comment(self) -> list[str]:
        """The docstring."""
        doc = ast.get_docstring(self.tree)
        if not doc:
            return []
        return comment(doc).splitlines()


def wrapped(start: str, parts: Sequence[str]) -> str:
    """A declaration, in several lines where one would be too long."""
    line = f"{start}{', '.join(parts)})"
    if len(line) <= WIDEST:
        return line
    return f"{start}\n{INDENT}" + f",\n{INDENT}".join(parts) + ")"


def comment(text: str) -> str:
    """A comment in C."""
    lines = text.strip().replace("*/", "* /").replace("/*", "/ *").splitlines()
    if len(lines) == 1:
        return f"/* {lines[0]} */"
    return "\n".join(["/*", *(f" * {line}".rstrip() for line in lines), " */"])


def initialiser(numbers: np.ndarray[Any, Any]) -> str:
    """Numbers as C initialises an array."""
    if numbers.ndim == 0:
        return literal(float(numbers)).text
    if not len(numbers):
        return "{0}"
    parts = [initialiser(part) for part in numbers]
    if numbers.ndim == 1 and len(parts) > 4:
        rows = [", ".join(parts[at : at + 4]) for at in range(0, len(parts), 4)]
        return "{\n" + ",\n".join(f"{INDENT * 2}{row}" for row in rows) + "}"
    return "{" + (",\n    " if numbers.ndim > 1 else ", ").join(parts) + "}"


def _key(argument: Value) -> Any:
    """What of an argument a translation depends on."""
    return argument.kind, tuple(isinstance(size, int) and size for size in argument.sizes)
