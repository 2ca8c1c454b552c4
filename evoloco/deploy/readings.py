"""What a robot tells in one control step."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from evoloco.genome import Array


@dataclass(frozen=True, eq=False)
class Readings:
    """What the devices on the bus told.

    Attributes:
        position: Of each joint [rad] (J,).
        velocity: Of each joint [rad/s] (J,).
        current: Of each servo, positive along its joint [A] (J,).
        temperature: Of each servo [degC] (J,).
        voltage: Of each servo's supply [V] (J,).
        rate: Turning rate of the torso in its own frame [rad/s] (3,).
        acceleration: Of the torso in its own frame, gravity's reaction included [m/s²] (3,).
        load: Of each foot with a load cell [N] (F,).
        error: Hardware errors of each servo, bits of its register (J,).
        torque: 1 where a servo's torque is on, else 0 (J,).
    """

    position: Array
    velocity: Array
    current: Array
    temperature: Array
    voltage: Array
    rate: Array
    acceleration: Array
    load: Array
    error: Array
    torque: Array

    def plain(self) -> dict[str, list[float]]:
        """As JSON has it."""
        return {one.name: getattr(self, one.name).tolist() for one in fields(self)}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Readings":
        """Readings from what `plain` made."""
        return cls(**{name: np.array(values, float) for name, values in plain.items()})
