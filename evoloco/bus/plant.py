"""What stands behind an emulated bus: a robot that servos drive and sensors feel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from evoloco.genome import Array


@dataclass(frozen=True, eq=False)
class Readings:
    """What a robot's sensors would tell without any error.

    Attributes:
        angle: Of each joint [rad] (n,).
        velocity: Of each joint [rad/s] (n,).
        torque: Of each servo on its joint [N m] (n,).
        orientation: Quaternion of the torso in the world (4,).
        rate: Turning rate of the torso in its own frame [rad/s] (3,).
        acceleration: Of the torso in its own frame, gravity's reaction included [m/s²] (3,).
        load: Vertical force of the ground on each foot [N] (F,).
    """

    angle: Array
    velocity: Array
    torque: Array
    orientation: Array
    rate: Array
    acceleration: Array
    load: Array


class Plant(Protocol):
    """A robot in simulated time, which begins at rest in its home posture.

    Equal calls give equal readings. Joints and feet keep their order.
    """

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the n joints that servos drive."""

    @property
    def feet(self) -> tuple[str, ...]:
        """Names of the F feet whose load can be felt."""

    @property
    def home(self) -> Array:
        """Targets of the servos at the beginning [rad] (n,)."""

    def read(self) -> Readings:
        """What is felt now."""

    def advance(self, targets: Array, driven: NDArray[np.bool_], duration: float) -> None:
        """Lets time pass.

        Args:
            targets: Angle that each servo is to hold [rad] (n,).
            driven: Whether each servo exerts a torque (n,). The others are limp.
            duration: [s].
        """

    def truth(self) -> Mapping[str, float]:
        """What no sensor tells, for reports: by name, with the unit in the name."""


@runtime_checkable
class Pushable(Protocol):
    """A plant that can be pushed."""

    def push(self, velocity: Array) -> None:
        """Changes the velocity of the torso, in the world [m/s] (3,)."""
