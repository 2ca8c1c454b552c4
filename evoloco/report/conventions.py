"""Zero and sign of every joint angle, drawn on the body itself."""

from typing import NamedTuple

import mujoco
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evoloco.genome import Array
from evoloco.joint import Joint
from evoloco.morphology import Morphology
from evoloco.report.canvas import INK, finish, picture
from evoloco.report.sides import SIDES, line
from evoloco.report.skeleton import Segment, posed, segments
from evoloco.report.table import Cell, Table
from evoloco.report.words import words
from evoloco.subtree import is_in_subtree

TURN = 0.6
"""Angle by which a joint is drawn turned [rad]."""

SLIDE = 0.1
"""Path by which a sliding joint is drawn moved [m]."""

VIEWS = {
    "pitch": ("from the right", (0, 2), (1, 1)),
    "roll": ("from behind", (1, 2), (-1, 1)),
    "yaw": ("from above", (0, 1), (1, 1)),
    "": ("from the right", (0, 2), (1, 1)),
}
"""By axis of a joint: from where it is drawn, which coordinates go right and up, and their signs.
"""

WAYS = (("forward", "backward"), ("left", "right"), ("up", "down"))
"""Directions of a positive and a negative displacement along x, y and z."""


class Turned(NamedTuple):
    """A joint at zero, and turned in its positive direction.

    Attributes:
        joint: The joint.
        zero: Segments that it moves, at zero.
        positive: The same, turned.
        arc: Path of the farthest end between both [m] (n, 3).
    """

    joint: Joint
    zero: list[Segment]
    positive: list[Segment]
    arc: Array

    @property
    def way(self) -> str:
        """Where the farthest end goes in the positive direction, such as "forward"."""
        change = self.arc[-1] - self.arc[0]
        axis = int(np.argmax(np.abs(change)))
        return WAYS[axis][0 if change[axis] > 0 else 1]


@picture
def conventions(figure: Figure, morphology: Morphology) -> None:
    """Draws one panel per joint, or pair: grey at zero, in colour turned to the positive side."""
    stems = list(dict.fromkeys(joint.stem for joint in morphology.joints))
    across = min(len(stems), max(2, int(figure.get_figwidth() * 72 // 180)))
    grid = figure.subplots(-(-len(stems) // across), across, squeeze=False)
    zero = segments(morphology, posed(morphology, zero_pose(morphology)))

    for stem, axes in zip(stems, grid.flat, strict=False):
        pair = [joint for joint in morphology.joints if joint.stem == stem]
        view, shown, signs = VIEWS[pair[0].axis]
        for segment in zero:
            axes.plot(*_flat(segment.ends, shown, signs), color=INK["line"], linewidth=2.5)
        moved = [turned(morphology, joint) for joint in pair]
        for each in moved:
            _draw(axes, each, shown, signs)
        _zoom(axes, moved, 0.3 * morphology.size, shown, signs)
        axes.set_title(f"{words(stem)}, {view}", fontsize=11)
        axes.set_axis_off()

    for spare in grid.flat[len(stems) :]:
        spare.remove()
    finish(figure, panel=130, left=14, bottom=8)


def _draw(axes: Axes, turned: Turned, shown: tuple[int, int], signs: tuple[int, int]) -> None:
    """Draws what a joint moves: grey at zero, in colour where it is positive, and an arrow."""
    side = turned.joint.side
    for segment in turned.zero:
        axes.plot(*_flat(segment.ends, shown, signs), color=INK["muted"], linewidth=2.5)
    for segment in turned.positive:
        axes.plot(*_flat(segment.ends, shown, signs), label=side, linewidth=2.2, **line(side))

    arc = np.transpose(_flat(turned.arc, shown, signs))
    axes.plot(*arc.T, color=SIDES[side], linewidth=1.2)
    arrow = {"arrowstyle": "-|>", "color": SIDES[side], "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", arc[-1], arc[-2], arrowprops={**arrow, "mutation_scale": 11})


def _zoom(
    axes: Axes,
    moved: list[Turned],
    least: float,
    shown: tuple[int, int],
    signs: tuple[int, int],
) -> None:
    """Sets the limits of a panel around what joints move, and at least some length [m] wide."""
    ends = [each.ends for turned in moved for each in (*turned.zero, *turned.positive)]
    points = np.transpose(_flat(np.concatenate(ends), shown, signs))
    low, high = points.min(axis=0), points.max(axis=0)
    half = max(0.6 * float((high - low).max()), least / 2)
    (x, y) = (low + high) / 2
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half))
    axes.set_aspect("equal", adjustable="box")


def _flat(points: Array, shown: tuple[int, int], signs: tuple[int, int]) -> tuple[Array, Array]:
    """Returns the coordinates of points [m] (n, 3) that go right and up in a view."""
    return signs[0] * points[:, shown[0]], signs[1] * points[:, shown[1]]


def zero_pose(morphology: Morphology) -> Array:
    """Returns the home pose (nq,) with all driven joints at zero."""
    model, pose = morphology.model, morphology.home.copy()
    for joint in morphology.joints:
        pose[model.joint(joint.name).qposadr[0]] = 0.0
    return pose


def turned(morphology: Morphology, joint: Joint) -> Turned:
    """Returns what a joint moves, at zero and turned in its positive direction."""
    model, pose = morphology.model, zero_pose(morphology)
    root, place = int(model.joint(joint.name).bodyid[0]), model.joint(joint.name).qposadr[0]
    turns = model.joint(joint.name).type[0] == mujoco.mjtJoint.mjJNT_HINGE

    found, datas = [], []
    for angle in np.linspace(0.0, TURN if turns else SLIDE, 9):
        pose[place] = angle
        data = posed(morphology, pose)
        datas.append(data)
        found.append(
            [each for each in segments(morphology, data) if is_in_subtree(model, each.body, root)]
        )

    zero = found[0] or [Segment(root, joint.side, np.stack([datas[0].xipos[root]] * 2))]
    anchor = datas[0].joint(joint.name).xanchor
    body, end = max(
        ((each.body, end) for each in zero for end in each.ends),
        key=lambda pair: float(np.linalg.norm(pair[1] - anchor)),
    )
    local = datas[0].xmat[body].reshape(3, 3).T @ (end - datas[0].xpos[body])
    arc = np.array([data.xmat[body].reshape(3, 3) @ local + data.xpos[body] for data in datas])
    return Turned(joint, zero, found[-1], arc)


def table(morphology: Morphology) -> Table:
    """Returns one row per driven joint: its angle at home, its limits, its positive direction."""
    rows: list[list[Cell]] = []
    for joint in morphology.joints:
        numbers = np.array([joint.home, joint.low, joint.high])
        numbers, unit = (np.degrees(numbers), "°") if joint.axis else (numbers, "m")
        rows.append([words(joint.name), *numbers.tolist(), unit, turned(morphology, joint).way])
    columns = ("joint", "at home", "low", "high", "unit", "its far end goes, where it grows")
    return Table(columns, rows)
