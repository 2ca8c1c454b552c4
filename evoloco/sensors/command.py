"""What the scenario asks of the body."""

from evoloco.morphology import Morphology
from evoloco.sensor import Sensor


def sensor(morphology: Morphology) -> Sensor:  # noqa: ARG001 - the contract's
    """Present speed [m/s], heading [rad] and turning rate [rad/s] of `[scenario.command]`."""
    return Sensor(
        "command",
        ("speed", "heading", "turning_rate"),
        "m/s, rad, rad/s",
        "speed, heading and turning rate that are asked for",
        "command",
    )
