"""Pictures that a camera of a model takes, drawn by MuJoCo off screen.

All of this runs in the thread of `evoloco.perception.thread`, which makes, uses and frees the GL
context: the only one of the process for learned sensors.
"""

import copy
import os
import threading
from collections import OrderedDict
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError
from evoloco.off_screen import gl_context, renderer
from evoloco.perception.cast import picture as directions
from evoloco.perception.rays import cast
from evoloco.perception.studio import MESA_THREADS

KEPT_CANVASES = 8
"""Canvases that stay, of those that were drawn on last."""

GEOMS = 10_000
"""Most things that a picture shows."""

PLAUSIBLE = 0.5
"""Least share of the pixels whose geom is the one that a ray through them hits."""

Pixels = NDArray[np.uint8]

_own = threading.local()


def picture(
    model: mujoco.MjModel, data: mujoco.MjData, camera: int, width: int, height: int
) -> Pixels:
    """The picture of a camera (height, width, 3), RGB, the uppermost row first.

    It has no shadows and one sample per pixel.

    Args:
        model: Whose textures, meshes and height fields it shows.
        data: With poses of geoms, cameras and lights.
        camera: Id of the camera.
        width: Of the picture [px].
        height: Of the picture [px].

    Raises:
        EvolocoError: This machine cannot draw off screen, or what it draws is not there.
    """
    if not hasattr(_own, "screen"):
        _own.screen = OffScreen()
    screen: OffScreen = _own.screen
    return screen.canvas(model, data, camera, width, height).picture(model, data, camera)


class OffScreen:
    """A GL context, and what is drawn on with it: a canvas per size and kind of model."""

    def __init__(self) -> None:
        self._canvases: OrderedDict[object, Canvas] = OrderedDict()
        os.environ.setdefault(MESA_THREADS, "0")
        self._gl = gl_context(1, 1)  # canvases have a framebuffer of their own

    def __del__(self) -> None:
        for canvas in getattr(self, "_canvases", {}).values():
            canvas.free()
        if hasattr(self, "_gl"):
            self._gl.free()

    def canvas(
        self, model: mujoco.MjModel, data: mujoco.MjData, camera: int, width: int, height: int
    ) -> "Canvas":
        """The canvas of a kind of model, whose first picture has been checked."""
        kind = width, height, *_fixed(model)
        if kind not in self._canvases:
            canvas = Canvas(model, width, height)
            canvas.check(model, data, camera)
            self._canvases[kind] = canvas
            if len(self._canvases) > KEPT_CANVASES:
                self._canvases.popitem(last=False)[1].free()
        self._canvases.move_to_end(kind)
        return self._canvases[kind]


class Canvas:
    """Draws pictures of one size, of models that differ in numbers only.

    Args:
        model: One of them.
        width: Of the pictures [px].
        height: Of the pictures [px].
    """

    def __init__(self, model: mujoco.MjModel, width: int, height: int) -> None:
        plain = copy.copy(model)
        plain.vis.global_.offwidth, plain.vis.global_.offheight = width, height
        # Both are tens of times slower in software.
        plain.vis.quality.shadowsize = plain.vis.quality.offsamples = 0
        self._context = renderer(plain)
        self._scene, self._option = mujoco.MjvScene(plain, GEOMS), mujoco.MjvOption()
        self._frame = mujoco.MjrRect(0, 0, width, height)
        self._held = {name: getattr(model, name).copy() for name in _UPLOADS}

    def free(self) -> None:
        """Frees what the GL context holds."""
        self._context.free()

    def picture(self, model: mujoco.MjModel, data: mujoco.MjData, camera: int) -> Pixels:
        """The picture of a camera (height, width, 3)."""
        self._upload(model)
        view = mujoco.MjvCamera()
        view.type, view.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, camera
        # Endless planes are laid around where the scene's camera is: without this, where it was.
        mujoco.mjv_updateCamera(model, data, view, self._scene)
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(model, data, self._option, None, view, everything, self._scene)
        return self._drawn()

    def check(self, model: mujoco.MjModel, data: mujoco.MjData, camera: int) -> None:
        """Checks that the pixels show the geoms that rays through them hit.

        Left out are pixels of what is no geom, of the body that carries the camera, of geoms that
        are nearer than a picture shows, and of those that the camera is in, which a picture shows
        from outside only.

        Raises:
            EvolocoError: Too many do not: GL does not work.
        """
        shown = self._geoms(model, data, camera)
        height, width = shown.shape
        pixels = directions(width, height, float(model.cam_fovy[camera]))
        near, far = model.stat.extent * np.array([model.vis.map.znear, model.vis.map.zfar])
        distance, hit, inside = cast(model, data, camera, pixels, far, self._option.geomgroup)

        own = (shown >= 0) & (model.geom_bodyid[shown] == model.cam_bodyid[camera])
        unseen = (inside | (distance <= near)).reshape(shown.shape)
        told = (shown != _NO_GEOM) & ~own & ~unseen
        right = shown == hit.reshape(shown.shape)
        if told.any() and right[told].mean() < PLAUSIBLE:
            name = model.camera(camera).name
            raise EvolocoError(
                f"Pictures of the camera '{name}' are wrong: {right[told].mean():.0%} of the "
                "pixels show what is there. OpenGL does not work here; see the variable MUJOCO_GL."
            )

    def _geoms(self, model: mujoco.MjModel, data: mujoco.MjData, camera: int) -> NDArray[np.int64]:
        """Id of the geom in each pixel (height, width); -1 for none, `_NO_GEOM` for a site, say."""
        flags = self._scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = True
        colours = self.picture(model, data, camera).astype(np.int64) @ (1, 2**8, 2**16)
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = False

        geom = mujoco.mjtObj.mjOBJ_GEOM
        found = {0: -1}
        for one in self._scene.geoms[: self._scene.ngeom]:
            if one.segid >= 0:
                found[one.segid + 1] = one.objid if one.objtype == geom else _NO_GEOM
        geoms = np.vectorize(lambda colour: found.get(colour, _NO_GEOM), otypes=[np.int64])
        return np.asarray(geoms(colours))

    def _drawn(self) -> Pixels:
        """The scene (height, width, 3)."""
        pixels = np.zeros((self._frame.height, self._frame.width, 3), np.uint8)
        # Other canvases have their own framebuffer, and drawing does not change to this one's.
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        mujoco.mjr_render(self._frame, self._scene, self._context)
        mujoco.mjr_readPixels(pixels, None, self._frame, self._context)
        return np.ascontiguousarray(pixels[::-1])

    def _upload(self, model: mujoco.MjModel) -> None:
        """Hands over textures, height fields and meshes, of which GL has copies."""
        for name, (count, upload) in _UPLOADS.items():
            numbers = getattr(model, name)
            if not np.array_equal(numbers, self._held[name]):
                for index in range(getattr(model, count)):
                    upload(model, self._context, index)
                self._held[name] = numbers.copy()


_NO_GEOM = -2

_UPLOADS: dict[str, tuple[str, Any]] = {
    "tex_data": ("ntex", mujoco.mjr_uploadTexture),
    "hfield_data": ("nhfield", mujoco.mjr_uploadHField),
    "hfield_size": ("nhfield", mujoco.mjr_uploadHField),
    "mesh_vert": ("nmesh", mujoco.mjr_uploadMesh),
}
"""Numbers of a model that GL has a copy of -> how many parts, and what hands one over anew."""


def _fixed(model: mujoco.MjModel) -> tuple[object, ...]:
    """What a canvas cannot change: sizes of a model's parts, and how its planes are divided."""
    sizes = ("ngeom", "ntex", "ntexdata", "nmesh", "nmeshvert", "nmeshface", "nhfield")
    shapes = ("tex_type", "tex_width", "tex_height", "hfield_nrow", "hfield_ncol", "mesh_vertnum")
    plane = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
    endless = plane & (model.geom_size[:, :2] <= 0).any(axis=1) & (model.geom_matid >= 0)
    material = model.geom_matid[endless]
    return (
        *(getattr(model, name) for name in sizes),
        *(getattr(model, name).tobytes() for name in shapes),
        model.geom_size[plane].tobytes(),
        model.mat_texrepeat[material].tobytes(),
        model.mat_texuniform[material].tobytes(),
        *(model.stat.extent, model.vis.map.znear, model.vis.map.zfar),
    )
