"""A robot's file, `robot.toml`: its servos, sensors, limits and rates.

Every number with a unit is a text with that unit, such as `"90 deg"`. In memory it has the first
unit of its quantity in `robot_log.UNITS`. docs/deploy.md explains every key.
"""

import math
import tomllib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from evoloco import text_file
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
from evoloco.errors import SpecError, UnknownNameError
from evoloco.genome import Array

READY = Path(__file__).with_name("ready")
"""Folder of the ready files."""

AXES = {"x": 0, "y": 1, "z": 2}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Bus(_Table):
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


class Limits(_Table):
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


class Joint(_Table):
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


class Gyroscope(_Table):
    """Where the gyroscope's three numbers stand: signed, two bytes each.

    Attributes:
        address: Of the first.
        step: Turning rate of one unit [rad/s].
    """

    address: int = Field(ge=0)
    step: Speed


class Accelerometer(_Table):
    """Where the accelerometer's three numbers stand: signed, two bytes each.

    Attributes:
        address: Of the first.
        step: Acceleration of one unit [m/s²].
    """

    address: int = Field(ge=0)
    step: Acceleration


class Imu(_Table):
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


class Foot(_Table):
    """Load cell of a foot: a signed number of two bytes.

    Attributes:
        id: Of the device on the bus.
        address: Of the number.
        step: Load of one unit [N].
    """

    id: int = Field(ge=0, le=252)
    address: int = Field(ge=0)
    step: Load


class Start(_Table):
    """How the robot comes to its home posture, and back to it.

    Attributes:
        velocity: Of the fastest joint on the way home [rad/s].
        settle: Time at home before the gait [s].
    """

    velocity: Speed = Field(gt=0)
    settle: Time = Field(ge=0)


class Guard(_Table):
    """When the robot is switched off.

    Attributes:
        tilt: Largest roll or pitch [rad].
        current: How long a current may stay above its limit [s].
        missed: How many deadlines, or answers of a device, may be missed in a row.
    """

    tilt: Angle = Field(gt=0)
    current: Time = Field(ge=0)
    missed: int = Field(ge=1)


class Robot(_Table):
    """A robot.

    Attributes:
        name: Of the robot.
        untested: Why nobody should trust the file yet; empty where it has moved a robot.
        bus: The port.
        limits: Of every joint.
        joints: By name, in the order in which a check asks for them.
        imu: The gyroscope and accelerometer.
        feet: Load cells by foot; none where the robot has none.
        start: How it comes home.
        guard: When it is switched off.
    """

    name: str = Field(min_length=1)
    untested: str = ""
    bus: Bus
    limits: Limits
    joints: dict[str, Joint] = Field(min_length=1)
    imu: Imu
    feet: dict[str, Foot] = Field(default_factory=dict)
    start: Start
    guard: Guard

    @model_validator(mode="after")
    def _own_ids(self) -> "Robot":
        owners: dict[int, str] = {}
        devices: dict[str, Joint | Imu] = {**self.joints, "imu": self.imu}
        for name, device in devices.items():
            if device.id in owners:
                raise ValueError(f"'{owners[device.id]}' and '{name}' have the same id {device.id}")
            owners[device.id] = name
        return self

    @cached_property
    def low(self) -> Array:
        """Lowest commands [rad] (J,)."""
        return np.array([joint.position[0] for joint in self.joints.values()])

    @cached_property
    def high(self) -> Array:
        """Highest commands [rad] (J,)."""
        return np.array([joint.position[1] for joint in self.joints.values()])

    @cached_property
    def velocity(self) -> Array:
        """Fastest change of each command [rad/s] (J,)."""
        return np.array([joint.velocity or self.limits.velocity for joint in self.joints.values()])

    @cached_property
    def current(self) -> Array:
        """Largest current of each servo [A] (J,)."""
        return np.array([joint.current or self.limits.current for joint in self.joints.values()])

    @cached_property
    def temperature(self) -> Array:
        """Highest temperature of each servo [degC] (J,)."""
        common = self.limits.temperature
        return np.array([joint.temperature or common for joint in self.joints.values()])

    @cached_property
    def voltage(self) -> Array:
        """Lowest and highest supply of each servo [V] (J, 2)."""
        return np.array([joint.voltage or self.limits.voltage for joint in self.joints.values()])

    def driving(self, joints: Sequence[str]) -> "Robot":
        """This robot with the joints that a run drives, in their order.

        Raises:
            UnknownNameError: The file has a joint that the run lacks.
            SpecError: The run drives a joint that the file lacks.
        """
        for name in self.joints:
            if name not in joints:
                raise UnknownNameError("joint", name, joints, f"Robot '{self.name}'")
        missing = [name for name in joints if name not in self.joints]
        if missing:
            raise SpecError(
                f"Robot '{self.name}' lacks joints that the run drives: {', '.join(missing)}. "
                "Add them to its file under [joints]."
            )
        return self.model_copy(update={"joints": {name: self.joints[name] for name in joints}})


def rising(pair: tuple[float, float]) -> tuple[float, float]:
    """A pair, lower number first.

    Raises:
        ValueError: It is not.
    """
    if not pair[0] < pair[1]:
        raise ValueError("The first number must be the smaller one")
    return pair


def ready() -> dict[str, Path]:
    """Paths of the ready files by name."""
    return {path.stem: path for path in sorted(READY.glob("*.toml"))}


def read(name: str) -> Robot:
    """Reads a robot's file.

    Args:
        name: Its path, or the name of a ready one.

    Raises:
        SpecError: It is missing, not TOML, or a key or value is not allowed.
    """
    return parse(load(name), name)


def load(name: str) -> dict[str, Any]:
    """Content of a robot's file as TOML has it, unchecked.

    Args:
        name: Its path, or the name of a ready one.

    Raises:
        SpecError: It is missing or not TOML.
    """
    path = Path(name)
    if not name.endswith(".toml"):
        if name not in ready():
            raise UnknownNameError("ready robot", name, ready(), "--robot takes a file.toml, too")
        path = ready()[name]

    try:
        return tomllib.loads(text_file.read(path))
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SpecError(f"{path} is not TOML: {error}.") from None


def parse(content: dict[str, Any], source: str) -> Robot:
    """Checks the content of a robot's file.

    Args:
        content: As TOML has it.
        source: Where it is from, for messages.

    Raises:
        SpecError: A key or value is not allowed.
    """
    try:
        return Robot.model_validate(content)
    except ValidationError as error:
        raise SpecError(f"{source}: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    """The first mistake in one sentence: key, what is wrong, what came."""
    mistake = error.errors()[0]
    location = [str(part) for part in mistake["loc"] if part != "[key]"]
    key, reason = ".".join(location), mistake["msg"].removeprefix("Value error, ")

    if mistake["type"] == "extra_forbidden":
        table = ".".join(location[:-1]) or "the file"
        return f"Unknown key '{location[-1]}' in {table}. docs/deploy.md lists the keys."
    if mistake["type"] == "missing":
        return f"Key '{key}' is missing."
    if isinstance(mistake["input"], dict):
        return f"Table '{key or 'the file'}': {reason}."
    return f"Key '{key}': {reason}; it is {mistake['input']!r}."
