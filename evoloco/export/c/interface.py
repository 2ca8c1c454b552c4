"""The header and the source of an exported controller: what a program on a robot calls."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

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


def _header(
    exported: Exported, host: Host, made: Translation, driven: Sequence[Control], name: str
) -> str:
    upper = name.upper()
    sensors = {
        sensor.name: f"[{sensor.unit}] {sensor.meaning}: {', '.join(sensor.channels)}"
        for sensor in host.morphology.sensors
    }
    order = "\n".join(f" * {place:3d}  {_told(control)}" for place, control in enumerate(driven))
    spec, count, rate = exported.experiment.spec, len(driven), 1 / host.control_dt
    return f"""/*
 * Controller of the run {spec.name}, seed {spec.seed}: {_safe(spec.controller.name)}
 * on {_safe(spec.morphology.name)}.
 *
 * SHA-256 of run file and genome: {exported.sha256}
 *
 * Call {name}_reset() once, and {name}_step() every {upper}_DT seconds ({rate:g} Hz).
 * C99 and libm, no allocation. Numbers are double; define {upper}_FLOAT for float.
 *
 * Commands, in their order:
{order}
 */
#ifndef {upper}_H
#define {upper}_H

#include <stdbool.h>
#include <stdint.h>

#ifdef {upper}_FLOAT
typedef float {name}_real;
#else
typedef double {name}_real;
#endif

#define {upper}_SHA256 "{exported.sha256}"
#define {upper}_CONTROLS {count}
/* Time between steps, and time in which commands fade in from home [s]. */
#define {upper}_DT (({name}_real){host.control_dt!r})
#define {upper}_RAMP (({name}_real){spec.scenario.ramp!r})

/* What the controller feels, as the run's sensors tell it. */
{_in_header(typedef(made.obs, sensors), name)}

/* What the controller remembers. */
{_in_header(typedefs(made.state), name)}

/* One running controller. */
typedef struct {{
    {name}_state state;
    {name}_real answered[{upper}_CONTROLS]; /* by the controller itself */
    {name}_real command[{upper}_CONTROLS];  /* sent last */
    uint32_t steps;
    bool failed;
}} {name};

/* Name, limits and home of each command, and how its servo is mounted. */
extern const char *const {name}_names[{upper}_CONTROLS];
extern const {name}_real {name}_low[{upper}_CONTROLS];
extern const {name}_real {name}_high[{upper}_CONTROLS];
extern const {name}_real {name}_home[{upper}_CONTROLS];
extern const {name}_real {name}_sign[{upper}_CONTROLS];
extern const {name}_real {name}_offset[{upper}_CONTROLS];

/* Begins anew: time 0, commands at home. */
void {name}_reset({name} *self);

/*
 * One control step: writes the commands, faded in from home at first and within their limits.
 *
 * Returns false where a number is not finite; the commands are then those of {name}_hold(), and
 * stay so until {name}_reset().
 */
bool {name}_step({name} *self, const {name}_obs *obs, {name}_real *ctrl);

/* Writes commands that are safe without a controller: {_holds(host)}. */
void {name}_hold(const {name} *self, {name}_real *ctrl);

/* Angle of a servo for a command, by its sign and offset. */
{name}_real {name}_servo(int control, {name}_real command);

#endif
"""


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
    finite = _finite(made)
    return (
        f"""/* Controller of the run {exported.name}; see {name}.h. Made from its sources. */
#include "{name}.h"

#include <math.h>

typedef {name}_real real;

#ifdef {upper}_FLOAT
#define R(number) number##f
#define M(function) function##f
#else
#define R(number) number
#define M(function) function
#endif

{comment(doc) if doc else ""}

{comment(fields) if fields else ""}
{typedefs(made.params)}

{typedefs(*made.scratch)}

static const {made.params.name} PARAMS = {made.values};

const char *const {name}_names[{upper}_CONTROLS] = {{
{names}
}};
{tables}

{made.text}

static bool all_finite(const real *numbers, int count)
{{
    for (int i = 0; i < count; i++) {{
        if (!isfinite(numbers[i])) {{
            return false;
        }}
    }}
    return true;
}}

void {name}_reset({name} *self)
{{
    const {name} zero = {{0}};

    *self = zero;
    for (int j = 0; j < {upper}_CONTROLS; j++) {{
        self->answered[j] = {name}_home[j];
        self->command[j] = {name}_home[j];
    }}
    {made.reset}(&PARAMS, &self->state, {upper}_DT);
}}

bool {name}_step({name} *self, const {name}_obs *obs, real *ctrl)
{{
    const real time = (real)self->steps * {upper}_DT;

    if (self->failed || {finite}) {{
        self->failed = true;
        {name}_hold(self, ctrl);
        return false;
    }}
    {made.step}(&PARAMS, &self->state, obs, time, {upper}_DT, self->answered);
    if (!all_finite(self->answered, {upper}_CONTROLS)) {{
        self->failed = true;
        {name}_hold(self, ctrl);
        return false;
    }}
    self->steps++;

    for (int j = 0; j < {upper}_CONTROLS; j++) {{
        const real home = {name}_home[j];
        real command = self->answered[j];

        if (time < {upper}_RAMP) {{
            command = home + time / {upper}_RAMP * (command - home);
        }}
        command = command < {name}_low[j] ? {name}_low[j] : command;
        command = command > {name}_high[j] ? {name}_high[j] : command;
        self->command[j] = command;
        ctrl[j] = command;
    }}
    return true;
}}

void {name}_hold(const {name} *self, real *ctrl)
{{
    {"" if held == "self->command" else "(void)self;"}
    for (int j = 0; j < {upper}_CONTROLS; j++) {{
        ctrl[j] = {held}[j];
    }}
}}

real {name}_servo(int control, real command)
{{
    return {name}_sign[control] * command + {name}_offset[control];
}}
""".replace("\n    \n", "\n")
        .replace("\n\n\n", "\n\n")
        .replace("\n\n\n", "\n\n")
    )


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
