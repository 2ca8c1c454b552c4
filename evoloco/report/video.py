"""A film of an episode: the recorded poses, drawn off screen and written as H.264."""

import copy
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import mujoco
import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.genome import Array

SAMPLES = 2
"""Rendered pixels per film pixel and direction: smooth edges, without multisampling, which software GL does slowly."""

RATE_FACTOR = "27"
"""x264's constant rate factor: visually clean, about 1 MB for ten seconds of 640x360."""


def film(episode: Episode, path: Path, width: int = 640, height: int = 360, fps: int = 30) -> Path:
    """Films an episode from the side, the camera following the body.

    Draws with EGL, without a display, unless the variable `MUJOCO_GL` asks
    for something else.

    Args:
        episode: What to show, from its first row to its last.
        path: The MP4 file to write.
        width: Of the film [px], even.
        height: Of the film [px], even.
        fps: Frames per second of the film; it plays in real time.

    Raises:
        EvolocoError: This machine cannot draw off screen.
    """
    model = copy.copy(episode.morphology.model)
    model.vis.global_.offwidth, model.vis.global_.offheight = SAMPLES * width, SAMPLES * height
    model.vis.quality.shadowsize = model.vis.quality.offsamples = 0  # tens of times faster in software GL
    poses, centre = _frames(episode, fps)
    data = mujoco.MjData(model)
    camera = mujoco.MjvCamera()
    camera.azimuth, camera.elevation = 115.0, -12.0  # from the right and a little from the front [deg]
    camera.distance = 3.2 * episode.morphology.size
    shot = np.empty((SAMPLES * height, SAMPLES * width, 3), np.uint8)
    with _gl(SAMPLES * width, SAMPLES * height):
        scene, option = mujoco.MjvScene(model, maxgeom=2000), mujoco.MjvOption()
        context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, context)
        whole = mujoco.MjrRect(0, 0, SAMPLES * width, SAMPLES * height)
        writer = imageio_ffmpeg.write_frames(
            str(path), (width, height), fps=fps, codec="libx264", pix_fmt_in="rgb24", pix_fmt_out="yuv420p",
            quality=None, macro_block_size=2,
            output_params=["-crf", RATE_FACTOR, "-preset", "medium", "-movflags", "+faststart"],
        )
        writer.send(None)
        try:
            for pose, camera.lookat in zip(poses, centre, strict=True):
                data.qpos = pose
                mujoco.mj_kinematics(model, data)
                mujoco.mj_comPos(model, data)
                mujoco.mj_camlight(model, data)
                mujoco.mjv_updateScene(model, data, option, None, camera, mujoco.mjtCatBit.mjCAT_ALL, scene)
                mujoco.mjr_render(whole, scene, context)
                mujoco.mjr_readPixels(shot, None, whole, context)
                blocks = shot[::-1].reshape(height, SAMPLES, width, SAMPLES, 3)
                writer.send(np.ascontiguousarray(blocks.mean((1, 3)).astype(np.uint8)))
        finally:
            writer.close()
            context.free()
    return path


def _frames(episode: Episode, fps: int) -> tuple[list[Array], Array]:
    """Poses (N, nq) at the film's moments, and where the camera looks [m] (N, 3)."""
    model, recorded = episode.morphology.model, episode["qpos"]
    moments = np.arange(max(1, round(len(episode) * episode.control_dt * fps))) / (fps * episode.control_dt)
    poses = []
    for moment in np.minimum(moments, len(episode) - 1):
        row = min(int(moment), max(len(episode) - 2, 0))
        change, pose = np.empty(model.nv), recorded[row].copy()
        mujoco.mj_differentiatePos(model, change, 1.0, pose, recorded[min(row + 1, len(episode) - 1)])
        mujoco.mj_integratePos(model, pose, change, moment - row)
        poses.append(pose)
    torso = episode.sensor("torso.position")
    half = max(1, round(0.4 / episode.control_dt))  # the camera averages over 0.8 s, about a stride
    padded = np.pad(torso, ((half, half), (0, 0)), mode="reflect", reflect_type="odd") if len(torso) > half else torso
    window = np.ones(2 * half + 1) / (2 * half + 1)
    rows = np.minimum(moments, len(episode) - 1)
    path = (
        np.stack([np.convolve(column, window, mode="valid") for column in padded.T], axis=1)
        if len(torso) > half
        else torso
    )
    centre = np.stack([np.interp(rows, np.arange(len(path)), column) for column in path.T], axis=1)
    centre[:, 2] = 0.5 * episode.morphology.size
    return poses, centre


@contextmanager
def _gl(width: int, height: int) -> Iterator[None]:
    """A current GL context; freed afterwards."""
    try:
        context = _context()(width, height)
        context.make_current()
    except Exception as error:  # the GL loaders raise ImportError, AttributeError, RuntimeError or their own
        raise EvolocoError(
            f"No video: this machine cannot draw off screen ({error}). "
            "On Debian or Ubuntu, `apt install libegl1 libgl1-mesa-dri` adds what is missing."
        ) from error
    try:
        yield
    finally:
        context.free()


def _context() -> Any:
    """MuJoCo's GL context class: EGL on Linux unless `MUJOCO_GL` names another."""
    if platform.system() == "Linux" and not os.environ.get("MUJOCO_GL"):
        from mujoco.egl import GLContext  # here, not above: it fails to import where EGL is missing

        return GLContext
    return mujoco.gl_context.GLContext
