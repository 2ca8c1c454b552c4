"""Roll and pitch of the torso, estimated from gyroscope and accelerometer as a robot does it."""

from typing import Annotated

from pydantic import Field

from evoloco.morphology import Morphology
from evoloco.sensor import Estimate, Sensor

NEEDS = ("rate", "acceleration")
"""Sensors whose felt readings the estimate is formed from, noise and delay included."""


def sensor(
    morphology: Morphology,  # noqa: ARG001 - the contract's
    time_constant: Annotated[float, Field(gt=0)] = 2.0,
) -> Sensor:
    """Roll and pitch of the torso [rad] from a complementary filter (see `sim/observe.py`).

    Args:
        morphology: The body.
        time_constant: With which the measured acceleration corrects the integral of the turning
            rate [s]. A longer one trusts the gyroscope for longer.
    """
    meaning = "tilt of the torso, estimated from rate and acceleration"
    source = Estimate(time_constant)
    return Sensor("estimated_tilt", ("roll", "pitch"), "rad", meaning, source)
