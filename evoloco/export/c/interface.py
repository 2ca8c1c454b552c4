"""The header and the source of an exported controller: what a program on a robot calls."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from evoloco.export.c.kinds import INDENT
from evoloco.export.c.literals import literal
from evoloco.export.c.program import comment
from evoloco.export.c.source import Translation, translate, typedef, typedefs
from evoloco.export.calibration import Calibration
from evoloco.export.description import Control, controls
from evoloco.export.exported import Exported
from evoloco.host import Host


@dataclass(frozen=True)
class Sources:
    """An exported controller.

    Attributes:
        name: With which its names and files begin.
        header: `NAME.h`.
        source: `NAME.c`.
        controls: Number of commands.
        size: Real numbers that one running controller needs at most.
    """

    name: str
    header: str
    source: str
    controls: int
    size: int


def sources(exported: Exported, name: str, calibration: dict[str, Calibration]) -> Sources:
    """Writes the C of a champion.

    Args:
        exported: The champion.
        name: With which its names and files begin; a name in C.
        calibration: How its servos are mounted, by name of the control.

    Raises:
        ExportError: Something in the controller has no counterpart in C.
        ControllerError: The controller reads what can be known in the run's own simulation only.
    """
    made, host = translate(exported, name), exported.host()
    driven = controls(host, calibration)
    return Sources(
        name,
        _header(exported, host, made, driven, name),
        _source(exported, host, made, driven, name),
        len(driven),
        max(1, made.state.size) + 2 * len(driven),
    )


@cache
def _templates() -> Environment:
    """The text around what is translated."""
    return Environment(
        loader=PackageLoader("evoloco.export.c", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def _header(
    exported: Exported, host: Host, made: Translation, driven: Sequence[Control], name: str
) -> str:
    sensors = {
        sensor.name: f"[{sensor.unit}] {sensor.meaning}: {', '.join(sensor.channels)}"
        for sensor in host.morphology.sensors
    }
    order = "\n".join(f" * {place:3d}  {_told(control)}" for place, control in enumerate(driven))
    spec = exported.experiment.spec
    return (
        _templates()
        .get_template("controller.h")
        .render(
            name=name,
            upper=name.upper(),
            run=spec.name,
            seed=spec.seed,
            controller=_safe(spec.controller.name),
            morphology=_safe(spec.morphology.name),
            sha256=exported.sha256,
            rate=1 / host.control_dt,
            dt=repr(host.control_dt),
            ramp=repr(spec.scenario.ramp),
            order=order,
            count=len(driven),
            obs_type=_in_header(typedef(made.obs, sensors), name),
            state_types=_in_header(typedefs(made.state), name),
            held=_holds(host),
        )
    )


def _told(control: Control) -> str:
    """A command in one line of a comment."""
    low, high = _limits(control)
    return (
        f"{_safe(control.name)}: [{control.unit}] {low:g} to {high:g}, "
        f"home {control.home:g}, servo = {control.sign:+d} * command {control.offset:+g}"
    )


def _limits(control: Control) -> tuple[float, float]:
    """Limits of a command; infinite where there are none."""
    low, high = control.low, control.high
    return -math.inf if low is None else low, math.inf if high is None else high


def _safe(text: str) -> str:
    """A text that does not end a comment."""
    return text.replace("*/", "* /").replace("/*", "/ *")


def _in_header(text: str, name: str) -> str:
    """Types of the header, where `real` has a longer name."""
    return text.replace("    real ", f"    {name}_real ")


def _holds(host: Host) -> str:
    """What `hold` does."""
    servos = not host.morphology.muscles and not host.morphology.torques
    return "those sent last" if servos else "those of home"


def _source(
    exported: Exported, host: Host, made: Translation, driven: Sequence[Control], name: str
) -> str:
    upper, controller = name.upper(), exported.experiment.controller
    doc = cleandoc(type(controller).__doc__ or "")
    fields = cleandoc(getattr(type(controller).parameters, "__doc__", "") or "")
    held = "self->command" if _holds(host) == "those sent last" else f"{name}_home"
    low, high = zip(*(_limits(control) for control in driven), strict=True)
    columns = {key: [getattr(c, key) for c in driven] for key in ("home", "sign", "offset")}
    tables = "\n".join(
        f"const real {name}_{key}[{upper}_CONTROLS] = {_row(values)};"
        for key, values in {"low": low, "high": high, **columns}.items()
    )
    names = ",\n".join(f"    {json.dumps(control.name)}" for control in driven)
    text = (
        _templates()
        .get_template("controller.c")
        .render(
            name=name,
            upper=upper,
            run=exported.name,
            about=comment(doc) if doc else "",
            about_params=comment(fields) if fields else "",
            params_types=typedefs(made.params),
            scratch_types=typedefs(*made.scratch),
            params_type=made.params.name,
            values=made.values,
            names=names,
            tables=tables,
            functions=made.text,
            reset=made.reset,
            step=made.step,
            not_finite=_finite(made),
            held=held,
            unused="" if held == "self->command" else "(void)self;",
        )
    )
    return re.sub(r"\n{3,}", "\n\n", text.replace("\n    \n", "\n"))


def _finite(made: Translation) -> str:
    """The test that an observation is not finite."""
    if not made.obs.size:
        return "false"
    return f"!all_finite((const real *)obs, {made.obs.size})"


def _row(values: Sequence[Any]) -> str:
    """Numbers as C initialises an array."""
    texts = [literal(float(value)).text for value in values]
    rows = [", ".join(texts[at : at + 5]) for at in range(0, len(texts), 5)]
    return "{\n" + ",\n".join(f"{INDENT}{row}" for row in rows) + "\n}"
