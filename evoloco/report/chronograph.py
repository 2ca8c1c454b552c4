"""The champion's strides as a row of stick figures, after the chronophotographs of Marey."""

import mujoco
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from evoloco.episode import Episode
from evoloco.genome import Array
from evoloco.ground import height
from evoloco.morphology import Morphology, is_in_subtree
from evoloco.report import muscles
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.plots import SIDES, Span, side_of


@picture
def chronograph(figure: Figure, episode: Episode, span: Span, count: int) -> None:
    """Side view of up to `count` poses, evenly spaced in time, where they happened along the way."""
    axes = figure.subplots()
    forward = np.interp(span, episode.time, episode.sensor("torso.position")[:, 0])
    apart = 0.15 * episode.morphology.size  # at least, so that poses can be told from each other
    count = min(count, 2 + int(abs(forward[1] - forward[0]) / apart))
    rows = np.searchsorted(episode.time, np.linspace(*span, count)).clip(0, len(episode) - 1)
    paths, active_at = [], muscles.activations(episode)
    for number, row in enumerate(rows):
        data, fade = (
            posed(episode.morphology, episode["qpos"][row]),
            0.35 + 0.65 * number / max(count - 1, 1),
        )
        for active, path in zip(
            active_at[row], muscles.paths(episode.morphology.model, data), strict=True
        ):
            strength = 0.1 + 0.9 * float(np.clip(active, 0, 1))
            axes.plot(
                *path[:, [0, 2]].T,
                color=INK["muscle"],
                alpha=round(fade * strength, 2),
                linewidth=1.5,
            )
        for side, segments in sticks(episode.morphology, data).items():
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


def posed(morphology: Morphology, pose: Array) -> mujoco.MjData:
    """The body in a pose: its bodies, joints and paths of muscles in the world."""
    model, data = morphology.model, mujoco.MjData(morphology.model)
    data.qpos = pose
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_tendon(model, data)
    return data


def sticks(morphology: Morphology, data: mujoco.MjData) -> dict[str, Array]:
    """Line segments of a pose in the plane of forward and up [m] (S, 2, 2), by side.

    They join the joint of each body to that of its parent, the torso to the
    upper end of its longest axis, and show what is fixed to the torso and the
    feet by their longest axes; a foot whose joint is off its axis is a triangle.
    """
    model = morphology.model
    torso = model.body(morphology.torso).id
    sticks: dict[str, list[Array]] = {side: [] for side in SIDES}
    for body in range(1, model.nbody):
        parent, axes = int(model.body_parentid[body]), _axes(model, data, body)
        lines, joint = sticks[side_of(model.body(body).name)], _joint(model, data, body)
        if body == torso:
            lines.extend(
                np.stack([joint, max(axis, key=lambda end: float(end[2]))]) for axis in axes[:1]
            )
        elif is_in_subtree(model, parent, torso):
            above, fixed = (
                _joint(model, data, parent),
                model.body_weldid[body] == model.body_weldid[torso],
            )
            lines.append(np.stack([above, _nearest(axes[0], above) if fixed and axes else joint]))
            if fixed:
                lines.extend(axes)
        if model.body(body).name in morphology.feet:
            lines.extend(axes)
            for axis in axes[:1]:
                off = np.linalg.norm(_nearest(axis, joint) - joint) > 0.2 * np.linalg.norm(
                    axis[1] - axis[0]
                )
                lines.extend(np.stack([joint, end]) for end in axis if off)
    return {side: np.array(lines)[:, :, [0, 2]] for side, lines in sticks.items() if lines}


def _joint(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> Array:
    """Where a body turns against its parent, in the world [m] (3,); its origin where it is fixed, slides or is free."""
    last = model.body_jntadr[body] + model.body_jntnum[body] - 1
    turns = model.body_jntnum[body] and model.jnt_type[last] == mujoco.mjtJoint.mjJNT_HINGE
    return np.array(data.xanchor[last] if turns else data.xpos[body])


def _nearest(axis: Array, point: Array) -> Array:
    """The end of an axis that is nearer to a point [m] (3,)."""
    return np.asarray(min(axis, key=lambda end: float(np.linalg.norm(end - point))))


def _axes(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> list[Array]:
    """Longest axes of a body's geoms, in the world [m] (2, 3): of the longest one, then of those that look like it.

    These are at least half as long, and three times as long as they are thick.
    """
    first = int(model.body_geomadr[body])
    halves = {
        geom: model.geom_aabb[geom][3:]
        for geom in range(first, first + int(model.body_geomnum[body]))
    }
    axes: list[Array] = []
    for geom, half in sorted(halves.items(), key=lambda item: -float(item[1].max())):
        longest = max(float(other.max()) for other in halves.values())
        if not axes or (half.max() >= 0.5 * longest and half.max() >= 3 * np.median(half)):
            centre, reach = model.geom_aabb[geom][:3], half * (np.arange(3) == np.argmax(half))
            rotation = data.geom_xmat[geom].reshape(3, 3)
            axes.append(
                data.geom_xpos[geom]
                + np.stack([rotation @ (centre - reach), rotation @ (centre + reach)])
            )
    return axes
