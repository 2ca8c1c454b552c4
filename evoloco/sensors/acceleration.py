"""Acceleration of the torso, as an accelerometer on it measures it."""

import mujoco

from evoloco.morphology import Morphology
from evoloco.sensor import Reading, Sensor
from evoloco.standard_sensors import RATE

NAME = "torso.acceleration"


def prepare(spec: mujoco.MjSpec, morphology: Morphology) -> None:  # noqa: ARG001 - the contract's
    """Adds an accelerometer at the site of the gyroscope."""
    if any(sensor.name == NAME for sensor in spec.sensors):
        return
    spec.add_sensor(
        name=NAME,
        type=mujoco.mjtSensor.mjSENS_ACCELEROMETER,
        objtype=mujoco.mjtObj.mjOBJ_SITE,
        objname=spec.sensor(RATE).objname,
    )


def sensor(morphology: Morphology) -> Sensor:  # noqa: ARG001 - the contract's
    """Acceleration in the torso's own frame, gravity's reaction included [m/s²]: upward at rest."""
    channels = ("x", "y", "z")
    source = tuple(Reading(NAME, axis) for axis in range(len(channels)))
    return Sensor("acceleration", channels, "m/s²", "acceleration of the torso", source)
