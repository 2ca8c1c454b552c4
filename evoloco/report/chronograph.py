"""The champion's strides as a row of stick figures, after the chronophotographs of Marey."""

from typing import Any

import mujoco
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.genome import Array
from evoloco.ground import height
from evoloco.morphology import Morphology
from evoloco.report import muscles
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.sides import DASHES, SIDES
from evoloco.report.skeleton import posed, segments
from evoloco.report.span import Span
from evoloco.report.table import Cell, Table


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
    rows = poses(episode, span, count)
    active = muscles.activations(episode)

    drawn: dict[str, list[Array]] = {}
    for number, row in enumerate(rows):
        data = posed(morphology, episode["qpos"][row])
        fade = 0.35 + 0.65 * number / max(len(rows) - 1, 1)
        _draw_muscles(axes, morphology, data, active[row], fade)
        for side, lines in sticks(morphology, data).items():
            drawn.setdefault(side, []).append(lines)
            style: dict[str, Any] = {"colors": SIDES[side], "linestyles": [DASHES[side]]}
            axes.add_collection(LineCollection(list(lines), alpha=fade, linewidths=2.2, **style))

    for side in (side for side in ("left", "right") if side in drawn):
        handle = Line2D([], [], color=SIDES[side], linestyle=DASHES[side], linewidth=2.2)
        handle.set_label(side)
        axes.add_line(handle)
    points = np.concatenate([line.reshape(-1, 2) for lines in drawn.values() for line in lines])
    _frame(figure, axes, episode, points, int(rows[0]))


def _frame(figure: Figure, axes: Axes, episode: Episode, points: Array, row: int) -> None:
    """Draws the ground under the poses and sets the limits of the picture."""
    margin = 0.05 * episode.morphology.size
    low, high = points[:, 0].min() - margin, points[:, 0].max() + margin
    way = np.linspace(low, high, 1000)
    morphology, side = episode.morphology, episode.sensor("torso.position")[row, 1]
    ground = height(morphology.model, morphology.floor, way, side)
    axes.plot(way, ground, color=INK["muted"], linewidth=1)

    bottom = min(points[:, 1].min(), ground.min()) - margin
    top = max(points[:, 1].max(), ground.max()) + margin
    axes.set(xlim=(low, high), ylim=(bottom, top), aspect="equal", xlabel="forward [m]")
    axes.grid(visible=False)
    axes.yaxis.set_visible(False)
    axes.spines[["left", "bottom"]].set_visible(False)

    margins = 14  # [px] on either side
    available = figure.get_figwidth() * 72 - 2 * margins
    panel = min(280, available * float((top - bottom) / (high - low)))
    finish(figure, panel=panel, left=margins)


def table(episode: Episode, span: Span, count: int) -> Table:
    """Returns the lines that `chronograph` draws, one row each."""
    rows: list[list[Cell]] = []
    for row in poses(episode, span, count):
        data = posed(episode.morphology, episode["qpos"][row])
        for side, lines in sticks(episode.morphology, data).items():
            rows += [
                [float(episode.time[row]), side or "middle", *map(float, ends.ravel())]
                for ends in lines
            ]
    ends = [f"{axis} of the {end} end [m]" for end in ("one", "other") for axis in ("x", "z")]
    return Table(("time [s]", "side", *ends), rows)


def poses(episode: Episode, span: Span, count: int) -> NDArray[np.int64]:
    """Returns the control steps of up to `count` poses, far enough apart to be distinguished."""
    forward = np.interp(span, episode.physics_time, episode.torso_position[:, 0])
    least_distance = 0.15 * episode.morphology.size
    count = min(count, 2 + int(abs(forward[1] - forward[0]) / least_distance))
    times = np.linspace(*span, count)
    return np.searchsorted(episode.time, times).clip(0, len(episode) - 1)


def sticks(morphology: Morphology, data: mujoco.MjData) -> dict[str, Array]:
    """Returns the line segments of a pose in the forward-up plane [m] (S, 2, 2), by side."""
    found: dict[str, list[Array]] = {}
    for segment in segments(morphology, data):
        found.setdefault(segment.side, []).append(segment.ends[:, [0, 2]])
    return {side: np.array(found[side]) for side in SIDES if side in found}


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
