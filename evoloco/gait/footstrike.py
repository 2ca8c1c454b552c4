"""Which end of a foot comes down first."""

from collections.abc import Sequence

import mujoco
import numpy as np

from evoloco.episode import Episode
from evoloco.genome import Array
from evoloco.stance import Rows

HEEL, TOES = ("heel",), ("toe", "toes")
"""First words of the names of the geoms at either end of a foot."""


def heel_first(episode: Episode, touchdowns: Sequence[Rows]) -> list[list[bool]]:
    """Whether the heel came down before the toes, at each touchdown of each foot.

    It did if the ground pressed nearer to the heel than to the toes in the control step after the
    load began that leads to the touchdown. Slopes and steps of the ground do not matter. A foot
    without a heel or toes has none.

    Args:
        episode: What is measured.
        touchdowns: Physics steps in which each foot comes down.
    """
    data = mujoco.MjData(episode.morphology.model)
    return [_of_foot(episode, foot, rows, data) for foot, rows in enumerate(touchdowns)]


def _of_foot(episode: Episode, foot: int, rows: Rows, data: mujoco.MjData) -> list[bool]:
    """What `heel_first` tells, for one foot; `data` of the body is overwritten."""
    name = episode.morphology.feet[foot]
    heel, toes = _ends(episode, name, HEEL), _ends(episode, name, TOES)
    if not (heel and toes):
        return []

    onset = _onset(episode.foot_load[:, foot], rows) // episode.substeps + 1
    onset = onset[onset < len(episode)]
    qpos, places = episode["qpos"][onset], np.empty((len(onset), len(heel) + len(toes), 3))
    for pose, place in zip(qpos, places, strict=True):
        data.qpos = pose
        mujoco.mj_kinematics(episode.morphology.model, data)
        place[:] = data.geom_xpos[heel + toes]

    centre = episode.sensor(f"foot.{name}.ground")[onset, 3:]
    ends = places[:, : len(heel)].mean(axis=1), places[:, len(heel) :].mean(axis=1)
    to_heel, to_toes = (np.linalg.norm(end - centre, axis=1) for end in ends)
    return list((to_heel < to_toes).tolist())


def _onset(load: Array, rows: Rows) -> Rows:
    """The step from which on a foot is loaded without a break until each of the given steps."""
    unloaded = np.flatnonzero(load <= 0)
    if not len(unloaded):
        return np.zeros(len(rows), np.intp)

    before = np.searchsorted(unloaded, rows)
    return np.where(before > 0, unloaded[before - 1] + 1, 0)


def _ends(episode: Episode, foot: str, words: tuple[str, ...]) -> list[int]:
    """Ids of the geoms of one end of a foot."""
    geoms, model = episode.morphology.geoms_of(foot), episode.morphology.model
    return [geom for geom in geoms if model.geom(geom).name.split("_")[0] in words]
