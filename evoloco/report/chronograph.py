"""The champion's strides as a row of stick figures, after the chronophotographs of Marey."""

import mujoco
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from evoloco.episode import Episode
from evoloco.genome import Array
from evoloco.morphology import Morphology, is_in_subtree
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.plots import SIDES, Span, side_of
from evoloco.terrain import height


@picture
def chronograph(figure: Figure, episode: Episode, span: Span, count: int) -> None:
    """Side view of up to `count` poses, evenly spaced in time, where they happened along the way."""
    axes = figure.subplots()
    forward = np.interp(span, episode.time, episode.sensor("torso.position")[:, 0])
    apart = 0.15 * episode.morphology.size  # at least, so that poses can be told from each other
    count = min(count, 2 + int(abs(forward[1] - forward[0]) / apart))
    rows = np.searchsorted(episode.time, np.linspace(*span, count)).clip(0, len(episode) - 1)
    paths = []
    for number, row in enumerate(rows):
        for side, segments in _sticks(episode.morphology, episode["qpos"][row]).items():
            fade = 0.35 + 0.65 * number / max(count - 1, 1)
            lines = LineCollection(list(segments), colors=SIDES[side], alpha=fade, linewidths=2.2)
            axes.add_collection(lines)
            paths.append(segments.reshape(-1, 2))
    margin = 0.05 * episode.morphology.size
    ends = np.concatenate(paths)[:, 0]
    way = np.linspace(ends.min() - margin, ends.max() + margin, 1000)
    ground = height(episode.morphology, way, episode.sensor("torso.position")[rows[0], 1])
    points = np.concatenate([[[ends[0], low] for low in (ground.min(), ground.max())], *paths])
    (left, bottom), (right, top) = points.min(axis=0) - margin, points.max(axis=0) + margin
    axes.plot(way, ground, color=INK["muted"], linewidth=1)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xlabel="forward [m]")
    axes.grid(visible=False)
    axes.yaxis.set_visible(False)
    axes.spines[["left", "bottom"]].set_visible(False)
    margins = 14  # [px] on either side
    room = figure.get_figwidth() * 72 - 2 * margins
    finish(figure, panel=min(280, room * float((top - bottom) / (right - left))), left=margins)


def _sticks(morphology: Morphology, pose: Array) -> dict[str, Array]:
    """Line segments of a pose in the plane of forward and up [m] (S, 2, 2), by side.

    They join each body to its parent, the torso to the upper end of its longest
    axis, and make a triangle of a foot: both ends of its longest axis and its joint.
    """
    model, data = morphology.model, mujoco.MjData(morphology.model)
    data.qpos = pose
    mujoco.mj_kinematics(model, data)
    torso = model.body(morphology.torso).id
    sticks: dict[str, list[Array]] = {side: [] for side in SIDES}
    for body in range(1, model.nbody):
        parent = int(model.body_parentid[body])
        side = side_of(model.body(body).name)
        if body != torso and is_in_subtree(model, parent, torso):
            sticks[side].append(np.stack([data.xpos[parent], data.xpos[body]]))
        if body == torso or model.body(body).name in morphology.feet:
            for axis in _longest_axis(model, data, body):
                ends = axis if body != torso else [max(axis, key=lambda end: float(end[2]))]
                sticks[side].extend(np.stack([data.xpos[body], end]) for end in ends)
                sticks[side].extend([axis] if body != torso else [])
    return {side: np.array(lines)[:, :, [0, 2]] for side, lines in sticks.items() if lines}


def _longest_axis(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> list[Array]:
    """The longest axis of a body's largest geom, in the world [m] (2, 3); none for a body without geoms."""
    geoms = range(model.body_geomadr[body], model.body_geomadr[body] + model.body_geomnum[body])
    if not geoms:
        return []
    geom = max(geoms, key=lambda geom: float(model.geom_aabb[geom][3:].max()))
    centre, half = model.geom_aabb[geom][:3], model.geom_aabb[geom][3:]
    reach = np.zeros(3)
    reach[np.argmax(half)] = half.max()
    rotation = data.geom_xmat[geom].reshape(3, 3)
    return [data.geom_xpos[geom] + np.stack([rotation @ (centre - reach), rotation @ (centre + reach)])]
