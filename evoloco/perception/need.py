"""What a learned sensor needs to know of a simulation, what it is then shown, and what it answers.

A reader declares what it needs. The framework gathers it whenever the sensor is due, shows it to
the reader, and holds, delays and dates the answer (`evoloco.perception.learned`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array

if TYPE_CHECKING:
    import mujoco


@dataclass(frozen=True)
class State:
    """The state alone: poses of all bodies, geoms, sites, cameras and lights."""


@dataclass(frozen=True)
class Rays:
    """Distances along rays from a camera, one through the middle of each pixel.

    The body that carries the camera is transparent to them.

    Attributes:
        width: Rays side by side.
        height: Rays one above the other.
        field_of_view: Vertical angle of the picture that they form [deg].
        reach: Longest distance [m].
    """

    width: int
    height: int
    field_of_view: float
    reach: float


@dataclass(frozen=True)
class Touch:
    """Readings of the model's touch sensors, now and before.

    Attributes:
        history: Number of readings, one control step apart, the present one included.
    """

    history: int


@dataclass(frozen=True)
class Picture:
    """A picture from a camera, without shadows and with one sample per pixel.

    Attributes:
        width: Of the picture [px].
        height: Of the picture [px].
    """

    width: int
    height: int


@dataclass(frozen=True)
class Readings:
    """Readings of MuJoCo sensors that the model has by these names, now and before.

    Attributes:
        sensors: Their names.
        history: Number of readings, one control step apart, the present one included.
    """

    sensors: tuple[str, ...]
    history: int


Need = State | Rays | Touch | Readings | Picture
"""What a reader may ask for."""


@dataclass(frozen=True)
class Eye:
    """Where a camera is, and how it looks.

    Attributes:
        position: In the world [m] (3,).
        rotation: From the camera's frame to the world's (3, 3). The camera looks along its negative
            z axis; x is to the right in the picture and y upward.
        field_of_view: Vertical angle of its picture [deg].
    """

    position: Array
    rotation: Array
    field_of_view: float


@dataclass(frozen=True)
class Seen:
    """What a reader is shown of one simulation, at one instant.

    Arrays that it has not asked for are empty. `data` serves the next simulation too, so a reader
    keeps nothing of it.

    Attributes:
        model: Of the simulation.
        data: With positions computed, of cameras and lights too, but neither velocities nor forces.
        eye: The sensor's camera; None for a sensor without one.
        picture: RGB (height, width, 3), the uppermost row first.
        distances: Along each ray [m] (height, width), the uppermost row first; `reach` where it
            hits nothing.
        geoms: Ids of what each ray hits (height, width); -1 where it hits nothing.
        touch: Readings [N] (history, touch sensors), the oldest first. Before the episode the body
            stood still: the past holds the first reading.
        readings: Of the named sensors (history, their numbers), likewise.
    """

    model: mujoco.MjModel
    data: mujoco.MjData
    eye: Eye | None = None
    picture: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 0, 3), np.uint8))
    distances: Array = field(default_factory=lambda: np.empty((0, 0)))
    geoms: NDArray[np.int32] = field(default_factory=lambda: np.empty((0, 0), np.int32))
    touch: Array = field(default_factory=lambda: np.empty((0, 0)))
    readings: Array = field(default_factory=lambda: np.empty((0, 0)))


class Reader(Protocol):
    """What a learned sensor is made of: what it must be shown, and what it makes of that.

    Equal arguments give equal answers: a reader keeps nothing from one call to the next.
    """

    @property
    def needs(self) -> Need | tuple[Need, ...]:
        """What it must be shown: one need, or several of different kinds."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the numbers that it answers; "confidence" and "age" are the last ones."""

    def read(self, seen: Seen, previous: Array) -> Array | None:
        """Answers what it makes of one simulation (channels,); None where it detects nothing.

        No detection is None, a number that is not finite, or a confidence of 0 or less: the values
        before then stay, with the confidence 0, and their age grows. The framework writes the age,
        whatever the answer has in its place.

        Args:
            seen: What the reader needs.
            previous: The answer before (channels,), with its present age [s]; zeros at first.
        """
