"""A picture of a robot at home: from its right side, and from the front."""

import copy
from pathlib import Path

import imageio.v3 as imageio
import mujoco
import numpy as np

from evoloco.fields import Array
from evoloco.report.video import drawing, shot
from evoloco.robot.extent import box
from evoloco.robot.linkage import Linkage

FILL = 0.8
"""Size of the robot over that of its picture [1]."""

VIEWS = (90.0, 180.0)
"""Azimuths of the camera [°]: from the right side with the front at the right, from the front."""

ELEVATION = -8.0
"""Of the camera [°]: a little from above."""


def draw(linkage: Linkage, torso: str, path: Path, side: int = 480) -> None:
    """Draws a robot and writes the picture as PNG.

    Args:
        linkage: In its home pose.
        torso: Body of the robot.
        path: Of the picture.
        side: Width and height of each of the two views [px].

    Raises:
        EvolocoError: This machine cannot draw off screen.
    """
    model = copy.copy(linkage.model)
    model.vis.global_.offwidth = model.vis.global_.offheight = side
    model.vis.quality.shadowsize = 0
    data = linkage.data
    mujoco.mj_camlight(model, data)
    mujoco.mj_tendon(model, data)

    root = linkage.of(torso).chain[0]
    geoms = [geom for link in linkage.under(root) for geom in link.geoms]
    low, high = box(model, data, geoms) or (np.zeros(3), np.ones(3))
    camera, option = mujoco.MjvCamera(), mujoco.MjvOption()
    camera.elevation, camera.lookat = ELEVATION, (low + high) / 2

    shots = []
    with drawing(model) as context:
        scene = mujoco.MjvScene(model, maxgeom=5000)
        for azimuth, across in zip(VIEWS, (0, 1), strict=True):
            camera.azimuth = azimuth
            camera.distance = _distance(model, (high - low)[[across, 2]], (high - low)[1 - across])
            everything = mujoco.mjtCatBit.mjCAT_ALL
            mujoco.mjv_updateScene(model, data, option, None, camera, everything, scene)
            shots.append(shot(scene, context, side, side))
    imageio.imwrite(path, np.concatenate(shots, axis=1), extension=".png")


def _distance(model: mujoco.MjModel, seen: Array, depth: float) -> float:
    """Distance of a camera that sees something of a width and height, and a depth [m]."""
    half = np.tan(np.radians(model.vis.global_.fovy) / 2)
    return float(max(seen) / 2 / FILL / half + depth / 2)
