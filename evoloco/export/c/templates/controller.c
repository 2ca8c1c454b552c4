/* Controller of the run {{ run }}; see {{ name }}.h. Made from its sources. */
#include "{{ name }}.h"

#include <math.h>

typedef {{ name }}_real real;

#ifdef {{ upper }}_FLOAT
#define R(number) number##f
#define M(function) function##f
#else
#define R(number) number
#define M(function) function
#endif

{{ about }}

{{ about_params }}
{{ params_types }}

{{ scratch_types }}

static const {{ params_type }} PARAMS = {{ values }};

const char *const {{ name }}_names[{{ upper }}_CONTROLS] = {
{{ names }}
};
{{ tables }}

{{ functions }}

static bool all_finite(const real *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        if (!isfinite(numbers[i])) {
            return false;
        }
    }
    return true;
}

void {{ name }}_reset({{ name }} *self)
{
    const {{ name }} zero = {0};

    *self = zero;
    for (int j = 0; j < {{ upper }}_CONTROLS; j++) {
        self->answered[j] = {{ name }}_home[j];
        self->command[j] = {{ name }}_home[j];
    }
    {{ reset }}(&PARAMS, &self->state, {{ upper }}_DT);
}

bool {{ name }}_step({{ name }} *self, const {{ name }}_obs *obs, real *ctrl)
{
    const real time = (real)self->steps * {{ upper }}_DT;

    if (self->failed || {{ not_finite }}) {
        self->failed = true;
        {{ name }}_hold(self, ctrl);
        return false;
    }
    {{ step }}(&PARAMS, &self->state, obs, time, {{ upper }}_DT, self->answered);
    if (!all_finite(self->answered, {{ upper }}_CONTROLS)) {
        self->failed = true;
        {{ name }}_hold(self, ctrl);
        return false;
    }
    self->steps++;

    for (int j = 0; j < {{ upper }}_CONTROLS; j++) {
        const real home = {{ name }}_home[j];
        real command = self->answered[j];

        if (time < {{ upper }}_RAMP) {
            command = home + time / {{ upper }}_RAMP * (command - home);
        }
        command = command < {{ name }}_low[j] ? {{ name }}_low[j] : command;
        command = command > {{ name }}_high[j] ? {{ name }}_high[j] : command;
        self->command[j] = command;
        ctrl[j] = command;
    }
    return true;
}

void {{ name }}_hold(const {{ name }} *self, real *ctrl)
{
    {{ unused }}
    for (int j = 0; j < {{ upper }}_CONTROLS; j++) {
        ctrl[j] = {{ held }}[j];
    }
}

real {{ name }}_servo(int control, real command)
{
    return {{ name }}_sign[control] * command + {{ name }}_offset[control];
}
