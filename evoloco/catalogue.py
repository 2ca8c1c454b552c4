"""What a run file can name, in words: one line per member, or one member in full."""

import inspect
import tomllib
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from evoloco.bundled import runs
from evoloco.errors import ModelError, SpecError, UnknownNameError
from evoloco.experiment import Experiment
from evoloco.genome import Gene
from evoloco.members import member, members
from evoloco.options import options_of
from evoloco.randomization.quantities import QUANTITIES
from evoloco.spec import ControllerSpec, MorphologySpec, RunSpec, TermSpec, apply

_KINDS = {
    "controllers": "controllers",
    "morphologies": "morphologies",
    "measures": "fitness",
    "optimizers": "optimizers",
}
COMMON = "biped"
"""Body that comes first where any would do."""

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_ENTRY = {
    "controllers": "Controller",
    "morphologies": "build",
    "measures": "measure",
    "optimizers": "Optimizer",
}


def overview(kind: str | None) -> str:
    """One line per member of a kind, or of every kind."""
    kinds = [kind] if kind else [*_KINDS, "quantities", "runs"]
    return "\n\n".join(f"{one}\n" + "\n".join(_lines(one)) for one in kinds)


def _lines(kind: str) -> list[str]:
    if kind == "quantities":
        rows = [(name, f"{_usual(name)} {one.meaning}") for name, one in QUANTITIES.items()]
    elif kind == "runs":
        rows = [
            (name, _run_line(file.read_text(encoding="utf-8"))) for name, file in runs().items()
        ]
    else:
        rows = [(name, _line(kind, name)) for name in members(_KINDS[kind])]
    width = max((len(name) for name, _ in rows), default=0)
    return [f"  {name:{width}}  {line}" for name, line in rows]


def _usual(name: str) -> str:
    """The usual range of a quantity, in a column of its own."""
    quantity = QUANTITIES[name]
    unit = "" if quantity.how == "factor" or quantity.unit == "1" else f" {quantity.unit}"
    return f"{quantity.how:6} {f'{quantity.low:g} to {quantity.high:g}{unit}':24}"


def _line(kind: str, name: str) -> str:
    module = member(_KINDS[kind], name)
    line = (inspect.getdoc(module) or "").partition("\n")[0]
    if kind == "measures":
        line += f" [{module.UNIT}]"
    if kind == "morphologies" and not _needed(module.build):
        body = module.build()
        line += f" {body.mass:.2f} kg, {body.size:.2f} m, {len(body.joints)} driven joints."
    return line


def _run_line(text: str) -> str:
    content = tomllib.loads(text)
    return f"{content['morphology']['name']} + {content['controller']['name']}"


def describe(kind: str, name: str, morphology: str, options: Sequence[str] = ()) -> str:
    """A member in full: what it is, its options, and a controller's genes on a body.

    Args:
        kind: Of the member.
        name: Of the member.
        morphology: The body; the first that the controller fits where empty.
        options: `key=value` of the controller, which its genes may depend on.
    """
    if kind == "runs":
        if name not in runs():
            raise UnknownNameError("run", name, runs())
        return runs()[name].read_text(encoding="utf-8").rstrip()
    if kind == "quantities":
        return _quantity(name, morphology)
    entry = getattr(member(_KINDS[kind], name), _ENTRY[kind])
    parts = [f"{name}: {inspect.getdoc(entry)}", "Options:\n" + "\n".join(_options(entry))]
    if kind == "controllers":
        named = {"name": morphology}
        body, rows = (
            (morphology, _genes(name, named, options)) if morphology else _fitting(name, options)
        )
        parts.append(f"Genes on '{body}':\n" + "\n".join(rows))
    if kind == "morphologies" and (genes := getattr(member(_KINDS[kind], name), "GENES", ())):
        parts.append("Genes, for [morphology.genes] of a run file:\n" + "\n".join(_rows(genes)))
    return "\n\n".join(parts)


def _quantity(name: str, morphology: str) -> str:
    """A quantity in full, with its elements on a body; on the first that has some where empty."""
    if name not in QUANTITIES:
        raise UnknownNameError("quantity", name, QUANTITIES)
    quantity, bodies = QUANTITIES[name], [morphology] if morphology else _by_default()
    rows = [
        f"{name}: {quantity.meaning}.",
        f"Unit: {quantity.unit}",
        f"Usual range: {_usual(name).strip()}, {quantity.distribution}",
        f"Ranges that it takes: {', '.join(quantity.allowed)}",
        f"A draw of its own for every element: {'yes' if quantity.each else 'no'}, unless told",
        f"Drift: {f'no, {quantity.constant}' if quantity.constant else 'yes'}",
    ]
    for body in bodies:
        build = member("morphologies", body).build
        if needed := _needed(build):
            raise SpecError(
                f"'{body}' needs options ({', '.join(needed)}). Name a body that needs none."
            )
        if names := quantity.elements(build())[0]:
            return "\n".join([*rows, f"Elements on '{body}': {', '.join(names)}"])
    return "\n".join([*rows, f"Elements on '{morphology}': none"] if morphology else rows)


def _by_default() -> list[str]:
    """Bodies that need no options, the common one first."""
    bodies = sorted(members("morphologies"), key=lambda body: (body != COMMON, body))
    return [body for body in bodies if not _needed(member("morphologies", body).build)]


def _options(entry: Callable[..., Any]) -> list[str]:
    rows = []
    for name, parameter in options_of(entry).items():
        kind = _type(parameter.annotation)
        default = (
            "required" if parameter.default is parameter.empty else f"default {parameter.default!r}"
        )
        rows.append(f"  {name}: {kind}, {default}")
    return rows or ["  none"]


def _type(annotation: Any) -> str:
    """A type in words, with the bounds of a number, such as "float > 0 | None"."""
    if annotation is NoneType:
        return "None"
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join(_type(part) for part in get_args(annotation))
    if get_origin(annotation) is Annotated:
        kind, *fields = get_args(annotation)
        bounds = [
            f"{sign} {getattr(bound, name):g}"
            for field in fields
            for bound in getattr(field, "metadata", ())
            for name, sign in _SIGNS.items()
            if hasattr(bound, name)
        ]
        return f"{_type(kind)} {' and '.join(bounds)}".rstrip()
    return inspect.formatannotation(annotation)


def _needed(entry: Callable[..., Any]) -> list[str]:
    return [
        name
        for name, parameter in options_of(entry).items()
        if parameter.default is parameter.empty
    ]


def _fitting(name: str, options: Sequence[str]) -> tuple[str, list[str]]:
    """The first body that a controller fits, and its genes there.

    Raises:
        ModelError: It fits no bundled one.
    """
    for body in _by_default():
        for variant in _variants(member("morphologies", body).build):
            with suppress(ModelError):
                rows = _genes(name, {"name": body, **variant}, options)
                return " ".join(
                    [body, *(f"{option}={value}" for option, value in variant.items())]
                ), rows
    raise ModelError(
        f"Controller '{name}' fits no bundled body. Name one of yours with --morphology."
    )


def _variants(build: Callable[..., Any]) -> list[dict[str, Any]]:
    """The options of a body that make kinds of it: none, then every other choice of an option that names a few."""
    hints = get_type_hints(build)
    return [{}] + [
        {name: choice}
        for name, parameter in options_of(build).items()
        if get_origin(hints.get(name)) is Literal
        for choice in get_args(hints[name])
        if choice != parameter.default
    ]


def _genes(name: str, morphology: dict[str, Any], options: Sequence[str]) -> list[str]:
    chosen: dict[str, Any] = {"name": name}
    for option in options:
        apply(chosen, option)
    spec = RunSpec(
        name=name,
        morphology=MorphologySpec(**morphology),
        controller=ControllerSpec(**chosen),
        fitness={"survival": TermSpec(measure="survival", weight=1.0)},
    )
    return _rows(Experiment(spec).space.genes)


def _rows(genes: Sequence[Gene]) -> list[str]:
    width = max(len(gene.name) for gene in genes)
    return [
        f"  {gene.name:{width}}  {gene.low:8.4g} to {gene.high:8.4g} {gene.unit:8} {gene.meaning}"
        f"{_spacing(gene)}"
        for gene in genes
    ]


def _spacing(gene: Gene) -> str:
    """Where a search begins, and how values are spaced where that is not evenly and continuously."""
    if gene.start is not None:
        return f" (from {gene.start:.4g}{f' ± {gene.spread:.4g}' if gene.spread else ''})"
    if gene.levels:
        return " (switch)" if gene.levels == 2 else f" ({gene.levels} levels)"
    return " (log)" if gene.log else ""
