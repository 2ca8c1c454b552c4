/*
 * Controller of the run {{ run }}, seed {{ seed }}: {{ controller }}
 * on {{ morphology }}.
 *
 * SHA-256 of run file and genome: {{ sha256 }}
 *
 * Call {{ name }}_reset() once, and {{ name }}_step() every {{ upper }}_DT seconds ({{ '%g' % rate }} Hz).
 * C99 and libm, no allocation. Numbers are double; define {{ upper }}_FLOAT for float.
 *
 * Commands, in their order:
{{ order }}
 */
#ifndef {{ upper }}_H
#define {{ upper }}_H

#include <stdbool.h>
#include <stdint.h>

#ifdef {{ upper }}_FLOAT
typedef float {{ name }}_real;
#else
typedef double {{ name }}_real;
#endif

#define {{ upper }}_SHA256 "{{ sha256 }}"
#define {{ upper }}_CONTROLS {{ count }}
/* Time between steps, and time in which commands fade in from home [s]. */
#define {{ upper }}_DT (({{ name }}_real){{ dt }})
#define {{ upper }}_RAMP (({{ name }}_real){{ ramp }})

/* What the controller feels, as the run's sensors tell it. */
{{ obs_type }}

/* What the controller remembers. */
{{ state_types }}

/* One running controller. */
typedef struct {
    {{ name }}_state state;
    {{ name }}_real answered[{{ upper }}_CONTROLS]; /* by the controller itself */
    {{ name }}_real command[{{ upper }}_CONTROLS];  /* sent last */
    uint32_t steps;
    bool failed;
} {{ name }};

/* Name, limits and home of each command, and how its servo is mounted. */
extern const char *const {{ name }}_names[{{ upper }}_CONTROLS];
extern const {{ name }}_real {{ name }}_low[{{ upper }}_CONTROLS];
extern const {{ name }}_real {{ name }}_high[{{ upper }}_CONTROLS];
extern const {{ name }}_real {{ name }}_home[{{ upper }}_CONTROLS];
extern const {{ name }}_real {{ name }}_sign[{{ upper }}_CONTROLS];
extern const {{ name }}_real {{ name }}_offset[{{ upper }}_CONTROLS];

/* Begins anew: time 0, commands at home. */
void {{ name }}_reset({{ name }} *self);

/*
 * One control step: writes the commands, faded in from home at first and within their limits.
 *
 * Returns false where a number is not finite; the commands are then those of {{ name }}_hold(), and
 * stay so until {{ name }}_reset().
 */
bool {{ name }}_step({{ name }} *self, const {{ name }}_obs *obs, {{ name }}_real *ctrl);

/* Writes commands that are safe without a controller: {{ held }}. */
void {{ name }}_hold(const {{ name }} *self, {{ name }}_real *ctrl);

/* Angle of a servo for a command, by its sign and offset. */
{{ name }}_real {{ name }}_servo(int control, {{ name }}_real command);

#endif
