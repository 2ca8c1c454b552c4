"""Text about what a run file can name: one line per member, or one member in full."""

import inspect
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, takewhile
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from evoloco.bundled import runs
from evoloco.errors import ModelError, SpecError, UnknownNameError
from evoloco.experiment import Experiment
from evoloco.genome import Gene
from evoloco.measure import kind_of, unit_of
from evoloco.members import member, members
from evoloco.options import options_of
from evoloco.overrides import apply
from evoloco.randomization.quantities import QUANTITIES
from evoloco.sensor import Sensor
from evoloco.spec import (
    ControllerSpec,
    MorphologySpec,
    NoiseSpec,
    RunSpec,
    ScenarioSpec,
    SensorSpec,
    TargetSpec,
    TermSpec,
)
from evoloco.target import Target

_KINDS = {
    "controllers": "controllers",
    "morphologies": "morphologies",
    "measures": "fitness",
    "optimizers": "optimizers",
    "sensors": "sensors",
    "terrains": "terrains",
}
"""Kind of member -> room."""

_ENTRY = {
    "controllers": "Controller",
    "morphologies": "build",
    "measures": "measure",
    "optimizers": "Optimizer",
    "sensors": "sensor",
    "terrains": "Shape",
}
"""Kind of member -> the class or function that takes its options."""

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}

MOST_GENES = 400
"""Genes that are listed one by one; a network has thousands of weights."""

COMMON = "biped"
"""The body that is tried first when a controller fits several."""

MUSCULAR = "muscle_biped"
"""A body that has muscles, for what only such bodies have."""


def overview(kind: str | None) -> str:
    """Returns one line per member of a kind, or of all kinds."""
    kinds = [kind] if kind else [*_KINDS, "quantities", "runs"]
    sections = ["\n".join([one, *_lines(one)]) for one in kinds]
    return "\n\n".join(sections)


def _lines(kind: str) -> list[str]:
    """Returns name and first line of every member of a kind."""
    if kind == "quantities":
        rows = {name: f"{_usual(name)} {one.meaning}" for name, one in QUANTITIES.items()}
    elif kind == "sensors":
        rows = {name: _sensor_line(one) for name, one in _sensors().items()}
    elif kind == "runs":
        texts = {name: file.read_text(encoding="utf-8") for name, file in runs().items()}
        rows = {name: _run_line(text) for name, text in texts.items()}
    else:
        rows = {name: _line(kind, name) for name in members(_KINDS[kind])}

    width = max((len(name) for name in rows), default=0)
    return [f"  {name:{width}}  {line}" for name, line in rows.items()]


def _sensors(morphology: str = "") -> dict[str, Sensor]:
    """Returns the sensors that a body brings, then the bundled ones.

    Args:
        morphology: The body; if empty, those of bodies with servos and with muscles.
    """
    names = [morphology] if morphology else [COMMON, MUSCULAR]
    bodies = [member("morphologies", name).build() for name in names]
    own = {sensor.name: sensor for body in bodies[::-1] for sensor in body.sensors}
    first = {sensor.name: sensor for sensor in bodies[0].sensors}
    placed = Target().beside(bodies[0])
    bundled = {name: member("sensors", name).sensor(placed) for name in members("sensors")}
    return {**first, **own, **bundled}


def _sensor_line(sensor: Sensor) -> str:
    """Returns what a sensor tells, and where it comes from."""
    bundled = sensor.name in members("sensors")
    return f"{sensor.meaning} [{_units(sensor)}], {'for [sensors]' if bundled else 'of the body'}"


def _units(sensor: Sensor) -> str:
    """Returns the units of a sensor's channels; several equal ones with their number."""
    runs_of_equal = [(unit, len(list(same))) for unit, same in groupby(sensor.unit.split(", "))]
    return ", ".join(unit if many == 1 else f"{unit} x{many}" for unit, many in runs_of_equal)


def _sensor(name: str, morphology: str) -> str:
    """Returns a sensor in full: its channels on a body, and the options of a bundled one.

    Args:
        name: Name of the sensor.
        morphology: The body; if empty, a bundled one that has the sensor.
    """
    known = _sensors(morphology)
    if name not in known:
        raise UnknownNameError("sensor", name, known)

    sensor = known[name]
    rows = [
        f"{name}: {sensor.meaning}.",
        f"Unit: {_units(sensor)}",
        f"Channels: {', '.join(sensor.channels)}",
    ]
    if name in members("sensors"):
        entry = member("sensors", name).sensor
        rows = [f"{name}: {inspect.getdoc(entry)}", *rows[1:], "Options:", *_options(entry)]
    noise = ", ".join(NoiseSpec.model_fields)
    keys = f"source, interval [s], delay [s], noise {{ {noise} }}"
    return "\n".join([*rows, f"Keys of [sensors.{name}] besides: {keys}"])


def _usual(name: str) -> str:
    """Returns the usual range of a quantity, padded to the width of a column."""
    quantity = QUANTITIES[name]
    unit = "" if quantity.how == "factor" or quantity.unit == "1" else f" {quantity.unit}"
    span = f"{quantity.low:g} to {quantity.high:g}{unit}"
    return f"{quantity.how:6} {span:24}"


def _line(kind: str, name: str) -> str:
    """Returns the first line of a member's docstring, with its unit or size."""
    module = member(_KINDS[kind], name)
    line = (inspect.getdoc(module) or "").partition("\n")[0]
    if kind == "measures":
        line += f" [{unit_of(module)}], {kind_of(module)}"
    if kind == "morphologies" and not _required(module.build):
        body = module.build()
        line += f" {body.mass:.2f} kg, {body.size:.2f} m, {len(body.joints)} driven joints."
    return line


def _run_line(text: str) -> str:
    """Returns the first sentence of a run file's comment; without one, body and controller."""
    comment = " ".join(line.lstrip("# ") for line in takewhile(_is_comment, text.splitlines()))
    if comment:
        return comment.partition(". ")[0].rstrip(".") + "."
    content = tomllib.loads(text)
    return f"{content['morphology']['name']} + {content['controller']['name']}"


def _is_comment(line: str) -> bool:
    return line.startswith("#")


def describe(kind: str, name: str, morphology: str, options: Sequence[str] = ()) -> str:
    """Returns a member in full: what it is, its options, and a controller's genes on a body.

    Args:
        kind: Kind of member.
        name: Name of the member.
        morphology: The body; if empty, the first one that fits the controller.
        options: Options of the controller as `key=value`; its genes may depend on them.
    """
    if kind == "runs":
        if name not in runs():
            raise UnknownNameError("run", name, runs())
        return runs()[name].read_text(encoding="utf-8").rstrip()
    if kind == "quantities":
        return _quantity(name, morphology)
    if kind == "sensors":
        return _sensor(name, morphology)

    module = member(_KINDS[kind], name)
    entry = getattr(module, _ENTRY[kind])
    parts = [f"{name}: {inspect.getdoc(entry)}", "\n".join(["Options:", *_options(entry)])]

    if kind == "controllers" and morphology:
        genes = _genes(name, {"name": morphology}, options)
        parts.append("\n".join([f"Genes on '{morphology}':", *genes]))
    elif kind == "controllers":
        body, genes = _fitting(name, options)
        parts.append("\n".join([f"Genes on '{body}':", *genes]))

    own = getattr(module, "GENES", ())
    if kind == "morphologies" and own:
        parts.append("\n".join(["Genes, for [morphology.genes] of a run file:", *_rows(own)]))
    return "\n\n".join(parts)


def _quantity(name: str, morphology: str) -> str:
    """Returns a quantity in full, with its elements on a body.

    Args:
        name: Name of the quantity.
        morphology: The body; if empty, the first one that has elements of the quantity.
    """
    if name not in QUANTITIES:
        raise UnknownNameError("quantity", name, QUANTITIES)

    quantity = QUANTITIES[name]
    drift = f"no, {quantity.constant}" if quantity.constant else "yes"
    rows = [
        f"{name}: {quantity.meaning}.",
        f"Unit: {quantity.unit}",
        f"Usual range: {_usual(name).strip()}, {quantity.distribution}",
        f"Ranges that it takes: {', '.join(quantity.allowed)}",
        f"A draw of its own for every element: {'yes' if quantity.each else 'no'}, unless told",
        f"Drift: {drift}",
    ]

    bodies = [morphology] if morphology else _without_options()
    for body in bodies:
        build = member("morphologies", body).build
        if needed := _required(build):
            raise SpecError(
                f"'{body}' needs options ({', '.join(needed)}). Name a body that needs none."
            )
        names = quantity.elements(build())[0]
        if names:
            return "\n".join([*rows, f"Elements on '{body}': {', '.join(names)}"])
    if morphology:
        rows.append(f"Elements on '{morphology}': none")
    return "\n".join(rows)


def _without_options() -> list[str]:
    """Returns the bodies that need no options, the common one first."""
    bodies = sorted(members("morphologies"), key=lambda body: (body != COMMON, body))
    return [body for body in bodies if not _required(member("morphologies", body).build)]


def _options(entry: Callable[..., Any]) -> list[str]:
    """Returns one line per option: name, type and default."""
    rows = []
    for name, parameter in options_of(entry).items():
        required = parameter.default is parameter.empty
        default = "required" if required else f"default {parameter.default!r}"
        rows.append(f"  {name}: {_type(parameter.annotation)}, {default}")
    return rows or ["  none"]


def _type(annotation: Any) -> str:
    """Returns a type as text, with the bounds of a number, such as "float > 0 | None"."""
    if annotation is NoneType:
        return "None"
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join(_type(part) for part in get_args(annotation))
    if annotation is Ellipsis:
        return "..."
    if (container := get_origin(annotation)) in (Mapping, tuple):
        return f"{container.__name__}[{', '.join(_type(part) for part in get_args(annotation))}]"
    if get_origin(annotation) is not Annotated:
        return inspect.formatannotation(annotation)

    kind, *fields = get_args(annotation)
    bounds = []
    for field in fields:
        for bound in getattr(field, "metadata", ()):
            bounds += [
                f"{sign} {getattr(bound, name):g}"
                for name, sign in _SIGNS.items()
                if hasattr(bound, name)
            ]
    return f"{_type(kind)} {' and '.join(bounds)}".rstrip()


def _required(entry: Callable[..., Any]) -> list[str]:
    """Returns the names of the options that have no default."""
    options = options_of(entry)
    return [name for name, option in options.items() if option.default is option.empty]


def _fitting(name: str, options: Sequence[str]) -> tuple[str, list[str]]:
    """Returns the first bundled body that fits a controller, and the controller's genes on it.

    Raises:
        ModelError: No bundled body fits.
    """
    for body in _without_options():
        for variant in _variants(member("morphologies", body).build):
            with suppress(ModelError):
                rows = _genes(name, {"name": body, **variant}, options)
                chosen = [f"{option}={value}" for option, value in variant.items()]
                return " ".join([body, *chosen]), rows
    raise ModelError(
        f"Controller '{name}' fits no bundled body. Name one of yours with --morphology."
    )


def _variants(build: Callable[..., Any]) -> list[dict[str, Any]]:
    """Returns the body's options to try: the defaults first, then each other choice alone.

    Only options with a fixed list of choices (`Literal`) are varied.
    """
    hints = get_type_hints(build)
    variants: list[dict[str, Any]] = [{}]
    for name, parameter in options_of(build).items():
        if get_origin(hints.get(name)) is Literal:
            others = [choice for choice in get_args(hints[name]) if choice != parameter.default]
            variants += [{name: choice} for choice in others]
    return variants


def _genes(name: str, morphology: dict[str, Any], options: Sequence[str]) -> list[str]:
    """Returns one line per gene of a controller on a body.

    Raises:
        ModelError: The body does not fit.
    """
    chosen: dict[str, Any] = {"name": name}
    for option in options:
        apply(chosen, option)

    needed = getattr(member("controllers", name), "SENSORS", ())
    spec = RunSpec(
        name=name,
        morphology=MorphologySpec(**morphology),
        controller=ControllerSpec(**chosen),
        fitness={"survival": TermSpec(measure="survival", weight=1.0)},
        sensors={sensor: SensorSpec() for sensor in needed},
        scenario=ScenarioSpec(target=TargetSpec() if "target" in needed else None),
    )
    return _rows(Experiment(spec).space.genes)


def _rows(genes: Sequence[Gene]) -> list[str]:
    """Returns one line per gene: name, bounds, unit, meaning, start or spacing."""
    if len(genes) > MOST_GENES:
        more = len(genes) - MOST_GENES
        return [*_rows(genes[:MOST_GENES]), f"  ... and {more} more of the same kinds"]
    width = max(len(gene.name) for gene in genes)
    return [
        f"  {gene.name:{width}}  {gene.low:8.4g} to {gene.high:8.4g} {gene.unit:8} {gene.meaning}"
        f"{_spacing(gene)}"
        for gene in genes
    ]


def _spacing(gene: Gene) -> str:
    """Returns the start of a gene, or how its values are spaced if not linearly."""
    if gene.start is not None:
        spread = f" ± {gene.spread:.4g}" if gene.spread else ""
        return f" (from {gene.start:.4g}{spread})"
    if gene.levels:
        return " (switch)" if gene.levels == 2 else f" ({gene.levels} levels)"
    return " (log)" if gene.log else ""
