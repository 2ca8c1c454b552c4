"""A test beside an exported controller: it gives stored observations, and compares commands."""

from collections.abc import Sequence

from evoloco.export.c.kinds import INDENT
from evoloco.export.exported import Exported
from evoloco.export.felt import observations, stepped
from evoloco.export.trace import recorded
from evoloco.genome import Array

STEPS = 50
"""Control steps in a test."""

LARGEST = 1e-3
"""Largest difference of a command in float, as a share of its range."""


def harness(exported: Exported, name: str) -> str:
    """The test `NAME_test.c` of an exported controller.

    Args:
        exported: The champion.
        name: With which its names and files begin.
    """
    trace = recorded(exported, STEPS * exported.experiment.spec.scenario.control_dt)
    felt = observations(exported.host(), trace)
    commands = stepped(exported, felt)
    upper, (steps, count) = name.upper(), felt.shape
    return f"""/*
 * Tests {name}.c: gives it what was felt in an episode, and compares its commands.
 *
 *     cc -std=c99 -O2 -o {name}_test {name}_test.c {name}.c -lm && ./{name}_test
 *     cc -std=c99 -O2 -D{upper}_FLOAT -o {name}_test {name}_test.c {name}.c -lm && ./{name}_test
 */
#include "{name}.h"

#include <math.h>
#include <stdio.h>

#define STEPS {steps}
#define SENSED {count}

#ifdef {upper}_FLOAT
#define LARGEST {LARGEST!r} /* of the range of a command */
#else
#define LARGEST 1e-9
#endif

static const double FELT[STEPS][SENSED] = {{
{_rows(felt)}
}};

static const double COMMANDS[STEPS][{upper}_CONTROLS] = {{
{_rows(commands)}
}};

int main(void)
{{
    {name} controller;
    {name}_obs obs;
    {name}_real *felt = ({name}_real *)&obs, ctrl[{upper}_CONTROLS];
    double worst = 0;

    {name}_reset(&controller);
    for (int t = 0; t < STEPS; t++) {{
        for (int i = 0; i < SENSED; i++) {{
            felt[i] = ({name}_real)FELT[t][i];
        }}
        if (!{name}_step(&controller, &obs, ctrl)) {{
            printf("a number is not finite in step %d\\n", t);
            return 1;
        }}
        for (int j = 0; j < {upper}_CONTROLS; j++) {{
            const double range = (double){name}_high[j] - (double){name}_low[j];
            const double away = fabs((double)ctrl[j] - COMMANDS[t][j]);
            const double difference = away / (isfinite(range) ? range : 1 + fabs(COMMANDS[t][j]));

            worst = difference > worst ? difference : worst;
        }}
    }}
    printf("{name}: %d steps, largest difference %.3g of a command's range\\n", STEPS, worst);
    return worst <= LARGEST ? 0 : 1;
}}
"""


def _rows(table: Array) -> str:
    """Rows of numbers as C initialises them."""
    return ",\n".join(f"{INDENT}{{{_row(row)}}}" for row in table.tolist())


def _row(row: Sequence[float]) -> str:
    """Numbers, six in a line."""
    texts = [repr(value) for value in row]
    parts = [", ".join(texts[at : at + 6]) for at in range(0, len(texts), 6)]
    return f",\n{INDENT} ".join(parts)
