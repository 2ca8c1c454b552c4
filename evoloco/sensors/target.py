"""Where the ball of `[scenario.target]` is, exactly: what a perfect eye would tell."""

import math
from typing import Annotated, Any

from pydantic import Field

from evoloco.errors import ModelError
from evoloco.fields import Array, Record
from evoloco.morphology import Morphology
from evoloco.sensor import Compiled, Sensor
from evoloco.target import POSITION, has_target

LEAST = 1e-9
"""Below this, the torso's forward axis has no level direction [1]."""


def read(params: Record, memory: Record, seen: Any, readings: Array) -> None:  # noqa: ARG001
    """Writes where the ball is if it is in view; else the last place stays, unsure."""
    torso, ball = int(params.torso), int(params.ball)
    x = seen.sensordata[ball] - seen.sensordata[torso]
    y = seen.sensordata[ball + 1] - seen.sensordata[torso + 1]

    ahead_x, ahead_y = seen.rotation[0, 0], seen.rotation[1, 0]
    level = max(math.hypot(ahead_x, ahead_y), LEAST)
    forward = (ahead_x * x + ahead_y * y) / level
    left = (ahead_x * y - ahead_y * x) / level

    readings[2] = 0.0
    if abs(math.atan2(left, forward)) <= params.half_view:
        readings[0], readings[1], readings[2] = forward, left, 1.0


def sensor(
    morphology: Morphology,
    field_of_view: Annotated[float, Field(gt=0, le=360)] = 360.0,
) -> Sensor:
    """Place of the ball's centre [m], on the level, from the torso and along its heading.

    Args:
        morphology: The body, beside a target.
        field_of_view: Level angle within which the ball is seen, half of it to either side of the
            heading [degrees].

    Raises:
        ModelError: There is no target.
    """
    if not has_target(morphology):
        raise ModelError(
            "sensors.target: this run has no target. Add the table [scenario.target] to the run "
            "file."
        )
    params = {
        "torso": morphology.sensor("torso.position").start,
        "ball": morphology.sensor(POSITION).start,
        "half_view": math.radians(field_of_view / 2),
    }
    channels = ("forward", "left", "confidence", "age")
    meaning = "where the ball is from the torso, how sure that is, and how old"
    return Sensor("target", channels, "m, m, 1, s", meaning, Compiled(read, params))
