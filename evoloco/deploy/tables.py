"""The tables of a robot's file: its bus, limits, joints, sensors, start and guards.

docs/deploy.md explains every key.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from evoloco.bus.control_table import MODELS
from evoloco.deploy.quantity import (
    Acceleration,
    Angle,
    Current,
    Load,
    Speed,
    Temperature,
    Time,
    Voltage,
)
from evoloco.errors import UnknownNameError
from evoloco.genome import Array

AXES = {"x": 0, "y": 1, "z": 2}


class Table(BaseModel):
    """A table of the file, which has no other keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Bus(Table):
    """The port.

    Attributes:
        port: Such as /dev/ttyUSB0; empty where it must be named on the command line.
        baud: [bit/s].
        latency: Longest time that an answer takes besides that of its bytes [s].
        watchdog: Silence after which a servo's own watchdog stops it [s].
    """

    port: str = ""
    baud: int = Field(gt=0)
    latency: Time = Field(gt=0)
    watchdog: Time = Field(gt=0)


class Limits(Table):
    """What no joint may exceed.

    Attributes:
        velocity: Fastest change of a command [rad/s].
        current: Largest current, for as long as `guard.current` lasts [A].
        temperature: Highest temperature [degC].
        voltage: Lowest and highest supply [V].
    """

    velocity: Speed = Field(gt=0)
    current: Current = Field(gt=0)
    temperature: Temperature
    voltage: tuple[Voltage, Voltage]

    @field_validator("voltage")
    @classmethod
    def _rising(cls, pair: tuple[float, float]) -> tuple[float, float]:
        return rising(pair)


class Joint(Table):
    """A joint and its servo: joint angle = sign (servo angle - zero).

    Attributes:
        id: Of the servo on the bus.
        model: Of the servo.
        sign: 1 where the servo counts up as the joint's angle rises, else -1.
        zero: Angle of the servo where the joint's is 0, from the middle of its turn [rad].
        position: Lowest and highest command [rad].
        velocity: Instead of that of `limits` [rad/s].
        current: Likewise [A].
        temperature: Likewise [degC].
        voltage: Likewise [V].
        gain: Position P gain of the firmware, written at the start; left as it is where None.
    """

    id: int = Field(ge=0, le=252)
    model: str
    sign: Literal[1, -1]
    zero: Angle = Field(ge=-math.pi, le=math.pi)
    position: tuple[Angle, Angle]
    velocity: Speed | None = None
    current: Current | None = None
    temperature: Temperature | None = None
    voltage: tuple[Voltage, Voltage] | None = None
    gain: int | None = Field(None, ge=0, le=16383)

    @field_validator("model")
    @classmethod
    def _known(cls, model: str) -> str:
        if model not in MODELS:
            raise ValueError(str(UnknownNameError("servo model", model, MODELS)).rstrip("."))
        return model

    @field_validator("position")
    @classmethod
    def _rising(cls, pair: tuple[float, float]) -> tuple[float, float]:
        return rising(pair)

    @model_validator(mode="after")
    def _within_a_turn(self) -> "Joint":
        if max(abs(self.servo_angle(end)) for end in self.position) > math.pi:
            raise ValueError(
                "`position` and `zero` lead beyond half a turn of the servo, "
                "which its position mode does not reach"
            )
        return self

    def servo_angle(self, angle: float) -> float:
        """Angle of the servo at an angle of the joint, from the middle of its turn [rad]."""
        return self.zero + self.sign * angle

    def joint_angle(self, angle: float) -> float:
        """Angle of the joint at an angle of the servo [rad]."""
        return self.sign * (angle - self.zero)


class Gyroscope(Table):
    """Where the gyroscope's three numbers stand: signed, two bytes each.

    Attributes:
        address: Of the first.
        step: Turning rate of one unit [rad/s].
    """

    address: int = Field(ge=0)
    step: Speed


class Accelerometer(Table):
    """Where the accelerometer's three numbers stand: signed, two bytes each.

    Attributes:
        address: Of the first.
        step: Acceleration of one unit [m/s²].
    """

    address: int = Field(ge=0)
    step: Acceleration


class Imu(Table):
    """Gyroscope and accelerometer, behind one device on the bus.

    Attributes:
        id: Of the device.
        rate: Of the gyroscope.
        acceleration: Of the accelerometer.
        axes: Which axis of the device points along x (forward), y (left) and z (up) of the torso.
    """

    id: int = Field(ge=0, le=252)
    rate: Gyroscope
    acceleration: Accelerometer
    axes: tuple[str, str, str] = ("x", "y", "z")

    @field_validator("axes")
    @classmethod
    def _right_handed(cls, axes: tuple[str, str, str]) -> tuple[str, str, str]:
        if {axis.removeprefix("-") for axis in axes} != set(AXES):
            raise ValueError("Each of x, y and z must come once, with a minus or without")
        if np.linalg.det(_turn(axes)) < 0:
            raise ValueError("The axes are those of a mirror image: turn one of them round")
        return axes

    @property
    def turn(self) -> Array:
        """Turns a vector of the device into one of the torso (3, 3)."""
        return _turn(self.axes)


def _turn(axes: Sequence[str]) -> Array:
    """Matrix (3, 3) with one of ±1 in every row."""
    turn = np.zeros((3, 3))
    for row, axis in enumerate(axes):
        turn[row, AXES[axis.removeprefix("-")]] = -1.0 if axis.startswith("-") else 1.0
    return turn


class Foot(Table):
    """Load cell of a foot: a signed number of two bytes.

    Attributes:
        id: Of the device on the bus.
        address: Of the number.
        step: Load of one unit [N].
    """

    id: int = Field(ge=0, le=252)
    address: int = Field(ge=0)
    step: Load


class Start(Table):
    """How the robot comes to its home posture, and back to it.

    Attributes:
        velocity: Of the fastest joint on the way home [rad/s].
        settle: Time at home before the gait [s].
    """

    velocity: Speed = Field(gt=0)
    settle: Time = Field(ge=0)


class Guard(Table):
    """When the robot is switched off.

    Attributes:
        tilt: Largest roll or pitch [rad].
        current: How long a current may stay above its limit [s].
        missed: How many deadlines, or answers of a device, may be missed in a row.
    """

    tilt: Angle = Field(gt=0)
    current: Time = Field(ge=0)
    missed: int = Field(ge=1)


def rising(pair: tuple[float, float]) -> tuple[float, float]:
    """A pair, lower number first.

    Raises:
        ValueError: It is not.
    """
    if not pair[0] < pair[1]:
        raise ValueError("The first number must be the smaller one")
    return pair
