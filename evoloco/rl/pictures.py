"""Pictures of a body while it is simulated step by step."""

import copy
from contextlib import ExitStack

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.fields import Array
from evoloco.morphology import Morphology
from evoloco.report.video import drawing, shot, side_camera

WIDTH, HEIGHT = 480, 360
"""Size of a picture [px]."""


class Pictures:
    """Draws a body from its side, off screen; `close` frees what that takes.

    Args:
        morphology: The body.

    Raises:
        EvolocoError: This machine cannot draw off screen.
    """

    def __init__(self, morphology: Morphology) -> None:
        self._torso = morphology.torso_frame
        self._model = copy.copy(morphology.model)
        vis = self._model.vis
        vis.global_.offwidth, vis.global_.offheight = WIDTH, HEIGHT
        vis.quality.shadowsize = vis.quality.offsamples = 0  # tens of times slower in software

        self._data = mujoco.MjData(self._model)
        self._scene = mujoco.MjvScene(self._model, maxgeom=2000)
        self._camera = side_camera(self._model, morphology.size)
        self._open = ExitStack()
        self._context = self._open.enter_context(drawing(self._model))

    def of(self, state: Array) -> NDArray[np.uint8]:
        """Returns a picture (360, 480, 3) of an integration state."""
        model, data = self._model, self._data
        mujoco.mj_setState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_forward(model, data)

        self._camera.lookat[:] = data.body(self._torso).xpos
        everything, option = mujoco.mjtCatBit.mjCAT_ALL, mujoco.MjvOption()
        mujoco.mjv_updateScene(model, data, option, None, self._camera, everything, self._scene)
        return shot(self._scene, self._context, WIDTH, HEIGHT)

    def close(self) -> None:
        """Frees the picture's context."""
        self._open.close()
