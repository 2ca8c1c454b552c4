"""OpenGL without a window: what pictures and films are drawn with."""

import os
import platform
from typing import Any

import mujoco

from evoloco.errors import EvolocoError

OFF = {"disable", "disabled", "off", "false", "0"}
"""Values of `MUJOCO_GL` with which MuJoCo draws nothing."""

DEBIAN = "libegl1 libgl1-mesa-dri"
"""Packages for off-screen drawing on Debian and Ubuntu."""


def gl_context(width: int, height: int) -> Any:
    """Makes a GL context, current in this thread: MuJoCo's `GLContext`.

    On Linux it uses EGL, unless `MUJOCO_GL` asks for something else.

    Args:
        width: Largest width of a picture [px].
        height: Largest height of a picture [px].

    Raises:
        EvolocoError: This machine cannot draw off screen, or shall not.
    """
    wanted = _wanted()
    try:
        if wanted in OFF:
            raise ImportError(f"MUJOCO_GL is '{wanted}'")
        if platform.system() == "Linux" and not wanted:
            # Not imported above: it fails without EGL.
            from mujoco.egl import GLContext
        else:
            from mujoco.gl_context import GLContext
        context = GLContext(width, height)
        context.make_current()
    except Exception as error:
        # The loaders raise ImportError, AttributeError, RuntimeError and their own.
        raise _unable(error) from error
    return context


def renderer(model: mujoco.MjModel) -> mujoco.MjrContext:
    """MuJoCo's renderer of a model on the GL context that is current.

    Raises:
        EvolocoError: This machine cannot draw off screen.
    """
    try:
        return mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
    except Exception as error:
        raise _unable(error) from error


def _wanted() -> str:
    """What `MUJOCO_GL` asks for; empty where it does not."""
    return os.environ.get("MUJOCO_GL", "").strip().lower()


def _unable(error: Exception) -> EvolocoError:
    """The error of a machine that cannot draw."""
    asked = "" if _wanted() in ("", "egl") else f" and MUJOCO_GL=egl, not '{_wanted()}', chooses it"
    return EvolocoError(
        f"This machine cannot draw off screen ({error}). On Debian or Ubuntu, "
        f"'apt install {DEBIAN}' adds what is missing{asked}."
    )
