"""Which end of a foot comes down first."""

import mujoco
import numpy as np

from evoloco.episode import Episode

HEEL, TOES = ("heel",), ("toe", "toes")
"""Words that begin the names of the geoms at either end of a foot."""


def heel_first(episode: Episode, foot: int, rows: list[int]) -> list[bool]:
    """Whether the heel came down before the toes, at each touchdown of a foot; none where it has no such ends.

    It did where the ground first pressed nearer to the heel than to the toes:
    in the row from which on the foot was loaded without a break. Slopes and
    steps of the ground do not matter to that.

    Args:
        episode: What is looked at.
        foot: Index of the foot.
        rows: Of its touchdowns.
    """
    name, model = episode.morphology.feet[foot], episode.morphology.model
    heel, toes = _ends(episode, name, HEEL), _ends(episode, name, TOES)
    if not (heel and toes):
        return []
    data = mujoco.MjData(model)
    load, centre = episode.foot_load[:, foot], episode.sensor(f"{name}.ground")[:, 3:]
    unloaded = np.flatnonzero(load <= 0)
    first = []
    for row in rows:
        before = np.searchsorted(unloaded, row)
        onset = int(unloaded[before - 1]) + 1 if before else 0
        data.qpos = episode["qpos"][onset]
        mujoco.mj_kinematics(model, data)
        apart = [np.linalg.norm(data.geom_xpos[end].mean(axis=0) - centre[onset]) for end in (heel, toes)]
        first.append(bool(apart[0] < apart[1]))
    return first


def _ends(episode: Episode, foot: str, words: tuple[str, ...]) -> list[int]:
    """Ids of the geoms of one end of a foot."""
    geoms, model = episode.morphology.geoms_of(foot), episode.morphology.model
    return [geom for geom in geoms if model.geom(geom).name.split("_")[0] in words]
