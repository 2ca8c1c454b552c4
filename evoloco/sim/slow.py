"""Slow sensors: Python computes them for a whole batch, every interval of the sensor."""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError, user_code
from evoloco.fields import Array, place
from evoloco.morphology import Morphology
from evoloco.sensor import Computed


@dataclass(frozen=True)
class Slow:
    """A sensor that Python computes.

    Attributes:
        name: Of the sensor.
        source: Computes it.
        place: Where its channels stand in an observation.
        interval: Control steps between readings.
    """

    name: str
    source: Computed
    place: slice
    interval: int

    def is_due(self, lived: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the next control step needs a reading, of simulations after `lived` ones (k,)."""
        return np.asarray(lived % self.interval == 0)

    def steps_until_due(self, lived: NDArray[np.int64]) -> int:
        """Control steps until the first of the simulations needs a reading."""
        return int((self.interval - lived % self.interval).min())

    def read(self, models: Sequence[mujoco.MjModel], states: Array) -> Array:
        """Readings (simulations, channels).

        Args:
            models: Of each simulation.
            states: MuJoCo's states (simulations, nstate), in the order of mj_getState.

        Raises:
            EvolocoError: The sensor fails, or its readings are of another shape or not finite.
        """
        expected = len(states), self.place.stop - self.place.start
        with user_code(f"Sensor '{self.name}'"):
            readings = np.asarray(self.source.read(models, states))
            if readings.shape != expected or not np.isfinite(readings).all():
                raise EvolocoError(
                    f"Sensor '{self.name}' must give finite readings of the shape {expected} "
                    f"(simulations, channels), not {readings.shape}."
                )
        return readings


def slow_sensors(morphology: Morphology, control_dt: float) -> list[Slow]:
    """The slow ones of a body's sensors.

    Args:
        morphology: The body.
        control_dt: Time between control steps [s].
    """
    layout = morphology.observation
    return [
        Slow(
            name=sensor.name,
            source=computed,
            place=place(layout, sensor.name),
            interval=max(round(sensor.interval / control_dt), 1),
        )
        for sensor in morphology.sensors
        if (computed := sensor.computed) is not None
    ]
