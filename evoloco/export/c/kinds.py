"""What a value of a controller is in C: a number, an array of them, or a record."""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

from evoloco.fields import Layout


class Number(IntEnum):
    """Kinds of numbers; of two that meet in one variable, the later holds both."""

    BOOL = 0
    NATURAL = 1
    INT = 2
    REAL = 3

    @property
    def c(self) -> str:
        """The type in C."""
        return ("bool", "int", "int", "real")[self]


Shape = tuple[int | None, ...]
"""Lengths of an array; None for one that is known at run time only."""


@dataclass(frozen=True)
class Array:
    """An array of real numbers, a pointer in C.

    Attributes:
        shape: Its lengths.
        row: Lengths of the memory behind each axis but the first.
        const: Whether it may be read only: it is part of the parameters or of the observation.
    """

    shape: Shape
    row: tuple[int, ...] = ()
    const: bool = False

    def declare(self, name: str) -> str:
        """The declaration of a pointer to its first part."""
        real = "const real" if self.const else "real"
        if not self.row:
            return f"{real} *{name}"
        return f"{real} (*{name})" + "".join(f"[{length}]" for length in self.row)


@dataclass(frozen=True)
class Struct:
    """Named fields over numbers, a struct in C.

    Attributes:
        name: Of the type in C.
        fields: Name, and shape or fields again.
    """

    name: str
    fields: tuple[tuple[str, "tuple[int, ...] | Struct"], ...]

    def field(self, name: str) -> "tuple[int, ...] | Struct | None":
        """Shape or fields of a field; None where there is none."""
        return dict(self.fields).get(name)

    @property
    def size(self) -> int:
        """Numbers in it."""
        sizes = (
            kind.size if isinstance(kind, Struct) else math.prod(kind) for _, kind in self.fields
        )
        return sum(sizes)


@dataclass(frozen=True)
class Record:
    """A pointer to a struct.

    Attributes:
        struct: Its fields.
        const: Whether it may be read only.
        path: Where its values stand in the parameters, which are known; empty elsewhere.
    """

    struct: Struct
    const: bool = False
    path: str = ""

    def declare(self, name: str) -> str:
        """The declaration of a pointer to it."""
        return f"{'const ' if self.const else ''}{self.struct.name} *{name}"


INDENT = "    "

Kind = Number | Array | Record


@dataclass(frozen=True)
class Value:
    """An expression in C.

    Attributes:
        text: As C has it.
        kind: What it is.
        level: How strongly it binds: `ATOM`, `UNARY` and so on.
        known: Its value, where that is known now: a number, or an array or record of parameters.
        sizes: Of an array: each length, as a number or as a variable in C.
        elements: Of an array that is computed element by element: its shape; `text` then has
            `@0`, `@1` in place of the indices.
    """

    text: str
    kind: Kind
    level: int = 20
    known: Any = None
    sizes: tuple[int | str, ...] = ()
    elements: tuple[int, ...] | None = None

    def at(self, level: int) -> str:
        """Its text, in parentheses where it binds more weakly than a level."""
        return self.text if self.level >= level else f"({self.text})"


ATOM, UNARY, TIMES, PLUS, LESS, EQUAL, AND, OR, CHOICE = 20, 14, 13, 12, 10, 9, 5, 4, 3
"""How strongly operators of C bind."""

Fill = Literal["", "0", "1", "eye"]
"""What stands in a new array; "" for nothing yet."""


def struct_of(name: str, layout: Layout) -> Struct:
    """The struct of a layout; those within have its name in theirs."""
    found: list[tuple[str, tuple[int, ...] | Struct]] = []
    for field in layout.names or ():
        assert layout.fields is not None
        inner = layout.fields[field][0]
        if inner.names is not None:
            found.append((field, struct_of(f"{name}_{field}", inner)))
        else:
            found.append((field, inner.shape))
    return Struct(name, tuple(found))


def structs_in(struct: Struct) -> list[Struct]:
    """A struct and those within it, inner ones first."""
    inner = [kind for _, kind in struct.fields if isinstance(kind, Struct)]
    return [*(one for kind in inner for one in structs_in(kind)), struct]
