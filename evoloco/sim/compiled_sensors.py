"""Compiles the functions of sensors that the episode kernel calls, and lists them for it."""

from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
import mujoco
import numpy as np
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from evoloco import fields
from evoloco.errors import SpecError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception.cameras import camera_id
from evoloco.sensor import Compiled
from evoloco.sim import cache, capi, sense
from evoloco.sim.compile import jit, reason
from evoloco.sim.steps import control_steps

_READ = '''"""A compiled sensor; made by evoloco, may be deleted."""

import math

import numba
from numba import carray, types

import evoloco.sim.compiled_sensors as compiled_sensors
from evoloco.sim.sense import RAISED, STRANGE, WELL, Instant

read, *layouts = compiled_sensors.given
params_row, memory_row = (types.CPointer(numba.from_dtype(kind)) for kind in layouts)
array, real, word = types.CPointer(types.float64), types.float64, types.int64


def native_read(
    params, memory, readings, channels, model, data, position, rotation, sensordata, size,
    time, step, key_0, key_1, stream,
):
    found = carray(readings, (channels,))
    seen = Instant(
        model, data, carray(position, (3,)), carray(rotation, (3, 3)), carray(sensordata, (size,)),
        time, step, key_0, key_1, stream,
    )
    try:
        read(carray(params, (1,))[0], carray(memory, (1,))[0], seen, found)
    except Exception:
        return RAISED
    for channel in range(channels):
        if not math.isfinite(found[channel]):
            return STRANGE
    return WELL


native_read = numba.cfunc(
    types.int64(
        params_row, memory_row, array, word, word, word, array, array, array, word,
        real, word, word, word, word,
    ),
    error_model="numpy",
    cache=True,
)(native_read)
'''

given: tuple[Any, ...] = ()
"""What the module made of `_READ` compiles while it is imported: a function and its layouts."""

FAULTS = {
    sense.RAISED: "raised an exception",
    sense.STRANGE: "gave a number that is not finite",
}
"""How a compiled sensor fails."""


class CompiledSensors:
    """The compiled ones of a body's sensors, as the kernel reads them.

    Args:
        morphology: The body.
        control_dt: Time between control steps [s].

    Attributes:
        names: Of the sensors.
        table: A row for each (n, COMPILED), see `evoloco.sim.sense`.
        memory_size: Numbers that they remember of a simulation.

    Raises:
        SpecError: Numba cannot compile a function; the message says why.
        UnknownNameError: The body has no such camera.
        EvolocoError: An interval is not a whole number of control steps.
    """

    def __init__(self, morphology: Morphology, control_dt: float) -> None:
        sensors = [one for one in morphology.sensors if isinstance(one.source, Compiled)]
        self.names = tuple(sensor.name for sensor in sensors)
        self.table = np.zeros((len(sensors), sense.COMPILED), np.int64)
        self.memory_size = 0
        self._kept: list[tuple[Array, Any]] = []  # what the table has addresses of

        for stream, (row, sensor) in enumerate(zip(self.table, sensors, strict=True)):
            where = fields.place(morphology.observation, sensor.name)
            steps = control_steps(sensor.interval, control_dt, f"sensors.{sensor.name}.interval")
            row[sense.PLACE], row[sense.CHANNELS] = where.start, where.stop - where.start
            row[sense.INTERVAL], row[sense.STREAM] = max(steps, 1), sense.STREAMS + stream
            if isinstance(sensor.source, Compiled):
                self._add(row, sensor.name, sensor.source)
                row[list(sense.POSE)] = _pose(sensor.name, sensor.source.camera, morphology)

    def fault(self, rule: Sequence[int]) -> str:
        """Which sensor failed and how, from the row `rule` of a simulation."""
        return f"Sensor '{self.names[rule[0]]}' {FAULTS[rule[1]]}"

    def _add(self, row: NDArray[np.int64], name: str, source: Compiled) -> None:
        """Compiles a sensor's function and makes room for what it remembers."""
        params, memory = fields.flatten(source.params), fields.layout(source.memory)
        module = _compile(name, source, fields.layout_of(source.params), memory)
        self._kept.append((params, module))

        row[sense.FUNCTION] = module.native_read.address
        row[sense.PARAMS] = params.ctypes.data
        row[sense.MEMORY] = self.memory_size
        self.memory_size += fields.size(memory)


def _compile(name: str, source: Compiled, *kinds: fields.Layout) -> Any:
    """The module with a sensor's compiled function."""
    global given
    llvm.load_library_permanently(capi.library_path())  # where the functions of MuJoCo are
    given = (jit(source.read), *kinds)
    try:
        return cache.compiled(_READ, (source.read, sense.sense), kinds)
    except (NumbaError, KeyError) as error:  # a KeyError where a record lacks a field
        raise SpecError(
            f"Numba cannot compile the sensor '{name}': {reason(error)}. Allowed is what a "
            "controller's step may do. See docs/sensors.md."
        ) from error


def _pose(name: str, camera: str, morphology: Morphology) -> tuple[int, int, int]:
    """Where mjData has positions and rotations of bodies or cameras, and which of them is meant."""
    model, data = morphology.model, mujoco.MjData(morphology.model)
    if camera:
        kinds, chosen = ("cam_xpos", "cam_xmat"), camera_id(model, camera, name)
    else:
        kinds, chosen = ("xpos", "xmat"), int(model.body(morphology.torso_frame).id)
    position, rotation = (capi.pointer_offset(data, kind) for kind in kinds)
    return position, rotation, chosen
