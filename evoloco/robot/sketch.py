"""A robot drawn with characters, seen from a side: for terminals, without GL."""

import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.robot.anatomy import Anatomy
from evoloco.robot.linkage import Link, Linkage

ASPECT = 2.0
"""Height of a character over its width [1]."""

POINTS = 40
"""Points along the longest side of a geom."""


def sketch(
    linkage: Linkage, anatomy: Anatomy, across: int, width: int = 38, height: int = 18
) -> list[str]:
    """Draws a robot as lines of characters.

    `#` is the torso, `:` other bodies, `o` a driven joint, `.` another joint, `A` the sole of a
    foot, `=` the ground.

    Args:
        linkage: In its home pose.
        anatomy: Of the robot.
        across: Axis along the drawing, 0 for x (from the right side) or 1 for y (from the front).
        width: Of the drawing, in characters.
        height: Likewise.
    """
    root = linkage.of(anatomy.torso).chain[0]
    links = linkage.under(root)
    torso = linkage.of(anatomy.torso)
    drawn = [("#" if link is torso else ":", _points(link)) for link in links]
    everything = np.concatenate([points for _, points in drawn if len(points)])[:, [across, 2]]
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = float(max((high[0] - low[0]) / (width - 1), (high[1] - low[1]) / (height - 2) / ASPECT))
    scale = scale or 1.0
    rows = int(np.ceil((high[1] - low[1]) / scale / ASPECT)) + 1
    canvas = [[" "] * width for _ in range(rows)]
    middle = (low[0] + high[0]) / 2

    def put(mark: str, points: Array) -> None:
        for point in points:
            # From the front, the robot's left is at the right of the picture.
            side = (point[across] - middle) / scale
            column = round(width / 2 - 0.5 + side)
            row = round((high[1] - point[2]) / scale / ASPECT)
            if 0 <= column < width and 0 <= row < rows:
                canvas[row][column] = mark

    for mark, points in sorted(drawn, key=lambda pair: pair[0] == "#"):
        put(mark, points)
    driven = set(anatomy.joints)
    for link in links:
        for joint in link.hinges:
            mark = "o" if linkage.model.joint(joint).name in driven else "."
            put(mark, linkage.data.xanchor[[joint]])
    put("A", np.array([linkage.of(foot).tip for foot in anatomy.feet]))
    return ["".join(row).rstrip() for row in canvas] + ["=" * width]


def _points(link: Link) -> Array:
    """Points on the geoms of a link [m] (n, 3): on grids in their bounding boxes."""
    model, data = link.model, link.linkage.data
    unbounded = (mujoco.mjtGeom.mjGEOM_PLANE, mujoco.mjtGeom.mjGEOM_HFIELD)
    found = [np.empty((0, 3))]
    for geom in link.touching or link.geoms:
        if int(model.geom_type[geom]) in unbounded:
            continue
        centre, half = model.geom_aabb[geom, :3], model.geom_aabb[geom, 3:]
        counts = np.maximum(2, np.ceil(POINTS * half / max(half.max(), 1e-9)).astype(int))
        axes = [
            np.linspace(-1, 1, count) * length for count, length in zip(counts, half, strict=True)
        ]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        if int(model.geom_type[geom]) in (
            mujoco.mjtGeom.mjGEOM_SPHERE,
            mujoco.mjtGeom.mjGEOM_ELLIPSOID,
        ):
            grid = grid[np.sum((grid / half) ** 2, axis=1) <= 1]
        turn = data.geom_xmat[geom].reshape(3, 3)
        found.append(data.geom_xpos[geom] + (centre + grid) @ turn.T)
    return np.concatenate(found)
