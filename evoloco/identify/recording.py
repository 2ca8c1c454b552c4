"""A log as a fit needs it: commands for every physics step, and which samples are held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evoloco import robot_log
from evoloco.errors import SpecError, UnknownNameError
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.robot_log import RobotLog

SHORTEST = 8.0
"""Shortest log that is fitted [s]."""

LONGEST_GAP = 0.1
"""Longest time between two samples [s]."""

SETTLING = 0.5
"""Time at the start of a log that counts for nothing, because what came before is unknown [s]."""

HELD_OUT = 1 / 3
"""Share at the end of every log that no fit sees."""


@dataclass(frozen=True, eq=False)
class Recording:
    """A log of the driven joints of a body.

    Attributes:
        name: Of its file.
        time: Of the samples, from 0 [s] (S,).
        position: [rad] (S, joints).
        velocity: [rad/s] (S, joints); differences of the positions where the log has none.
        torque: On the joints [N m] (S, joints); None where the log has none.
        command: That holds at each sample [rad] (S, joints).
        physics_dt: Physics step [s].
    """

    name: str
    time: Array
    position: Array
    velocity: Array
    torque: Array | None
    command: Array
    physics_dt: float

    @property
    def split(self) -> float:
        """Time from which on samples are held out [s]."""
        return float(self.time[-1]) * (1.0 - HELD_OUT)

    @property
    def fitted(self) -> slice:
        """The samples that a fit sees."""
        first, last = np.searchsorted(self.time, [SETTLING, self.split])
        return slice(int(first), int(last))

    @property
    def held_out(self) -> slice:
        """The samples that no fit sees."""
        return slice(int(np.searchsorted(self.time, self.split)), len(self.time))

    def commands(self, until: float) -> Array:
        """The mean command in every physics step up to a time (T, joints) [rad].

        A command that changes within a step counts by the time that is left of it.
        """
        edges = np.arange(int(np.ceil(until / self.physics_dt - 1e-9)) + 1) * self.physics_dt
        lasting = np.diff(self.time)[:, None] * self.command[:-1]
        area = np.concatenate([np.zeros((1, lasting.shape[1])), np.cumsum(lasting, axis=0)])

        present = np.clip(np.searchsorted(self.time, edges, side="right") - 1, 0, len(area) - 1)
        reached = area[present] + (edges - self.time[present])[:, None] * self.command[present]
        return np.asarray(np.diff(reached, axis=0) / self.physics_dt)

    def sampled(self, angles: Array, part: slice) -> Array:
        """Simulated angles of all physics steps (T + 1, ...) at the samples of a part (s, ...)."""
        place = self.time[part] / self.physics_dt
        before = np.minimum(place.astype(int), len(angles) - 2)
        share = (place - before).reshape(-1, *[1] * (angles.ndim - 1))
        return np.asarray((1 - share) * angles[before] + share * angles[before + 1])


def read(paths: Sequence[Path], body: Morphology) -> list[Recording]:
    """Reads logs.

    Raises:
        SpecError: A log is too short, has gaps, or lacks commands or positions of a joint.
        UnknownNameError: A log is of another robot: the body has no joint of a name in it.
    """
    if not paths:
        raise SpecError("Name at least one log.")
    return [recording(robot_log.read(path), body) for path in paths]


def recording(log: RobotLog, body: Morphology) -> Recording:
    """A log as a fit needs it; for the errors see `read`."""
    name = str(log.path or "The log")
    joints = [joint.name for joint in body.joints]
    for joint in log.joints:
        if joint not in joints:
            raise UnknownNameError("joint", joint, joints, f"{name} is of another robot")

    needed = [f"{joint}.{what}" for joint in joints for what in ("command", "position")]
    missing = [column for column in needed if column not in log.columns]
    if missing:
        raise SpecError(
            f"{name}: {len(missing)} of {len(needed)} columns are missing that a fit needs, such "
            f"as '{missing[0]}'. It has: {', '.join(log.columns)}."
        )
    _check_time(name, log.time)
    velocity = [f"{joint}.velocity" in log.columns for joint in joints]
    torque = [f"{joint}.torque" in log.columns for joint in joints]
    position = log.of_joints("position", joints)
    time = log.time - log.time[0]
    return Recording(
        name=name,
        time=time,
        position=position,
        velocity=log.of_joints("velocity", joints)
        if all(velocity)
        else np.gradient(position, time, axis=0),
        torque=log.of_joints("torque", joints) if all(torque) else None,
        command=log.of_joints("command", joints),
        physics_dt=float(body.model.opt.timestep),
    )


def _check_time(name: str, time: Array) -> None:
    """Raises a SpecError where a log is too short, or has gaps."""
    length = float(time[-1] - time[0])
    if length < SHORTEST:
        raise SpecError(
            f"{name} is {length:.3g} s long; a fit needs at least {SHORTEST:g} s, and two minutes "
            "are better. See `evoloco excite`."
        )
    gaps = np.diff(time)
    worst = int(np.argmax(gaps))
    if gaps[worst] > LONGEST_GAP:
        raise SpecError(
            f"{name}: {gaps[worst]:.3g} s lie between the samples at {time[worst]:.3f} s and the "
            f"next; at most {LONGEST_GAP:g} s may."
        )
