"""Roll and pitch of the torso, estimated from gyroscope and accelerometer as a robot does it."""

from evoloco.morphology import Morphology
from evoloco.sensor import Sensor

NEEDS = ("rate", "acceleration")
"""Sensors whose felt readings the estimate is formed from, noise and delay included."""


def sensor(morphology: Morphology) -> Sensor:  # noqa: ARG001 - the contract's
    """Roll and pitch of the torso [rad] from a complementary filter (see `sim/observe.py`)."""
    return Sensor(
        "estimated_tilt",
        ("roll", "pitch"),
        "rad",
        "tilt of the torso, estimated from rate and acceleration",
        "estimated_tilt",
    )
