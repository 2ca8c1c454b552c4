"""Sensors that compiled code computes within the episode, every interval of the sensor."""

from collections import namedtuple

from evoloco.sim.native import address_of, caller, jit, word_row, words
from evoloco.sim.philox import philox, uniform

FUNCTION, PARAMS, MEMORY, PLACE, CHANNELS, INTERVAL, POSITION, ROTATION, STREAM = range(9)
"""Columns of a compiled sensor: addresses of its function and of its parameters; where its memory
and its channels begin in a simulation's row, and how many channels there are; control steps between
readings; where mjData has the address of the arrays of positions and rotations, with the place
within them in `FRAME`; the stream of its random numbers."""

FRAME = 9
"""Column of a compiled sensor: id of the body or camera whose pose it is shown."""

POSE = (POSITION, ROTATION, FRAME)
"""Columns that say whose pose a compiled sensor is shown."""

COMPILED = 10
"""Numbers that describe a compiled sensor."""

RULE = 3
"""Numbers in a row of `rule`."""

WELL, RAISED, STRANGE = 0, 1, 2
"""What a compiled sensor returns: all is well, an exception, or a number that is not finite."""

STREAMS = 16
"""First stream of random numbers that belongs to a compiled sensor; those before it are taken."""

POSITION_SIZE, ROTATION_SIZE = 3, 9
"""Numbers of a position and of a rotation matrix in mjData."""

Instant = namedtuple(
    "Instant", "model data position rotation sensordata time step key_0 key_1 stream"
)
"""What a compiled sensor is shown: addresses of mjModel and mjData; position [m] (3,) and rotation
matrix (3, 3) of the torso or of its camera, as of the physics step before; MuJoCo's sensordata;
time in the episode [s], control step, and key and stream of random numbers (see `chance`)."""

# params, memory, readings, channels, model, data, position, rotation, sensordata, its size, time,
# step, key, stream
call_read = caller("iiiiiiiiiidiiii")


@jit
def chance(seen, index):  # type: ignore[no-untyped-def]
    """A random number in (0, 1): equal for an equal episode, sensor, control step and index.

    Args:
        seen: What the sensor is shown.
        index: Which of the numbers of this control step.
    """
    bits = philox(seen.step, index, seen.stream, 0, seen.key_0, seen.key_1)[0]
    return uniform(bits)


@jit
def sense(plan, sim, t, model, data):  # type: ignore[no-untyped-def]
    """Computes the compiled sensors that are due in control step t.

    Positions in mjData must be those of this simulation. A reading stays where it is written until
    the next one, so a function finds its last readings in what it writes to.

    Returns:
        Whether a sensor failed; which one, and how, is then in the simulation's row of `rule`.
    """
    for index in range(plan.compiled_count):
        sensor = word_row(plan.compiled, index, COMPILED)
        if t % sensor[INTERVAL] == 0:
            fault = read(plan, sim, t, model, data, sensor)
            if fault:
                rule = word_row(plan.rule, sim, RULE)
                rule[0], rule[1] = index, fault
                return True
    return False


@jit
def read(plan, sim, t, model, data, sensor):  # type: ignore[no-untyped-def]
    """Calls one sensor; `WELL`, or how it failed."""
    at = address_of(data)
    readings = plan.true + 8 * (plan.obs_size * sim + sensor[PLACE])
    key = word_row(plan.key, sim, 2)
    frame = sensor[FRAME]
    return call_read(
        sensor[FUNCTION],
        (
            sensor[PARAMS],
            plan.sensor_memory + 8 * (plan.sensor_memory_size * sim + sensor[MEMORY]),
            readings,
            sensor[CHANNELS],
            address_of(model),
            at,
            words(at + sensor[POSITION])[0] + 8 * POSITION_SIZE * frame,
            words(at + sensor[ROTATION])[0] + 8 * ROTATION_SIZE * frame,
            words(at + plan.at_sensordata)[0],
            plan.nsensordata,
            t * plan.physics_dt * plan.substeps,
            t,
            key[0],
            key[1],
            sensor[STREAM],
        ),
    )
