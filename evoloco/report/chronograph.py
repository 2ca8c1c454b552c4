"""The champion's strides as a row of stick figures, after the chronophotographs of Marey."""

import mujoco
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.genome import Array
from evoloco.ground import height
from evoloco.morphology import Morphology
from evoloco.report import muscles
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.plots import SIDES, Span, side_of
from evoloco.subtree import is_in_subtree


@picture
def chronograph(figure: Figure, episode: Episode, span: Span, count: int) -> None:
    """Draws poses from the side, at the places where they happened.

    Args:
        figure: The figure.
        episode: The episode.
        span: Start and end [s]; the poses are evenly spaced in time.
        count: Largest number of poses.
    """
    morphology = episode.morphology
    axes = figure.subplots()
    rows = _rows(episode, span, count)
    active = muscles.activations(episode)

    paths = []
    for number, row in enumerate(rows):
        data = posed(morphology, episode["qpos"][row])
        fade = 0.35 + 0.65 * number / max(len(rows) - 1, 1)
        _draw_muscles(axes, morphology, data, active[row], fade)
        for side, segments in sticks(morphology, data).items():
            lines = LineCollection(list(segments), colors=SIDES[side], alpha=fade, linewidths=2.2)
            axes.add_collection(lines)
            paths.append(segments.reshape(-1, 2))

    margin = 0.05 * morphology.size
    ends = np.concatenate(paths)[:, 0]
    way = np.linspace(ends.min() - margin, ends.max() + margin, 1000)
    ground = height(
        morphology.model, morphology.floor, way, episode.sensor("torso.position")[rows[0], 1]
    )
    axes.plot(way, ground, color=INK["muted"], linewidth=1)

    points = np.concatenate([[[ends[0], low] for low in (ground.min(), ground.max())], *paths])
    (left, bottom), (right, top) = points.min(axis=0) - margin, points.max(axis=0) + margin
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xlabel="forward [m]")
    axes.grid(visible=False)
    axes.yaxis.set_visible(False)
    axes.spines[["left", "bottom"]].set_visible(False)

    margins = 14  # [px] on either side
    available = figure.get_figwidth() * 72 - 2 * margins
    panel = min(280, available * float((top - bottom) / (right - left)))
    finish(figure, panel=panel, left=margins)


def _rows(episode: Episode, span: Span, count: int) -> NDArray[np.int64]:
    """Returns the control steps of up to `count` poses, far enough apart to be distinguished."""
    forward = np.interp(span, episode.physics_time, episode.torso_position[:, 0])
    least_distance = 0.15 * episode.morphology.size
    count = min(count, 2 + int(abs(forward[1] - forward[0]) / least_distance))
    times = np.linspace(*span, count)
    return np.searchsorted(episode.time, times).clip(0, len(episode) - 1)


def _draw_muscles(
    axes: Axes, morphology: Morphology, data: mujoco.MjData, active: Array, fade: float
) -> None:
    """Draws the paths of the muscles, stronger the more active they are.

    Args:
        axes: Where to draw.
        morphology: The body.
        data: Its pose.
        active: Activations [1] (M,).
        fade: Opacity of the pose, 0 to 1.
    """
    for activation, path in zip(active, muscles.paths(morphology.model, data), strict=True):
        strength = 0.1 + 0.9 * float(np.clip(activation, 0, 1))
        axes.plot(
            *path[:, [0, 2]].T,
            color=INK["muscle"],
            alpha=round(fade * strength, 2),
            linewidth=1.5,
        )


def posed(morphology: Morphology, pose: Array) -> mujoco.MjData:
    """Returns the body in a pose (nq,): its bodies, joints and muscle paths in the world."""
    model, data = morphology.model, mujoco.MjData(morphology.model)
    data.qpos = pose
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_tendon(model, data)
    return data


def sticks(morphology: Morphology, data: mujoco.MjData) -> dict[str, Array]:
    """Returns the line segments of a pose in the forward-up plane [m] (S, 2, 2), by side.

    They connect:

    * the joint of each body with that of its parent;
    * the torso with the upper end of its longest axis.

    Parts that are fixed to the torso, and feet, are drawn by their longest
    axes. A foot whose joint is not on its axis is a triangle.
    """
    model = morphology.model
    torso = model.body(morphology.torso).id

    sticks: dict[str, list[Array]] = {side: [] for side in SIDES}
    for body in range(1, model.nbody):
        name = model.body(body).name
        parent = int(model.body_parentid[body])
        axes, joint = _axes(model, data, body), _joint(model, data, body)

        lines = sticks[side_of(name)]
        if body == torso:
            for axis in axes[:1]:
                upper = max(axis, key=lambda end: float(end[2]))
                lines.append(np.stack([joint, upper]))
        elif is_in_subtree(model, parent, torso):
            above = _joint(model, data, parent)
            fixed = model.body_weldid[body] == model.body_weldid[torso]
            end = _nearest(axes[0], above) if fixed and axes else joint
            lines.append(np.stack([above, end]))
            if fixed:
                lines.extend(axes)
        if name in morphology.feet:
            lines.extend(axes)
            lines.extend(_triangle(axes[0], joint) if axes else [])

    return {side: np.array(lines)[:, :, [0, 2]] for side, lines in sticks.items() if lines}


def _triangle(axis: Array, joint: Array) -> list[Array]:
    """Returns the sides of a foot from its joint to the ends of its axis, if it is off the axis.

    Args:
        axis: Ends of the foot's axis [m] (2, 3).
        joint: Position of its joint [m] (3,).
    """
    length = np.linalg.norm(axis[1] - axis[0])
    distance = np.linalg.norm(_nearest(axis, joint) - joint)
    if distance <= 0.2 * length:
        return []
    return [np.stack([joint, end]) for end in axis]


def _joint(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> Array:
    """Returns the position of a body's last hinge in the world [m] (3,).

    A body whose last joint is not a hinge, or that has none, is at its origin.
    """
    last = model.body_jntadr[body] + model.body_jntnum[body] - 1
    turns = model.body_jntnum[body] and model.jnt_type[last] == mujoco.mjtJoint.mjJNT_HINGE
    return np.array(data.xanchor[last] if turns else data.xpos[body])


def _nearest(axis: Array, point: Array) -> Array:
    """Returns the end of an axis that is nearer to a point [m] (3,)."""
    return np.asarray(min(axis, key=lambda end: float(np.linalg.norm(end - point))))


def _axes(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> list[Array]:
    """Returns the longest axes of a body's geoms in the world [m] (2, 3), the longest first.

    Further geoms count if they are at least half as long, and three times as
    long as thick.
    """
    first = int(model.body_geomadr[body])
    geoms = range(first, first + int(model.body_geomnum[body]))
    halves = {geom: model.geom_aabb[geom][3:] for geom in geoms}
    longest = max((float(half.max()) for half in halves.values()), default=0.0)

    axes: list[Array] = []
    for geom, half in sorted(halves.items(), key=lambda item: -float(item[1].max())):
        similar = half.max() >= 0.5 * longest and half.max() >= 3 * np.median(half)
        if axes and not similar:
            continue
        centre = model.geom_aabb[geom][:3]
        reach = half * (np.arange(3) == np.argmax(half))
        rotation = data.geom_xmat[geom].reshape(3, 3)
        ends = np.stack([rotation @ (centre - reach), rotation @ (centre + reach)])
        axes.append(data.geom_xpos[geom] + ends)
    return axes
