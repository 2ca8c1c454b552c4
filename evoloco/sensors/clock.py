"""A clock: sine and cosine of the time in the episode."""

from typing import Annotated

from pydantic import Field

from evoloco.morphology import Morphology
from evoloco.sensor import Clock, Sensor


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    period: Annotated[float, Field(gt=0)] = 0.7,
) -> Sensor:
    """Sine and cosine of 2 pi time / period [1], for controllers that keep no time of their own.

    Args:
        morphology: The body.
        period: Of one turn [s], such as that of a stride.
    """
    meaning = "sine and cosine of the time in the episode"
    return Sensor("clock", ("sin", "cos"), "1", meaning, Clock(period))
