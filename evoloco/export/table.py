"""A champion's trajectory as a table, in the format of a robot's log (`evoloco.robot_log`).

A motor's command is its `torque`. A muscle's is its `excitation [1]`, which logs of robots have
not, so such a table is read with a program for tables only.
"""

from pathlib import Path

import numpy as np

from evoloco import robot_log
from evoloco.episode import Episode
from evoloco.export.exported import Exported
from evoloco.export.folder import refuse_existing
from evoloco.genome import Array
from evoloco.host import ORIENTATION, tilt
from evoloco.individual import simulate
from evoloco.standard_sensors import RATE


def write(exported: Exported, out: Path) -> Episode:
    """Writes the first held-out episode of a champion as a table.

    Args:
        exported: The champion.
        out: The file: Parquet if it ends so, else CSV.

    Returns:
        The episode.

    Raises:
        ExportError: The file exists.
        MissingExtraError: pandas or pyarrow is not installed.
    """
    refuse_existing(out)
    experiment = exported.experiment
    scenario = experiment.held_out_scenario(0)
    (episode,) = simulate(experiment, exported.genome, [scenario], experiment.heldout_duration)
    robot_log.write_columns(out, columns(episode))
    return episode


def columns(episode: Episode) -> dict[str, Array]:
    """Columns of an episode's table (T,), by name and unit."""
    body, found = episode.morphology, {"time [s]": episode.time}
    commands = episode["ctrl"].T
    if body.muscles:
        names = [f"{muscle.name}.excitation [1]" for muscle in body.muscles]
    else:
        what = "torque" if body.torques else "command"
        names = [robot_log.heading(f"{joint.name}.{what}") for joint in body.joints]
    found |= dict(zip(names, commands, strict=True))

    for joint in body.joints:
        for what, sensor in (("position", "angle"), ("velocity", "velocity")):
            readings = episode.sensor(f"joint.{joint.name}.{sensor}")
            found[robot_log.heading(f"{joint.name}.{what}")] = readings[:, 0]
    for axis, rates in zip("xyz", episode.sensor(RATE).T, strict=True):
        found[robot_log.heading(f"torso.rate.{axis}")] = rates

    turned = np.array([tilt(row) for row in episode.sensor(ORIENTATION)])
    found[robot_log.heading("torso.roll")] = turned[:, 0]
    found[robot_log.heading("torso.pitch")] = turned[:, 1]
    for foot in body.feet:
        load = episode.sensor(f"foot.{foot}.ground")[:, 2]
        found[robot_log.heading(f"foot.{foot}.load")] = load
    return found
