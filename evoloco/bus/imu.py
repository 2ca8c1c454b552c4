"""A gyroscope and an accelerometer as a device on the bus, like the OpenCR board of the OP3."""

import math
from dataclasses import dataclass

import numpy as np

from evoloco.bus.board import Board
from evoloco.bus.control_table import Register
from evoloco.bus.plant import Readings
from evoloco.genome import Array
from evoloco.robot_log import STANDARD_GRAVITY

OPENCR = 0x7400
"""Model number of ROBOTIS' OpenCR board."""

AXES = "xyz"

LARGEST = 32767
"""Largest number of two bytes."""


@dataclass(frozen=True)
class ImuMount:
    """How an IMU sits in the torso.

    Attributes:
        id: Of the device on the bus.
        rate_address: Of the gyroscope's three numbers, two bytes each.
        rate_step: Turning rate of one unit [rad/s].
        acceleration_address: Of the accelerometer's three numbers, two bytes each.
        acceleration_step: Acceleration of one unit [m/s²].
        axes: Which axis of the device points along x, y and z of the torso, such as "-x".
        rate_noise: Standard deviation of the gyroscope's noise [rad/s].
        acceleration_noise: Standard deviation of the accelerometer's noise [m/s²].
    """

    id: int = 200
    rate_address: int = 32
    rate_step: float = math.radians(1 / 16.4)
    acceleration_address: int = 38
    acceleration_step: float = 2 * STANDARD_GRAVITY / 32768
    axes: tuple[str, str, str] = ("x", "y", "z")
    rate_noise: float = math.radians(0.1)
    acceleration_noise: float = 0.008 * STANDARD_GRAVITY


class Imu(Board):
    """An IMU.

    Args:
        mount: Where it sits.
        random: For its noise.
    """

    def __init__(self, mount: ImuMount, random: np.random.Generator) -> None:
        self._mount, self._random = mount, random
        places = {"rate": mount.rate_address, "acceleration": mount.acceleration_address}
        readings = [
            Register(f"{what}_{axis}", address + 2 * place, 2)
            for what, address in places.items()
            for place, axis in enumerate(AXES)
        ]
        super().__init__(mount.id, readings, OPENCR)

    def feel(self, told: Readings) -> None:
        """Measures."""
        mount = self._mount
        self._hold("rate", told.rate, mount.rate_step, mount.rate_noise)
        self._hold(
            "acceleration", told.acceleration, mount.acceleration_step, mount.acceleration_noise
        )

    def saturate(self) -> None:
        """Tells the largest number everywhere."""
        for name in self.registers.table:
            if name.partition("_")[0] in ("rate", "acceleration"):
                self.registers[name] = LARGEST

    def _hold(self, what: str, vector: Array, step: float, noise: float) -> None:
        """Puts a vector of the torso into the registers, turned into the device."""
        disturbed = vector + noise * self._random.standard_normal(3)
        for axis, value in zip(self._mount.axes, disturbed, strict=True):
            sign = -1 if axis.startswith("-") else 1
            self.registers[f"{what}_{axis[-1]}"] = round(sign * value / step)
