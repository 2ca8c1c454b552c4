"""What a controller was told and answered in an episode, for trying it elsewhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict

from evoloco.export.exported import Exported
from evoloco.genome import Array
from evoloco.host import ORIENTATION, Host
from evoloco.individual import simulate

DURATION = 5.0
"""Longest trace [s]."""

TOLERANCE = 1e-9
"""Largest difference of a command that another machine may make by rounding [its unit]."""


@dataclass(frozen=True, eq=False)
class Trace:
    """Readings and commands of T control steps.

    Attributes:
        time: Of each control step [s] (T,).
        asked: Speed [m/s], heading [rad] and turning rate [rad/s] asked for (T, 3).
        readings: Of MuJoCo's sensors, by name [their units] (T, dimension).
        commands: Of the host [unit of the controls] (T, nu).
    """

    time: Array
    asked: Array
    readings: Mapping[str, Array]
    commands: Array

    def __len__(self) -> int:
        return len(self.time)

    def difference(self, host: Host) -> Array:
        """Largest difference of each command, from those of a host that gets the same readings.

        Returns:
            [unit of the controls] (nu,).
        """
        return np.asarray(np.abs(replayed(host, self) - self.commands).max(axis=0))


class _Content(BaseModel):
    """A trace as JSON."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    time: list[float]
    asked: list[list[float]]
    readings: dict[str, list[list[float]]]
    commands: list[list[float]]


def recorded(exported: Exported, duration: float = DURATION) -> Trace:
    """The first held-out episode, and the host's commands on the readings in it.

    The commands are those of the episode, unless the run's sensors have delay, noise or an
    interval: the host gets readings as they are.

    Args:
        exported: The champion.
        duration: Of the trace at most [s].

    Raises:
        ControllerError: The controller needs more than a host has.
    """
    host, experiment = exported.host(), exported.experiment
    duration = min(duration, experiment.heldout_duration)
    scenario = experiment.held_out_scenario(0)
    (episode,) = simulate(experiment, exported.genome, [scenario], duration)

    joints = [f"joint.{joint.name}.angle" for joint in host.morphology.joints]
    names = dict.fromkeys([ORIENTATION, *host.reads, *joints])
    readings = {name: episode.sensor(name).copy() for name in names}
    told = Trace(episode.time, episode.command, readings, episode["ctrl"])
    return Trace(told.time, told.asked, readings, replayed(host, told))


def replayed(host: Host, trace: Trace) -> Array:
    """The commands of a host that gets the readings of a trace (T, nu)."""
    host.reset()
    commands = np.empty_like(trace.commands)
    for step in range(len(trace)):
        host.asked[:] = trace.asked[step]
        commands[step] = host.step({name: rows[step] for name, rows in trace.readings.items()})
    return commands


def dumps(trace: Trace) -> str:
    """A trace as JSON."""
    content = {
        "time": trace.time.tolist(),
        "asked": trace.asked.tolist(),
        "readings": {name: rows.tolist() for name, rows in trace.readings.items()},
        "commands": trace.commands.tolist(),
    }
    return json.dumps(content, allow_nan=False) + "\n"


def loads(text: str) -> Trace:
    """The trace that `dumps` wrote.

    Raises:
        ValueError: It is another text.
    """
    content = _Content.model_validate_json(text)
    readings = {name: np.array(rows) for name, rows in content.readings.items()}
    arrays = (np.array(content.time), np.array(content.asked), np.array(content.commands))
    return Trace(arrays[0], arrays[1], readings, arrays[2])
