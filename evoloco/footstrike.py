"""Which end of a foot comes down first."""

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Episode

Rows = NDArray[np.intp]
"""Indices of control steps, ascending."""

HEEL, TOES = ("heel",), ("toe", "toes")
"""Words that begin the names of the geoms at either end of a foot."""


def heel_first(episode: Episode, touchdowns: Sequence[Rows]) -> list[list[bool]]:
    """Whether the heel came down before the toes, at each touchdown of each foot; none where it has no such ends.

    It did where the ground first pressed nearer to the heel than to the toes:
    in the row from which on the foot was loaded without a break. Slopes and
    steps of the ground do not matter to that.

    Args:
        episode: What is looked at.
        touchdowns: Rows of those of each foot.
    """
    data = mujoco.MjData(episode.morphology.model)
    return [_of_foot(episode, foot, rows, data) for foot, rows in enumerate(touchdowns)]


def _of_foot(episode: Episode, foot: int, rows: Rows, data: mujoco.MjData) -> list[bool]:
    """Of one foot; works in `data`, of this body."""
    name = episode.morphology.feet[foot]
    heel, toes = _ends(episode, name, HEEL), _ends(episode, name, TOES)
    if not (heel and toes):
        return []
    unloaded = np.flatnonzero(episode.foot_load[:, foot] <= 0)
    qpos, centre = episode["qpos"], episode.sensor(f"{name}.ground")[:, 3:]
    first = []
    for before in np.searchsorted(unloaded, rows).tolist():
        onset = int(unloaded[before - 1]) + 1 if before else 0
        data.qpos = qpos[onset]
        mujoco.mj_kinematics(episode.morphology.model, data)
        apart = [np.linalg.norm(data.geom_xpos[end].mean(axis=0) - centre[onset]) for end in (heel, toes)]
        first.append(bool(apart[0] < apart[1]))
    return first


def _ends(episode: Episode, foot: str, words: tuple[str, ...]) -> list[int]:
    """Ids of the geoms of one end of a foot."""
    geoms, model = episode.morphology.geoms_of(foot), episode.morphology.model
    return [geom for geom in geoms if model.geom(geom).name.split("_")[0] in words]
