"""Compiles the functions of sensors that the episode kernel calls, and lists them for it."""

from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
import mujoco
import numpy as np
from numba.core.errors import NumbaError

from evoloco import fields
from evoloco.errors import SpecError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.perception.cameras import camera_id
from evoloco.sensor import Compiled, Sensor
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
        chosen = [one for one in morphology.sensors if isinstance(one.source, Compiled)]
        self.names = tuple(sensor.name for sensor in chosen)
        self.table = np.zeros((len(chosen), sense.COMPILED), np.int64)
        self.memory_size = 0
        self._params: list[Array] = []
        self._modules: list[Any] = []
        data = mujoco.MjData(morphology.model) if chosen else None
        for index, sensor in enumerate(chosen):
            self._describe(index, sensor, morphology, control_dt, data)

    def fault(self, rule: Sequence[int]) -> str:
        """Which sensor failed and how, from the row `rule` of a simulation."""
        return f"Sensor '{self.names[rule[0]]}' {FAULTS[rule[1]]}"

    def _describe(
        self, index: int, sensor: Sensor, morphology: Morphology, control_dt: float, data: Any
    ) -> None:
        """Compiles a sensor's function and fills its row of the table."""
        source = sensor.source
        assert isinstance(source, Compiled)
        params = fields.flatten(source.params)
        memory = fields.layout(source.memory)
        module = _compile(sensor.name, source, fields.layout_of(source.params), memory)
        self._params.append(params)
        self._modules.append(module)

        row = self.table[index]
        where = fields.place(morphology.observation, sensor.name)
        steps = control_steps(sensor.interval, control_dt, f"sensors.{sensor.name}.interval")
        row[sense.FUNCTION] = module.native_read.address
        row[sense.PARAMS] = params.ctypes.data
        row[sense.MEMORY] = self.memory_size
        row[sense.PLACE], row[sense.CHANNELS] = where.start, where.stop - where.start
        row[sense.INTERVAL] = max(steps, 1)
        row[sense.STREAM] = sense.STREAMS + index
        row[[sense.POSITION, sense.ROTATION, sense.FRAME]] = _frame(sensor, morphology, data)
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


def _frame(sensor: Sensor, morphology: Morphology, data: Any) -> tuple[int, int, int]:
    """Where mjData has positions and rotations of cameras or bodies, and which of them is meant."""
    camera = sensor.source.camera
    if not camera:
        kinds, chosen = ("xpos", "xmat"), morphology.model.body(morphology.torso_frame).id
    else:
        kinds, chosen = ("cam_xpos", "cam_xmat"), camera_id(morphology.model, camera, sensor.name)
    return (*(capi.pointer_offset(data, kind) for kind in kinds), chosen)
