"""The source of an exported controller: types, constants, functions and its interface."""

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evoloco import fields
from evoloco.controller import layouts
from evoloco.export.c.kinds import Array, Number, Record, Struct, Value, struct_of, structs_in
from evoloco.export.c.literals import literal
from evoloco.export.c.names import HELPERS, allowed
from evoloco.export.c.program import Program, comment, initialiser
from evoloco.export.exported import Exported
from evoloco.fields import Layout


@dataclass(frozen=True)
class Translation:
    """A controller in C.

    Attributes:
        params: Struct of its parameters.
        state: Struct of its state.
        obs: Struct of what it observes.
        reset: Name of the function that resets it.
        step: Name of the function that steps it.
        text: Constants, helpers and functions.
        values: The parameters as C initialises their struct.
        scratch: Structs of its named tuples.
    """

    params: Struct
    state: Struct
    obs: Struct
    reset: str
    step: str
    text: str
    values: str
    scratch: tuple[Struct, ...]


def translate(exported: Exported, name: str) -> Translation:
    """Translates the controller of a champion.

    Args:
        exported: The champion.
        name: With which the types begin.

    Raises:
        ExportError: Something in it has no counterpart in C; the message names file and line.
    """
    experiment = exported.experiment
    ((body, row),) = experiment.embodied(exported.genome[None])
    of_params, of_state = layouts(experiment.controller)
    return translated(
        (experiment.controller.reset, experiment.controller.step),
        (of_params, of_state, body.observation),
        row,
        body.controls,
        name,
    )


def translated(
    functions: tuple[Any, Any],
    kinds: tuple[Layout, Layout, Layout],
    row: fields.Array,
    controls: int,
    name: str,
) -> Translation:
    """Translates `reset` and `step`.

    Args:
        functions: The two.
        kinds: Layouts of parameters, state and observation.
        row: The flat parameters.
        controls: Number of controls.
        name: With which the types begin.

    Raises:
        ExportError: Something in them has no counterpart in C.
    """
    params, state, obs = (
        struct_of(f"{name}_{part}", kind)
        for part, kind in zip(("params", "state", "obs"), kinds, strict=True)
    )
    values = fields.record(row, kinds[0])
    given = Value("params", Record(params, True, "params"), known=values)
    kept = Value("state", Record(state))
    felt = Value("obs", Record(obs, True))
    real = Value("time", Number.REAL)
    ctrl = Value("ctrl", Array((controls,)), sizes=(controls,))

    program = Program()
    reset = program.function(functions[0], [given, kept, real])
    step = program.function(functions[1], [given, kept, felt, real, real, ctrl])
    text = _text(program, (reset.name, step.name))
    scratch = tuple(program.structs.values())
    return Translation(
        params, state, obs, reset.name, step.name, text, _values(params, values), scratch
    )


def _text(program: Program, roots: tuple[str, str]) -> str:
    """Constants, helpers and functions that the two functions need."""
    by_name = {function.name: function.text for function in program.functions.values()}
    needed, rest = set[str](), list(roots)
    while rest:
        name = rest.pop()
        if name not in needed:
            needed.add(name)
            called = set(re.findall(r"\b([A-Za-z_]\w*)\(", _bare(by_name[name])))
            rest += called & by_name.keys()

    functions = [text for name, text in by_name.items() if name in needed]
    words = set(re.findall(r"[A-Za-z_]\w*", _bare("\n".join(functions))))
    macros: list[str] = []
    arrays: list[str] = []
    for name, line in sorted(program.constants.items()):
        if name in words:
            (macros if line.startswith("#") else arrays).append(line)
    helpers = [text for name, text in HELPERS.items() if name in words]
    parts = ["\n".join(macros), *arrays, *helpers, *functions]
    return "\n\n".join(part for part in parts if part)


def _bare(text: str) -> str:
    """C without comments."""
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def _values(struct: Struct, values: Any, depth: int = 1) -> str:
    """The values of a struct as C initialises it."""
    indent, parts = "    " * depth, []
    for name, kind in struct.fields:
        found = getattr(values, name)
        if isinstance(kind, Struct):
            text = _values(kind, found, depth + 1)
        elif kind:
            text = initialiser(np.asarray(found, np.float64)).replace("\n", f"\n{indent}")
        else:
            text = literal(float(found)).text
        parts.append(f"{indent}.{allowed(name)} = {text}")
    return "{\n" + ",\n".join(parts) + f"\n{'    ' * (depth - 1)}}}" if parts else "{0}"


def typedef(struct: Struct, comments: Mapping[str, str] | None = None) -> str:
    """The definition of a struct.

    Args:
        struct: What is defined.
        comments: What stands above a field, by its name.
    """
    lines = []
    for name, kind in struct.fields:
        if isinstance(kind, Struct):
            line = f"    {kind.name} {allowed(name)};"
        else:
            lengths = "".join(f"[{max(1, length)}]" for length in kind)
            line = f"    real {allowed(name)}{lengths};"
        told = (comments or {}).get(name, "")
        lines += [f"    {row}" for row in comment(textwrap.fill(told, 88)).splitlines() if told]
        lines.append(line)
    inside = "\n".join(lines) or "    real unused; /* C has no empty struct */"
    return f"typedef struct {{\n{inside}\n}} {struct.name};"


def typedefs(*structs: Struct) -> str:
    """The definitions of structs and of those within, each once."""
    found: dict[str, str] = {}
    for struct in structs:
        for one in structs_in(struct):
            found.setdefault(one.name, typedef(one))
    return "\n\n".join(found.values())
