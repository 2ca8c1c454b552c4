"""A robot's file, `robot.toml`: its servos, sensors, limits and rates.

Every number with a unit is a text with that unit, such as `"90 deg"`. In memory it has the first
unit of its quantity in `robot_log.UNITS`. docs/deploy.md explains every key.
"""

import tomllib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError, model_validator

from evoloco import text_file
from evoloco.deploy.tables import Bus, Foot, Guard, Imu, Joint, Limits, Start, Table
from evoloco.errors import SpecError, UnknownNameError
from evoloco.genome import Array

READY = Path(__file__).with_name("ready")
"""Folder of the ready files."""


class Robot(Table):
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
