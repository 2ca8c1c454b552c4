"""A film of an episode: the recorded poses, drawn off screen and written as H.264."""

import copy
import os
import platform
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import mujoco
import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.genome import Array
from evoloco.ground import height as ground
from evoloco.report.muscles import activations, on_tendons

LONGEST = 12.0
"""Length of a report's film [s]: some strides; drawing in software takes about as long as they do."""

FILL = 0.6
"""Height of the body over that of the picture."""

AT_REST, ACTIVE = (0.72, 0.79, 0.88), (0.86, 0.05, 0.08)
"""Colours of a muscle at an activation of 0 and 1."""

SAMPLES = 2
"""Rendered pixels per film pixel and direction: smooth edges, cheaper than multisampling in software GL."""

RATE_FACTOR = 23
"""Constant rate factor of x264: clean pictures, well below 1 MB for ten seconds of 640x360."""

DEBIAN = "libegl1 libgl1-mesa-dri"
"""Packages that add off-screen drawing to Debian and Ubuntu."""


def film(
    episode: Episode,
    path: Path,
    width: int = 640,
    height: int = 360,
    fps: int = 30,
    longest: float = np.inf,
) -> Path:
    """Films an episode from the side, the camera following the body; muscles redden with their activation.

    Draws with EGL, without a display, unless the variable `MUJOCO_GL` asks
    for something else.

    Args:
        episode: What to show, from its first row on.
        path: The MP4 file to write.
        width: Of the film [px], even.
        height: Of the film [px], even.
        fps: Frames per second of the film; it plays in real time.
        longest: Time after which the film ends, though the episode goes on [s].

    Raises:
        EvolocoError: This machine cannot draw off screen.
    """
    model = copy.copy(episode.morphology.model)
    size = SAMPLES * width, SAMPLES * height
    model.vis.global_.offwidth, model.vis.global_.offheight = size
    model.vis.quality.shadowsize = model.vis.quality.offsamples = (
        0  # tens of times faster in software GL
    )
    data, scene, option = (
        mujoco.MjData(model),
        mujoco.MjvScene(model, maxgeom=2000),
        mujoco.MjvOption(),
    )
    camera = mujoco.MjvCamera()
    camera.azimuth, camera.elevation = 115.0, -12.0  # [deg] from the right, a little from behind
    half = FILL * np.tan(np.radians(model.vis.global_.fovy) / 2)
    camera.distance = 0.5 * episode.morphology.size / half
    rows = np.arange(max(1, round(filmed(episode, longest) * fps))) / (fps * episode.control_dt)
    rows = np.minimum(rows, len(episode) - 1)
    gaze, active = _gaze(episode), activations(episode)
    tendons = model.actuator_trnid[on_tendons(model), 0]
    with _context(model) as context, _encoder(path, size, width, height, fps) as encoder:
        frame, shot = mujoco.MjrRect(0, 0, *size), np.empty((size[1], size[0], 3), np.uint8)
        for row in rows:
            data.qpos = _pose(episode, row)
            camera.lookat = [np.interp(row, np.arange(len(gaze)), column) for column in gaze.T]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_camlight(model, data)
            mujoco.mj_tendon(model, data)
            model.tendon_rgba[tendons, :3] = _redness(active[round(row)])
            mujoco.mjv_updateScene(
                model, data, option, None, camera, mujoco.mjtCatBit.mjCAT_ALL, scene
            )
            mujoco.mjr_render(frame, scene, context)
            mujoco.mjr_readPixels(shot, None, frame, context)
            encoder.send(shot)
    return path


def filmed(episode: Episode, longest: float = LONGEST) -> float:
    """Time of an episode that its film shows [s]."""
    return min(len(episode) * episode.control_dt, longest)


def _redness(activation: Array) -> Array:
    """Colours (M, 3) of muscles by their activation (M,)."""
    return np.array(AT_REST) + np.clip(activation, 0, 1)[:, None] * np.subtract(ACTIVE, AT_REST)


def _pose(episode: Episode, row: float) -> Array:
    """Pose (nq,) between two recorded rows, on the shortest way from one to the other."""
    model, before = episode.morphology.model, int(row)
    pose, change = np.array(episode["qpos"][before]), np.empty(model.nv)
    after = episode["qpos"][min(before + 1, len(episode) - 1)]
    mujoco.mj_differentiatePos(model, change, 1.0, pose, after)
    mujoco.mj_integratePos(model, pose, change, row - before)
    return pose


def _gaze(episode: Episode) -> Array:
    """Where the camera looks [m] (T, 3): at half the body's height, following the torso without its sway."""
    x, y, _ = episode.sensor("torso.position").T
    torso = np.stack([x, y, ground(episode.morphology, x, y)], axis=1)
    half = min(
        round(0.4 / episode.control_dt), len(torso) - 1
    )  # averages over 0.8 s, about a stride
    padded = np.pad(torso, ((half, half), (0, 0)), mode="reflect", reflect_type="odd")
    window = np.full(2 * half + 1, 1 / (2 * half + 1))
    gaze = np.stack([np.convolve(column, window, mode="valid") for column in padded.T], axis=1)
    gaze[:, 2] += 0.5 * episode.morphology.size
    return gaze


@contextmanager
def _encoder(
    path: Path, size: tuple[int, int], width: int, height: int, fps: int
) -> Iterator[Generator[None, Any, None]]:
    """Takes raw frames of a size, bottom row first as GL reads them, and writes them smaller."""
    encoder = imageio_ffmpeg.write_frames(
        str(path),
        size,
        fps=fps,
        codec="libx264",
        quality=None,
        macro_block_size=1,
        output_params=[
            "-vf",
            f"vflip,scale={width}:{height}:flags=area",
            "-crf",
            str(RATE_FACTOR),
            "-movflags",
            "+faststart",
            "-map_metadata",
            "-1",
            "-fflags",
            "+bitexact",
        ],
    )
    encoder.send(None)
    try:
        yield encoder
    finally:
        encoder.close()


@contextmanager
def _context(model: mujoco.MjModel) -> Iterator[mujoco.MjrContext]:
    """MuJoCo's renderer on an off-screen GL context: EGL on Linux, unless `MUJOCO_GL` asks for another."""
    try:
        if platform.system() == "Linux" and not os.environ.get("MUJOCO_GL"):
            from mujoco.egl import GLContext  # not above: it fails to import where EGL is missing
        else:
            from mujoco.gl_context import GLContext
        gl = GLContext(model.vis.global_.offwidth, model.vis.global_.offheight)
        gl.make_current()
        context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
    except (
        Exception
    ) as error:  # the loaders raise ImportError, AttributeError, RuntimeError and their own
        raise EvolocoError(
            f"No video: this machine cannot draw off screen ({error}). "
            f"On Debian or Ubuntu, 'apt install {DEBIAN}' adds what is missing."
        ) from error
    try:
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, context)
        yield context
        context.free()
    finally:
        gl.free()
