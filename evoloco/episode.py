"""What one episode left behind: how it ended, and a trace with one row per control step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from evoloco import row
from evoloco.command import Stage, stages, way_along
from evoloco.ending import Ending, Outcome
from evoloco.fields import Layout, size
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.sim.plan import CONTRACTION
from evoloco.stance import Mask, find_stance, loaded_force

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
    | `command`                   | speed [m/s], heading [rad] and turning rate [rad/s] asked for |

    The others are of the S physics steps that follow, until the next control step:

    | name                | shape     | meaning                                                   |
    |---------------------|-----------|-----------------------------------------------------------|
    | `torso_position`    | (S, 3)    | of the torso, in the world [m]                            |
    | `torso_orientation` | (S, 4)    | its quaternion                                            |
    | `torso_velocity`    | (S, 3)    | in the world [m/s]                                        |
    | `joint_angle`       | (S, nj)   | of the driven joints [rad]                                |
    | `foot_position`     | (S, F, 3) | origin of each foot body, in the world [m]                |
    | `ground_force`      | (S, F, 3) | force of the ground on each foot, in the world [N]        |
    | `foot_slip`         | (S, F)    | horizontal speed of a foot at its centre of pressure [m/s]|
    | `limit_torque`      | (S, nj)   | of the joints' limits [N m], where muscles drive them     |
    | `contraction`       | (S, M, 4) | activation, length, velocity and force of each muscle, as |
    |                     |           | MuJoCo's; none where S is 1                               |
    | `positive_work`     | (nf,)     | that each actuator did [J]                                |
    | `negative_work`     | (nf,)     | that each actuator took up [J], not below 0               |
    | `electrical_energy` | (nf,)     | that each servo drew [J], where servos have motors        |
    | `shake`             | (3,)      | sums of the torso's changes of motion (`evoloco.sim.sums`)|
    | `body_contact`      | number    | share of them in which more than feet touch the ground [1]|
    | `self_contact`      | number    | share in which parts of the robot touch each other [1]    |
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
        joints, muscles = len(morphology.joints), len(morphology.muscles)
        outputs = morphology.outputs
        self.substeps = substeps
        self.shapes: dict[str, tuple[int, ...]] = {
            "time": (1,),
            "qpos": (model.nq,),
            "qvel": (model.nv,),
            "act": (model.na,),
            "ctrl": (morphology.controls,),
            "actuator_force": (outputs,),
            "sensordata": (model.nsensordata,),
            "obs": (size(morphology.observation),),
            "command": (3,),
            "torso_position": (substeps, 3),
            "torso_orientation": (substeps, 4),
            "torso_velocity": (substeps, 3),
            "joint_angle": (substeps, joints),
            "foot_position": (substeps, feet, 3),
            "ground_force": (substeps, feet, 3),
            "foot_slip": (substeps, feet),
            "limit_torque": (substeps, joints if muscles else 0),
            "contraction": (substeps if substeps > 1 else 0, muscles, CONTRACTION),
            "positive_work": (outputs,),
            "negative_work": (outputs,),
            "electrical_energy": (outputs if morphology.has_motors else 0,),
            "shake": (3,),
            "body_contact": (1,),
            "self_contact": (1,),
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
        ending: How it ended.
        control_dt: Time between rows [s].
        planned: Number of control steps of a completed episode.
    """

    morphology: Morphology
    columns: Columns
    trace: Array
    ending: Ending
    control_dt: float
    planned: int

    def __repr__(self) -> str:
        return (
            f"Episode({self.outcome.value} after {self.duration:.2f} s of "
            f"{self.planned * self.control_dt:.2f} s, {self.forward:.2f} m forward: {self.ending})"
        )

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
        if self.substeps == 1:
            return values
        shares = np.full(self.substeps, 1 / self.substeps)
        steps = values.reshape(len(self), self.substeps, *values.shape[1:])
        return np.asarray(np.tensordot(steps, shares, (1, 0)))

    def copied(self) -> "Episode":
        """This episode with arrays of its own instead of views into those of a batch."""
        return replace(self, trace=self.trace.copy())

    def to_frame(self) -> Any:
        """Returns the trace as a pandas DataFrame (see `evoloco.frame`).

        Raises:
            SpecError: pandas is not installed.
        """
        from evoloco.frame import frame_of

        return frame_of(self)

    # Sensors

    def sensor(self, name: str) -> Array:
        """Readings (T, dim) of a sensor of the model."""
        start = self.columns.slices["sensordata"].start
        where = self.morphology.sensor(name)
        return self.trace[:, start + where.start : start + where.stop]

    def sensors(self, names: Sequence[str]) -> Array:
        """Readings of sensors side by side (T, sum of dims), copied."""
        start = self.columns.slices["sensordata"].start
        places = [self.morphology.sensor(name) for name in names]
        indices = [index for place in places for index in range(place.start, place.stop)]
        return self.trace[:, [start + index for index in indices]]

    # The command

    @property
    def command(self) -> Array:
        """Speed [m/s], heading [rad] and turning rate [rad/s] that are asked for (T, 3)."""
        return self["command"]

    @cached_property
    def stages(self) -> list[Stage]:
        """Parts of the episode in which the command stays."""
        return stages(self.command, self.control_dt, begins=bool(self.time[0] == 0))

    @property
    def turns(self) -> bool:
        """Whether the command asks for another heading than that at the start."""
        return any(stage.turning_rate or stage.turn for stage in self.stages)

    @cached_property
    def forward(self) -> float:
        """Way of the torso forward [m].

        Forward is along the world's x axis. Where the command asks for turns or for a heading, it
        is along the commanded heading in each stage (`evoloco.command.way_along`).
        """
        if not self.turns:
            return float(self.way[0])
        ends = self.at_ends
        parts = [way_along(stage, *ends, self.control_dt).sum() for stage in self.stages]
        return float(np.sum(parts))

    # Joints

    @cached_property
    def joint_angle(self) -> Array:
        """Angles of the driven joints [rad] (T S, nj)."""
        return self.at_physics_steps("joint_angle")

    @cached_property
    def joint_velocity(self) -> Array:
        """Velocities of the driven joints [rad/s] (T, nj)."""
        return self.sensors([f"joint.{joint.name}.velocity" for joint in self.morphology.joints])

    # The torso

    @cached_property
    def torso_position(self) -> Array:
        """Position of the torso, in the world [m] (T S, 3)."""
        return self.at_physics_steps("torso_position")

    @cached_property
    def torso_velocity(self) -> Array:
        """Velocity of the torso, in the world [m/s] (T S, 3)."""
        return self.at_physics_steps("torso_velocity")

    @cached_property
    def up(self) -> Array:
        """The world's upward direction in the torso's frame [1] (T S, 3)."""
        w, x, y, z = self.at_physics_steps("torso_orientation").T
        return np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1)

    @cached_property
    def tilt(self) -> Array:
        """Angle between the torso's vertical axis and the world's [rad] (T S,)."""
        return np.arccos(np.clip(self.up[:, 2], -1.0, 1.0))

    @cached_property
    def yaw(self) -> Array:
        """Angle from the world's x axis to the torso's forward axis, from above [rad] (T S,)."""
        w, x, y, z = self.at_physics_steps("torso_orientation").T
        return np.asarray(np.arctan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z)))

    @cached_property
    def way(self) -> Array:
        """Way of the torso over all lived steps, in the world [m] (3,).

        The velocity of the last physics step leads to its end.
        """
        position = self.torso_position
        end = position[-1] + self.physics_dt * self.torso_velocity[-1]
        return np.asarray(end - position[0])

    @cached_property
    def at_ends(self) -> tuple[Array, Array]:
        """Position [m] (T + 1, 2) and yaw [rad] (T + 1,) of the torso at the ends of control steps.

        The yaw goes on through full turns.
        """
        every, turned = self.torso_position[:, :2], np.unwrap(self.yaw)
        last = every[0] + self.way[:2]
        turning = turned[-1] - turned[-2] if len(turned) > 1 else 0.0
        position = np.concatenate([every[:: self.substeps], last[None]])
        return position, np.append(turned[:: self.substeps], turned[-1] + turning)

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
        return self.at_physics_steps("foot_position")

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
