"""What one episode left behind: how it ended, and a trace with one row per control step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evoloco import row
from evoloco.ending import Ending, Outcome
from evoloco.fields import Layout, size
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import Mask, Rows, find_stance, loaded_force

Address = Callable[[int, int], str]
"""Name of an episode for messages, from the indices of its genome and its scenario."""


def unnamed(genome: int, scenario: int) -> str:
    """The default address: the two indices."""
    return f"Genome {genome} in scenario {scenario}"


class Columns:
    """Where each recorded array stands in a row of the trace.

    | name                        | meaning                                                       |
    |-----------------------------|---------------------------------------------------------------|
    | `time qpos qvel act`        | MuJoCo's, at the control step                                 |
    | `ctrl`                      | what the controller answered                                  |
    | `actuator_force sensordata` | MuJoCo's, of the physics step before                          |
    | `obs`                       | what the controller felt: with interval, delay and noise      |

    The others are of the S physics steps that follow, until the next control step:

    | name                | shape     | meaning                                                   |
    |---------------------|-----------|-----------------------------------------------------------|
    | `ground_force`      | (S, F, 3) | force of the ground on each foot, in the world [N]        |
    | `foot_slip`         | (S, F)    | horizontal speed of a foot at its centre of pressure [m/s]|
    | `limit_torque`      | (S, nu)   | of the joints' limits [N m], where muscles drive them     |
    | `positive_work`     | (nu,)     | that each actuator did [J]                                |
    | `negative_work`     | (nu,)     | that each actuator took up [J], not below 0               |
    | `electrical_energy` | (nu,)     | that each servo drew [J], where servos have motors        |
    | `shake`             | (3,)      | sums of the torso's changes of motion (`evoloco.sim.sums`)|
    | `body_contact`      | number    | share of them in which more than feet touch the ground [1]|
    | `controller_state`  |           | state of the controller, if asked for                     |

    Args:
        morphology: The body.
        substeps: Physics steps in a control step, S.
        state_size: Numbers in the controller's state that are recorded.

    Attributes:
        substeps: S.
        shapes: Shape of each array.
        widths: Length of each array.
        slices: Place of each array.
        size: Numbers in a row.
    """

    def __init__(self, morphology: Morphology, substeps: int, state_size: int = 0) -> None:
        model, feet = morphology.model, len(morphology.feet)
        joints = len(morphology.joints) if morphology.muscles else 0
        self.substeps = substeps
        self.shapes: dict[str, tuple[int, ...]] = {
            "time": (1,),
            "qpos": (model.nq,),
            "qvel": (model.nv,),
            "act": (model.na,),
            "ctrl": (model.nu,),
            "actuator_force": (model.nu,),
            "sensordata": (model.nsensordata,),
            "obs": (size(morphology.observation),),
            "ground_force": (substeps, feet, 3),
            "foot_slip": (substeps, feet),
            "limit_torque": (substeps, joints),
            "positive_work": (model.nu,),
            "negative_work": (model.nu,),
            "electrical_energy": (model.nu if morphology.has_motors else 0,),
            "shake": (3,),
            "body_contact": (1,),
            "controller_state": (state_size,),
        }
        self.widths = {name: int(np.prod(shape)) for name, shape in self.shapes.items()}
        ends = np.cumsum(list(self.widths.values()))
        self.slices = {
            name: slice(int(end) - width, int(end))
            for (name, width), end in zip(self.widths.items(), ends, strict=True)
        }
        self.size = int(ends[-1])
        self._morphology = morphology

    @cached_property
    def record(self) -> Layout:
        """Layout of a row as a record with named fields over the same numbers (`evoloco.row`)."""
        return row.layout(self._morphology, self.slices, self.shapes, self.size)


@dataclass(frozen=True)
class Episode:
    """One simulated episode of T control steps, each of S physics steps.

    Arrays (T, ...) have a row per control step, arrays (T S, ...) one per physics step.

    Attributes:
        morphology: The body.
        columns: Layout of `trace`.
        trace: One row per lived control step (T, columns.size), T >= 1.
        last: Readings of the model's sensors in the last physics step (nsensordata,).
        ending: How it ended.
        control_dt: Time between rows [s].
        planned: Number of control steps of a completed episode.
    """

    morphology: Morphology
    columns: Columns
    trace: Array
    last: Array
    ending: Ending
    control_dt: float
    planned: int

    def __len__(self) -> int:
        return len(self.trace)

    def __getitem__(self, name: str) -> Array:
        """A recorded array (T, width) by its name in `Columns`."""
        return self.trace[:, self.columns.slices[name]]

    @property
    def outcome(self) -> Outcome:
        """How it ended, in a word."""
        return self.ending.outcome

    @property
    def survival(self) -> float:
        """Lived part of the planned duration."""
        return len(self) / self.planned

    @property
    def duration(self) -> float:
        """Lived time [s]."""
        return len(self) * self.control_dt

    # Time

    @property
    def substeps(self) -> int:
        """Physics steps in a control step, S."""
        return self.columns.substeps

    @property
    def physics_dt(self) -> float:
        """Time between physics steps [s]."""
        return self.control_dt / self.substeps

    @property
    def time(self) -> Array:
        """Time of each control step [s] (T,)."""
        return self["time"][:, 0]

    @cached_property
    def physics_time(self) -> Array:
        """Time of each physics step [s] (T S,)."""
        return np.asarray(self.time[0] + self.physics_dt * np.arange(len(self) * self.substeps))

    def at_physics_steps(self, name: str) -> Array:
        """A recorded array with a value per physics step (T S, ...)."""
        return self[name].reshape(len(self) * self.substeps, *self.columns.shapes[name][1:])

    def per_control_step(self, values: Array) -> Array:
        """Means (T, ...) of values at physics steps (T S, ...) over each control step."""
        return np.asarray(values.reshape(len(self), self.substeps, *values.shape[1:]).mean(axis=1))

    def between(self, values: Array, rates: Array) -> Array:
        """A smooth signal at the physics steps (T S, k): cubic between readings of sensors.

        A sensor is read in the last physics step before a control step, at first in the first one.

        Args:
            values: Readings, the last ones included (T + 1, k).
            rates: Their rates of change [1/s] (T + 1, k).

        With readings v_0, v_1 and rates r_0, r_1 at both ends of an interval of h seconds, at its
        part u,

            (1 + 2 u) (1 - u)^2 v_0 + u^2 (3 - 2 u) v_1 + h u (1 - u) ((1 - u) r_0 - u r_1)     (1)

        Its error is at most h^4 / 384 times the largest fourth derivative.
        """
        if self.substeps == 1:
            return values[1:]
        knots = self.substeps * np.arange(len(self) + 1) - 1
        knots[0] = 0
        steps = np.arange(len(self) * self.substeps)
        start = np.minimum(np.searchsorted(knots, steps, side="right"), len(self)) - 1
        length = knots[start + 1] - knots[start]
        u = ((steps - knots[start]) / length)[:, None]
        h = (length * self.physics_dt)[:, None]

        ends = (1 + 2 * u) * (1 - u) ** 2 * values[start] + u**2 * (3 - 2 * u) * values[start + 1]
        bend = (1 - u) * rates[start] - u * rates[start + 1]
        return np.asarray(ends + h * u * (1 - u) * bend)  # (1)

    # Sensors

    def sensor(self, name: str) -> Array:
        """Readings (T, dim) of a sensor of the model."""
        start = self.columns.slices["sensordata"].start
        where = self.morphology.sensor(name)
        return self.trace[:, start + where.start : start + where.stop]

    def sensors(self, names: Sequence[str]) -> Array:
        """Readings of sensors side by side (T, sum of dims), copied."""
        return self.trace[:, self.columns.slices["sensordata"].start + self._places(names)]

    def readings(self, names: Sequence[str]) -> Array:
        """Readings of sensors side by side (T + 1, sum of dims), the last ones included."""
        return np.concatenate([self.sensors(names), self.last[None, self._places(names)]])

    def _places(self, names: Sequence[str]) -> Rows:
        """Where the readings of sensors stand in sensordata."""
        places = [self.morphology.sensor(name) for name in names]
        return np.array([index for place in places for index in range(place.start, place.stop)])

    # Joints

    @cached_property
    def joint_angle(self) -> Array:
        """Angles of the driven joints [rad] (T, nu)."""
        return self.sensors([f"{joint.name}.angle" for joint in self.morphology.joints])

    @cached_property
    def joint_velocity(self) -> Array:
        """Velocities of the driven joints [rad/s] (T, nu)."""
        return self.sensors([f"{joint.name}.velocity" for joint in self.morphology.joints])

    @cached_property
    def joint_motion(self) -> Array:
        """Angles of the driven joints at the physics steps [rad] (T S, nu)."""
        joints = [joint.name for joint in self.morphology.joints]
        angle, velocity = ([f"{joint}.{of}" for joint in joints] for of in ("angle", "velocity"))
        return self.between(self.readings(angle), self.readings(velocity))

    # The torso

    @cached_property
    def up(self) -> Array:
        """The world's upward direction in the torso's frame [1] (T, 3)."""
        return _up(self.sensor("torso.orientation"))

    @cached_property
    def tilt(self) -> Array:
        """Angle between the torso's vertical axis and the world's [rad] (T,)."""
        return np.arccos(np.clip(self.up[:, 2], -1.0, 1.0))

    @cached_property
    def tilt_motion(self) -> Array:
        """The tilt at the physics steps [rad] (T S,)."""
        up, rate = _up(self.readings(["torso.orientation"])), self.readings(["torso.rate"])
        upright = self.between(up, -np.cross(rate, up))  # a direction that the world keeps
        across = np.hypot(upright[:, 0], upright[:, 1])
        return np.asarray(np.arctan2(across, upright[:, 2]))

    @cached_property
    def yaw(self) -> Array:
        """Angle from the world's x axis to the torso's forward axis, from above [rad] (T,)."""
        w, x, y, z = self.sensor("torso.orientation").T
        return np.asarray(np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z)))

    @cached_property
    def torso_motion(self) -> Array:
        """Positions of the torso at the physics steps [m] (T S, 3)."""
        return self.between(self.readings(["torso.position"]), self.readings(["torso.velocity"]))

    @cached_property
    def way(self) -> Array:
        """Way of the torso over all lived steps, in the world [m] (3,).

        The readings are those of the last physics step; its velocity leads to its end.
        """
        position, velocity = self.readings(["torso.position"]), self.readings(["torso.velocity"])
        return np.asarray(position[-1] + self.physics_dt * velocity[-1] - position[0])

    # The feet

    @cached_property
    def ground_force(self) -> Array:
        """Force of the ground on each foot, in the world [N] (T S, F, 3)."""
        return self.at_physics_steps("ground_force")

    @property
    def foot_load(self) -> Array:
        """Vertical ground force under each foot [N] (T S, F)."""
        return self.ground_force[:, :, 2]

    @cached_property
    def foot_loaded(self) -> Mask:
        """Whether each foot carries more than a share of its even load (T S, F)."""
        return np.asarray(self.foot_load > loaded_force(self.morphology))

    @cached_property
    def stance(self) -> Mask:
        """Which feet stand (T S, F)."""
        even = self.morphology.weight / len(self.morphology.feet)
        return find_stance(self.foot_load / even, self.physics_dt)

    @property
    def foot_slip(self) -> Array:
        """Horizontal speed of each foot at its centre of pressure [m/s] (T S, F); 0 if unloaded.

        The foot is taken as rigid, so a foot that rolls over its edge does not slip.
        """
        return self.at_physics_steps("foot_slip")

    @cached_property
    def foot_position(self) -> Array:
        """Origin of each foot body, in the world [m] (T S, F, 3)."""
        feet = self.morphology.feet
        position, velocity = (
            self.readings([f"{foot}.{of}" for foot in feet]) for of in ("position", "velocity")
        )
        return self.between(position, velocity).reshape(-1, len(feet), 3)

    @cached_property
    def foot_height(self) -> Array:
        """Height of each foot over the ground [m] (T S, F).

        The ground is at the foot's mean height while it is loaded, or at its lowest if it never
        is. So this is the height of the sole over even ground as long as the foot is level. A foot
        that swings toes down is nearer to the ground.
        """
        height, loaded = self.foot_position[:, :, 2], self.foot_loaded
        count = loaded.sum(axis=0)
        ground = (height * loaded).sum(axis=0) / np.maximum(count, 1)
        return np.asarray(height - np.where(count > 0, ground, height.min(axis=0)))


def _up(orientation: Array) -> Array:
    """The world's upward direction in the frame of quaternions (n, 4) [1] (n, 3)."""
    w, x, y, z = orientation.T
    return np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1)
