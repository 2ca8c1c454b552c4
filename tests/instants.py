"""Compiled sensors that are asked once, outside an episode."""

from functools import cache

import llvmlite.binding as llvm
import numpy as np

from evoloco import fields
from evoloco.sim import capi
from evoloco.sim.compile import jit
from evoloco.sim.sense import Instant

llvm.load_library_permanently(capi.library_path())


def instant(model, data, position, rotation, step=0):
    """What a sensor with this pose is shown."""
    pose = np.array(position), np.array(rotation).reshape(3, 3)
    return Instant(model._address, data._address, *pose, data.sensordata, 0.0, step, 1, 2, 16)


@cache
def compiled(read):
    """A sensor's function, compiled once for all tests of a file."""
    return jit(read)


class Asked:
    """A compiled sensor that remembers as it would in an episode."""

    def __init__(self, sensor):
        source = sensor.source
        kind = fields.layout_of(source.params)
        self.params = fields.record(fields.flatten(source.params), kind)
        self.memory = fields.zeros(fields.layout(source.memory))
        self.readings = np.zeros(len(sensor.channels))
        self._read = compiled(source.read)

    def __call__(self, seen):
        self._read(self.params, self.memory, seen, self.readings)
        return self.readings.copy()
