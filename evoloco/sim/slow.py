"""Slow sensors: Python computes them, one simulation at a time, every interval of the sensor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Columns
from evoloco.errors import EvolocoError, error_context, user_code
from evoloco.fields import Array, place
from evoloco.morphology import Morphology
from evoloco.sensor import Computed, Moment
from evoloco.sim.arrays import Arrays


@dataclass(frozen=True)
class Slow:
    """A sensor that Python computes.

    Attributes:
        name: Of the sensor.
        source: Computes it.
        place: Where its channels stand in an observation.
        interval: Control steps between readings.
        dates: Whether its last channel is the age of the reading.
    """

    name: str
    source: Computed
    place: slice
    interval: int
    dates: bool

    @property
    def history(self) -> int:
        """Rows of MuJoCo's readings that it asks for."""
        return getattr(self.source, "history", 1)

    def is_due(self, lived: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the next control step needs a reading, of simulations after `lived` ones (k,)."""
        return np.asarray(lived % self.interval == 0)

    def steps_until_due(self, lived: NDArray[np.int64]) -> int:
        """Control steps until the first of the simulations needs a reading."""
        return int((self.interval - lived % self.interval).min())

    def previous(self, arrays: Arrays, sim: int, control_dt: float) -> Array:
        """The reading before (channels,), with its present age [s]; zeros at the start.

        Args:
            arrays: Of the batch.
            sim: The simulation.
            control_dt: Time between control steps [s].
        """
        found = arrays["true"][sim, self.place].copy()
        lived, age = arrays["lived"][sim], self.place.stop - 1
        if self.dates and lived:
            found[-1] = (lived - arrays["held"][sim, age]) * control_dt
        return np.asarray(found)

    def sensordata(self, arrays: Arrays, sim: int, columns: Columns) -> Array:
        """Readings of MuJoCo's sensors (history, nsensordata), the present ones last.

        Args:
            arrays: Of the batch.
            sim: The simulation.
            columns: Layout of a row of the trace.
        """
        place = columns.slices["sensordata"]
        present = arrays["readings"][sim, : place.stop - place.start]
        lived = int(arrays["lived"][sim])
        if lived == 0:
            return np.tile(present, (self.history, 1))

        trace = arrays["trace"][sim]
        steps = np.maximum(np.arange(lived - self.history + 1, lived), 0)
        return np.vstack([trace[steps % len(trace), place], present])

    def read(self, moment: Moment) -> Array:
        """The reading of a simulation (channels,).

        Raises:
            EvolocoError: The sensor fails, or its reading is of another shape or not finite.
        """
        expected = (self.place.stop - self.place.start,)
        with user_code(f"Sensor '{self.name}'"):
            reading = np.asarray(self.source.read(moment))
            if reading.shape != expected or not np.isfinite(reading).all():
                raise EvolocoError(
                    f"Sensor '{self.name}' must give a finite reading of the shape {expected} "
                    f"(channels,), not {reading} of the shape {reading.shape}."
                )
        return reading


def slow_sensors(morphology: Morphology, control_dt: float) -> list[Slow]:
    """The slow ones of a body's sensors.

    Args:
        morphology: The body.
        control_dt: Time between control steps [s].

    Raises:
        EvolocoError: One cannot be read on this body or this machine.
    """
    layout = morphology.observation
    found = [
        Slow(
            name=sensor.name,
            source=computed,
            place=place(layout, sensor.name),
            interval=max(round(sensor.interval / control_dt), 1),
            dates=sensor.dates,
        )
        for sensor in morphology.sensors
        if (computed := sensor.computed) is not None
    ]
    for slow in found:
        if hasattr(slow.source, "check"):
            with error_context(f"sensors.{slow.name}"), user_code(f"sensor '{slow.name}'"):
                slow.source.check(morphology)
    return found
