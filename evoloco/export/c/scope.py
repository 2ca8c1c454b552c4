"""One function of a controller while it is translated: its names, and where it stands."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from evoloco.export.c.kinds import Kind, Number, Record, Value
from evoloco.export.c.names import allowed
from evoloco.export.exported import ExportError

if TYPE_CHECKING:
    from evoloco.export.c.program import Program


class Scope:
    """Names of one function.

    Args:
        program: What it is part of.
        python: The function.
        arguments: What it gets.

    Attributes:
        kinds: Kind of each variable.
        tree: Its syntax tree.
        writes: Whether it writes into what it gets.
        alone: Expressions that are the whole of a statement, where the order of calls is certain.
        hoists: Whether lines may be put before the present expression.
    """

    def __init__(
        self, program: "Program", python: Callable[..., Any], arguments: Sequence[Value]
    ) -> None:
        self.program, self.python = program, python
        self.module = python.__module__.rpartition(".")[2].strip("_")
        self.file, self.first_line = python.__code__.co_filename, python.__code__.co_firstlineno
        self.tree = definition(python)
        self.names = [argument.arg for argument in self.tree.args.args]
        if len(arguments) != len(self.names):
            raise self.refused(self.tree, f"{python.__name__}() gets other arguments")
        self.given = {
            name: received(name, value) for name, value in zip(self.names, arguments, strict=True)
        }

        self.kinds: dict[str, Kind] = {name: value.kind for name, value in self.given.items()}
        self.values: dict[str, Value] = dict(self.given)
        self.closure = inspect.getclosurevars(python)
        self.writes = False
        self.alone: list[ast.AST | None] = []
        self.hoists = True

    def refused(self, node: ast.AST, why: str) -> ExportError:
        """The error for something that C cannot have."""
        line = self.first_line + getattr(node, "lineno", 1) - 1
        return ExportError(
            f"{self.file}, line {line}: {why}. What C can have is listed in docs/export.md."
        )

    def outside(self, name: str) -> Any:
        """What a name stands for outside of the function; None if it stands for nothing."""
        for names in (self.closure.nonlocals, self.closure.globals, self.closure.builtins):
            if name in names:
                return names[name]
        return self.python.__globals__.get(name)

    def variable(self, name: str) -> Value:
        """The value of a variable or an argument."""
        found = self.values.get(name)
        kind = self.kinds[name]
        if found is None or isinstance(kind, Number):
            known = found.known if found is not None else None
            return Value(allowed(name), kind, known=known)
        return Value(allowed(name), kind, known=found.known, sizes=found.sizes)


def received(name: str, value: Value) -> Value:
    """An argument as its function sees it: only records of parameters are known there."""
    known = value.known if isinstance(value.kind, Record) else None
    sizes = tuple(
        size if isinstance(size, int) else size_name(name, axis)
        for axis, size in enumerate(value.sizes)
    )
    return Value(allowed(name), value.kind, known=known, sizes=sizes)


def size_name(name: str, axis: int) -> str:
    """Name of the variable for a length that is known at run time only."""
    return f"{name}_size{axis or ''}"


@lru_cache(maxsize=1024)
def definition(python: Callable[..., Any]) -> ast.FunctionDef:
    """The syntax tree of a function.

    Raises:
        ExportError: Its source is nowhere.
    """
    try:
        source = textwrap.dedent(inspect.getsource(python))
    except (OSError, TypeError):
        raise ExportError(
            f"The source of {python.__name__}() cannot be read: a controller that becomes C must "
            "stand in a file."
        ) from None
    found = ast.parse(source).body[0]
    if not isinstance(found, ast.FunctionDef):
        raise ExportError(
            f"{python.__code__.co_filename}, line {python.__code__.co_firstlineno}: "
            f"{python.__name__}() is no plain function: write it with `def`."
        )
    return found
