"""What the model's touch sensors have told in the last samples."""

from typing import Annotated, Any

import mujoco
import numpy as np
from pydantic import Field

from evoloco.errors import ModelError
from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.sensor import Compiled, Sensor

KINDS = (int(mujoco.mjtSensor.mjSENS_TOUCH), int(mujoco.mjtSensor.mjSENS_TACTILE))
"""Types of touch sensors in MuJoCo."""


def read(params: Any, memory: Any, seen: Any, readings: Array) -> None:  # noqa: ARG001
    """Moves the samples by one and appends the present one; the first one fills the past."""
    count = params.places.size
    for place in range(readings.size - count):
        readings[place] = readings[place + count]
    for place in range(0 if seen.step == 0 else readings.size - count, readings.size):
        readings[place] = seen.sensordata[int(params.places[place % count])]


def sensor(
    morphology: Morphology,
    history: Annotated[int, Field(ge=1, le=1000)] = 1,
) -> Sensor:
    """Readings of the model's touch sensors [MuJoCo's units], the oldest sample first.

    Args:
        morphology: The body.
        history: Samples, one interval of this sensor apart, the present one included.

    Raises:
        ModelError: The model has no touch sensors.
    """
    model = morphology.model
    chosen = [model.sensor(i) for i in range(model.nsensor) if model.sensor_type[i] in KINDS]
    if not chosen:
        raise ModelError(
            "sensors.touch: the body has no touch sensors. Give its model some (MuJoCo's `touch` "
            "or `tactile`)."
        )
    names = [f"{one.name} {k}" for one in chosen for k in range(int(one.dim[0]))]
    places = np.concatenate([one.adr[0] + np.arange(one.dim[0]) for one in chosen])
    ago = range(history - 1, -1, -1)
    channels = tuple(f"{name}, {k} samples ago" for k in ago for name in names)
    source = Compiled(read, {"places": places})
    return Sensor("touch", channels, "MuJoCo's", "readings of the touch sensors", source)
