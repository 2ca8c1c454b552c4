"""What the compiled episode reads of simulations that are loaded with an episode."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evoloco.sim import plan
from evoloco.sim.arrays import Arrays, Ids
from evoloco.sim.setting import Setting


def clear(arrays: Arrays, ids: Ids) -> None:
    """Forgets the episodes that simulations had before."""
    for name in (
        "state",
        "obs",
        "true",
        "held",
        "outcome",
        "lived",
        "observed",
        "stage",
        "actuator_state",
        "sensor_memory",
        "rule",
        "motion",
    ):
        if name in arrays:
            arrays[name][ids] = 0
    arrays["trace"][ids, 0] = 0  # an episode that fails before its first step still has one row
    arrays["fresh"][ids] = 1


def load_rows(
    arrays: Arrays, ids: Ids, settings: Sequence[Setting], which: NDArray[np.int64]
) -> None:
    """Copies the rows of settings to their simulations."""
    for name in settings[0].rows if settings else ():
        rows = np.array([setting.rows[name] for setting in settings])
        arrays[name][ids] = rows[which]


def load_pushes(
    arrays: Arrays, ids: Ids, settings: Sequence[Setting], which: NDArray[np.int64]
) -> None:
    """Copies pushes; where others have more, those that a simulation lacks never start."""
    most = max((len(setting.pushes) for setting in settings), default=0)
    if most > arrays.constant("push_count"):
        arrays.grow("pushes", most)
        arrays.set(push_count=most)

    rows = np.zeros((len(settings), arrays.constant("push_count"), plan.PUSH))
    for row, setting in zip(rows, settings, strict=True):
        row[: len(setting.pushes)] = setting.pushes
    arrays["pushes"][ids] = rows[which]


def load_commands(
    arrays: Arrays, ids: Ids, settings: Sequence[Setting], which: NDArray[np.int64]
) -> None:
    """Copies the stages of commands; those that a simulation lacks never begin."""
    most, present = (
        max((len(setting.command) for setting in settings), default=0),
        arrays.constant("stage_count"),
    )
    if most > present:
        arrays.grow("asked", most)
        arrays["asked"][:, present:] = np.inf
        arrays.set(stage_count=most)

    rows = np.full((len(settings), arrays.constant("stage_count"), plan.STAGE), np.inf)
    for row, setting in zip(rows, settings, strict=True):
        row[: len(setting.command)] = setting.command
    arrays["asked"][ids] = rows[which]


def load_drifts(arrays: Arrays, ids: Ids, settings: Sequence[Setting]) -> None:
    """Says where in each simulation's own models numbers change, and from what to what.

    Where others have more, rows beyond a simulation's own lead to a number that nobody reads.

    Args:
        arrays: Where it is said.
        ids: The simulations (k,).
        settings: Their own (k,).
    """
    drifts = [setting.drifts for setting in settings]
    most, present = max(map(len, drifts), default=0), arrays.constant("drift_count")
    if not most and not present:
        return
    nowhere = arrays.spare.ctypes.data
    if most > present:
        arrays.grow("drift_address", most)
        arrays.grow("drift_value", most)
        arrays["drift_address"][:, present:] = nowhere
        arrays.set(drift_count=most)

    for sim, rows in zip(ids.tolist(), drifts, strict=True):
        arrays["drift_address"][sim] = nowhere
        for index, (addresses, ends) in enumerate(rows):
            arrays["drift_address"][sim, index] = addresses
            arrays["drift_value"][sim, index] = ends
