"""What one episode left behind: how it ended, and one row of arrays per control step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from evoloco.fields import size
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import LOADED, Mask, find_stance

Address = Callable[[int, int], str]
"""Names the episode of a genome in a scenario, both given by index, for messages."""


def unnamed(genome: int, scenario: int) -> str:
    """The address of an episode of which nothing more is known."""
    return f"Genome {genome} in scenario {scenario}"


class Outcome(StrEnum):
    """How an episode ended; the later in this list, the worse."""

    COMPLETED = "completed"
    FELL = "fell"
    UNSTABLE = "unstable"
    FAILED = "failed"


class Columns:
    """Where each recorded array stands in a row of the trace.

    | name                                   | meaning                                                          |
    |----------------------------------------|------------------------------------------------------------------|
    | `time qpos qvel act ctrl sensordata`   | MuJoCo's, as the controller saw them; `ctrl` is what it answered |
    | `actuator_force`                       | MuJoCo's, of the physics step before                             |
    | `obs`                                  | what the controller felt: with interval, delay and noise         |
    | `peak_load`                            | largest ground force under each foot within the step [N] (F)     |
    | `body_contact`                         | 1 where anything but a foot touched the ground within the step   |
    | `controller_state`                     | the controller's state (only where asked for)                    |
    """

    def __init__(self, morphology: Morphology, state_size: int = 0) -> None:
        model = morphology.model
        self.widths = {
            "time": 1,
            "qpos": model.nq,
            "qvel": model.nv,
            "act": model.na,
            "ctrl": model.nu,
            "actuator_force": model.nu,
            "sensordata": model.nsensordata,
            "obs": size(morphology.observation),
            "peak_load": len(morphology.feet),
            "body_contact": 1,
            "controller_state": state_size,
        }
        ends = np.cumsum(list(self.widths.values()))
        self.slices = {
            name: slice(int(end) - width, int(end))
            for (name, width), end in zip(self.widths.items(), ends, strict=True)
        }
        self.size = int(ends[-1])


@dataclass(frozen=True)
class Episode:
    """One simulated episode.

    Attributes:
        morphology: The body.
        columns: Layout of `trace`.
        trace: One row per lived control step (T, columns.size), T >= 1.
        outcome: How it ended.
        control_dt: Time between rows [s].
        planned: Number of control steps of a completed episode.
    """

    morphology: Morphology
    columns: Columns
    trace: Array
    outcome: Outcome
    control_dt: float
    planned: int

    def __len__(self) -> int:
        return len(self.trace)

    def __getitem__(self, name: str) -> Array:
        """A recorded array (T, width) by its name in `Columns`."""
        return self.trace[:, self.columns.slices[name]]

    def sensor(self, name: str) -> Array:
        """Readings (T, dim) of a sensor of the model."""
        start = self.columns.slices["sensordata"].start
        where = self.morphology.sensor(name)
        return self.trace[:, start + where.start : start + where.stop]

    def sensors(self, names: Sequence[str]) -> Array:
        """Readings of sensors side by side (T, sum of dims), copied."""
        start = self.columns.slices["sensordata"].start
        places = [self.morphology.sensor(name) for name in names]
        return self.trace[
            :, [start + column for place in places for column in range(place.start, place.stop)]
        ]

    @property
    def survival(self) -> float:
        """Lived part of the planned duration."""
        return len(self) / self.planned

    @property
    def time(self) -> Array:
        """Time of each row [s] (T,)."""
        return self["time"][:, 0]

    @cached_property
    def joint_angle(self) -> Array:
        """Angles of the driven joints [rad] (T, nu)."""
        return np.array(
            [self.sensor(f"{joint.name}.angle")[:, 0] for joint in self.morphology.joints]
        ).T

    @cached_property
    def joint_velocity(self) -> Array:
        """Velocities of the driven joints [rad/s] (T, nu)."""
        return np.array(
            [self.sensor(f"{joint.name}.velocity")[:, 0] for joint in self.morphology.joints]
        ).T

    @cached_property
    def up(self) -> Array:
        """The world's upward direction in the torso's frame [1] (T, 3)."""
        w, x, y, z = self.sensor("torso.orientation").T
        return np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1)

    @cached_property
    def tilt(self) -> Array:
        """Angle between the torso's vertical axis and the world's [rad] (T,)."""
        return np.arccos(np.clip(self.up[:, 2], -1.0, 1.0))

    @cached_property
    def yaw(self) -> Array:
        """Angle of the torso's forward axis from the world's x axis, seen from above [rad] (T,)."""
        w, x, y, z = self.sensor("torso.orientation").T
        return np.asarray(np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z)))

    @cached_property
    def foot_force(self) -> Array:
        """Force of the ground on each foot, in the world [N] (T, F, 3)."""
        return self._feet("ground")[:3].transpose(2, 1, 0)

    @cached_property
    def foot_load(self) -> Array:
        """Vertical ground force under each foot [N] (T, F)."""
        return self.foot_force[:, :, 2]

    @cached_property
    def stance(self) -> Mask:
        """Which feet stand (T, F)."""
        return find_stance(self.foot_load / self.morphology.weight, self.control_dt)

    @cached_property
    def foot_loaded(self) -> Mask:
        """Whether each foot carries more than `LOADED` (T, F)."""
        return np.asarray(self.foot_load > LOADED * self.morphology.weight)

    @cached_property
    def foot_position(self) -> Array:
        """Origin of each foot body, in the world [m] (T, F, 3)."""
        return self._feet("position").transpose(2, 1, 0)

    @cached_property
    def foot_height(self) -> Array:
        """Height of each foot over its mean height while loaded [m] (T, F); over its lowest if it never is.

        That is the height of the sole over even ground as long as the foot is
        level; a foot that swings toes down is nearer to the ground than this.
        """
        height, loaded = self.foot_position[:, :, 2], self.foot_loaded
        count = loaded.sum(axis=0)
        ground = (height * loaded).sum(axis=0) / np.maximum(count, 1)
        return np.asarray(height - np.where(count > 0, ground, height.min(axis=0)))

    @cached_property
    def foot_slip(self) -> Array:
        """Horizontal speed of each foot at its centre of pressure [m/s] (T, F); 0 where it is unloaded.

        The foot is taken as rigid: v + spin x (centre - origin), so a foot
        that rolls over its edge does not slip.
        """
        ground, velocity, spin = self._feet("ground"), self._feet("velocity"), self._feet("spin")
        lever = ground[3:] - self._feet("position")
        slip_x = velocity[0] + spin[1] * lever[2] - spin[2] * lever[1]
        slip_y = velocity[1] + spin[2] * lever[0] - spin[0] * lever[2]
        return np.asarray((np.sqrt(slip_x**2 + slip_y**2) * (ground[2] > 0)).T)

    def _feet(self, name: str) -> Array:
        """Readings of the feet's sensors of a kind (dim, F, T): contiguous in time, which is fast to work on."""
        return np.array(
            [self.sensor(f"{foot}.{name}").T for foot in self.morphology.feet]
        ).swapaxes(0, 1)
