"""Draws one model off screen: its colours, and which geom each pixel shows."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError
from evoloco.report.video import drawing, shot

NOTHING = -1
"""Where no geom is."""

MESA_THREADS = "LP_NUM_THREADS"
"""Variable that says how many threads Mesa's software renderer has.

With none besides ours, uploading a texture takes a sixth of the time, and pictures no longer.
"""


class Studio:
    """Draws pictures of a model, which may change between them. Use it as a context manager.

    It belongs to the thread that made it: from another one, pictures would be black.

    Args:
        model: What is drawn. After a change of its textures, call `upload`.
        width: Of a picture [px].
        height: Of a picture [px].

    Raises:
        EvolocoError: This machine cannot draw off screen.
    """

    def __init__(self, model: mujoco.MjModel, width: int, height: int) -> None:
        self.model, self.width, self.height = model, width, height
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 100)
        self._option = mujoco.MjvOption()
        self._open = ExitStack()

        os.environ.setdefault(MESA_THREADS, "0")
        screen = model.vis.global_
        before = screen.offwidth, screen.offheight
        screen.offwidth, screen.offheight = width, height
        try:
            self._context = self._open.enter_context(drawing(model))
        finally:
            screen.offwidth, screen.offheight = before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def upload(self, textures: Iterable[int]) -> None:
        """Takes over textures of the model that changed, by their indices."""
        for texture in textures:
            mujoco.mjr_uploadTexture(self.model, self._context, texture)

    def look(self, data: mujoco.MjData, camera: str) -> None:
        """Computes where everything is, as a camera of the model sees it."""
        mujoco.mj_kinematics(self.model, data)
        mujoco.mj_camlight(self.model, data)

        view = mujoco.MjvCamera()
        view.type = mujoco.mjtCamera.mjCAMERA_FIXED
        view.fixedcamid = self.model.camera(camera).id
        mujoco.mjv_updateCamera(self.model, data, view, self._scene)  # endless planes follow it
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self.model, data, self._option, None, view, everything, self._scene)

    def picture(self) -> NDArray[np.uint8]:
        """Colours of what `look` saw (height, width, 3).

        Raises:
            EvolocoError: The picture is black all over, as with a lost graphics context.
        """
        picture = shot(self._scene, self._context, self.width, self.height)
        if not picture.any():
            raise EvolocoError(
                "A picture is black all over: nothing was drawn. Draw on the thread that made "
                "the Studio, and light the scene."
            )
        return picture

    def geoms(self) -> NDArray[np.int32]:
        """Index of the geom that each pixel shows (height, width), or NOTHING."""
        flags, which = self._scene.flags, mujoco.mjtRndFlag
        flags[which.mjRND_SEGMENT] = flags[which.mjRND_IDCOLOR] = 1
        coded = shot(self._scene, self._context, self.width, self.height).astype(np.int32)
        flags[which.mjRND_SEGMENT] = flags[which.mjRND_IDCOLOR] = 0

        drawn = coded @ np.array([1, 1 << 8, 1 << 16])  # 0 where nothing is, else 1 + its place
        shown = np.full(self._scene.ngeom + 1, NOTHING, np.int32)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            if geom.segid >= 0 and geom.objtype == mujoco.mjtObj.mjOBJ_GEOM:
                shown[geom.segid + 1] = geom.objid
        return np.asarray(shown[drawn])


class InStudio:
    """What draws in a studio of its own, `_studio`, and closes it. Use it as a context manager."""

    _studio: Studio

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._studio.__exit__(*exception)
