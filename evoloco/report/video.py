"""The film of an episode: its recorded poses, drawn off screen and written as H.264."""

import copy
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.genome import Array
from evoloco.ground import height as ground
from evoloco.off_screen import gl_context, renderer
from evoloco.report.muscles import activations, on_tendons

LONGEST = 12.0
"""Longest film in a report [s]: some strides. Drawing without a GPU takes about as long."""

FILL = 0.6
"""Height of the body, relative to that of the picture."""

AT_REST, ACTIVE = (0.72, 0.79, 0.88), (0.86, 0.05, 0.08)
"""Colours of a muscle at an activation of 0 and 1."""

SAMPLES = 2
"""Rendered pixels per film pixel and direction, for smooth edges. Multisampling is slower."""

RATE_FACTOR = 23
"""Constant rate factor of x264: sharp pictures, below 1 MB for ten seconds of 640x360."""

SWAY = 0.4
"""Half the time over which the camera's path is averaged [s]; the whole is about a stride."""


def film(
    episode: Episode,
    path: Path,
    width: int = 640,
    height: int = 360,
    fps: int = 30,
    longest: float = np.inf,
) -> Path:
    """Films an episode from the side; muscles are redder the more active they are.

    Where a sensor looks at pictures, they are shown in a corner with what was found
    (`evoloco.report.inset`).

    Draws with EGL, without a display, unless the variable `MUJOCO_GL` asks
    for something else.

    Args:
        episode: What to show, from its first row on.
        path: The MP4 file to write.
        width: Width of the film [px], even.
        height: Height of the film [px], even.
        fps: Frames per second of the film; it plays in real time.
        longest: Longest film [s], even if the episode is longer.

    Returns:
        The path.

    Raises:
        EvolocoError: This machine cannot draw off screen.
    """
    from evoloco.report.inset import inset_of  # which draws with what stands below

    model = copy.copy(episode.morphology.model)
    size = SAMPLES * width, SAMPLES * height
    model.vis.global_.offwidth, model.vis.global_.offheight = size
    # Both are tens of times slower in software.
    model.vis.quality.shadowsize = model.vis.quality.offsamples = 0

    data, option = mujoco.MjData(model), mujoco.MjvOption()
    scene = mujoco.MjvScene(model, maxgeom=2000)
    everything = mujoco.mjtCatBit.mjCAT_ALL
    camera = side_camera(model, episode.morphology.size)
    gaze, active, inset = _gaze(episode), activations(episode), inset_of(episode)
    tendons = model.actuator_trnid[on_tendons(model), 0]

    with drawing(model) as context, _encoder(path, size, width, height, fps) as encoder:
        frame, pixels = mujoco.MjrRect(0, 0, *size), np.empty((size[1], size[0], 3), np.uint8)
        for row in _rows(episode, longest, fps):
            data.qpos = _pose(episode, row)
            camera.lookat = [np.interp(row, np.arange(len(gaze)), column) for column in gaze.T]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_camlight(model, data)
            mujoco.mj_tendon(model, data)
            model.tendon_rgba[tendons, :3] = _redness(active[round(row)])

            mujoco.mjv_updateScene(model, data, option, None, camera, everything, scene)
            mujoco.mjr_render(frame, scene, context)
            mujoco.mjr_readPixels(pixels, None, frame, context)
            if inset:
                inset.draw(pixels, int(row))
            encoder.send(pixels)
    return path


def side_camera(model: mujoco.MjModel, size: float) -> mujoco.MjvCamera:
    """Returns a camera that sees a body of some size [m] from the right, a little from behind."""
    camera = mujoco.MjvCamera()
    camera.azimuth, camera.elevation = 115.0, -12.0  # [deg]
    half = FILL * np.tan(np.radians(model.vis.global_.fovy) / 2)
    camera.distance = 0.5 * size / half
    return camera


def _rows(episode: Episode, longest: float, fps: int) -> Array:
    """Returns the control step of each frame; fractions are between two steps."""
    frames = max(1, round(filmed(episode, longest) * fps))
    rows = np.arange(frames) / (fps * episode.control_dt)
    return np.minimum(rows, len(episode) - 1)


def filmed(episode: Episode, longest: float = LONGEST) -> float:
    """Returns the time of an episode that its film shows [s]."""
    return min(episode.duration, longest)


def _redness(activation: Array) -> Array:
    """Returns the colours (M, 3) of muscles with some activation (M,)."""
    return np.array(AT_REST) + np.clip(activation, 0, 1)[:, None] * np.subtract(ACTIVE, AT_REST)


def _pose(episode: Episode, row: float) -> Array:
    """Returns the pose (nq,) between two control steps, on the shortest way between them."""
    model, before = episode.morphology.model, int(row)
    pose = np.array(episode["qpos"][before])
    after = episode["qpos"][min(before + 1, len(episode) - 1)]

    change = np.empty(model.nv)
    mujoco.mj_differentiatePos(model, change, 1.0, pose, after)
    mujoco.mj_integratePos(model, pose, change, row - before)
    return pose


def _gaze(episode: Episode) -> Array:
    """Returns where the camera looks [m] (T, 3).

    At half the body's height over the ground, along the path of the torso,
    averaged over `SWAY` before and after each step.
    """
    x, y, _ = episode.sensor("torso.position").T
    torso = np.stack(
        [x, y, ground(episode.morphology.model, episode.morphology.floor, x, y)], axis=1
    )

    half = min(round(SWAY / episode.control_dt), len(torso) - 1)
    padded = np.pad(torso, ((half, half), (0, 0)), mode="reflect", reflect_type="odd")
    window = np.full(2 * half + 1, 1 / (2 * half + 1))
    gaze = np.stack([np.convolve(column, window, mode="valid") for column in padded.T], axis=1)
    gaze[:, 2] += 0.5 * episode.morphology.size
    return gaze


@contextmanager
def _encoder(
    path: Path, size: tuple[int, int], width: int, height: int, fps: int
) -> Iterator[Generator[None, Any, None]]:
    """Yields a generator that takes raw frames and writes a film.

    Args:
        path: The MP4 file to write.
        size: Width and height of a frame [px]; its bottom row is first, as GL has it.
        width: Width of the film [px].
        height: Height of the film [px].
        fps: Frames per second.
    """
    options = {
        "-vf": f"vflip,scale={width}:{height}:flags=area",
        "-crf": str(RATE_FACTOR),
        "-movflags": "+faststart",
        "-map_metadata": "-1",
        "-fflags": "+bitexact",
    }
    encoder = imageio_ffmpeg.write_frames(
        str(path),
        size,
        fps=fps,
        codec="libx264",
        quality=None,
        macro_block_size=1,
        output_params=[word for option in options.items() for word in option],
    )
    encoder.send(None)
    try:
        yield encoder
    finally:
        encoder.close()


@contextmanager
def drawing(model: mujoco.MjModel) -> Iterator[mujoco.MjrContext]:
    """Yields MuJoCo's renderer on an off-screen GL context of the model's off-screen size.

    Raises:
        EvolocoError: This machine cannot draw off screen, or shall not.
    """
    try:
        gl = gl_context(model.vis.global_.offwidth, model.vis.global_.offheight)
        context = renderer(model)
    except EvolocoError as error:
        raise EvolocoError(f"No video: {error}") from error

    try:
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, context)
        yield context
        context.free()
    finally:
        gl.free()


def shot(
    scene: mujoco.MjvScene, context: mujoco.MjrContext, width: int, height: int
) -> NDArray[np.uint8]:
    """What a scene looks like (height, width, 3), the first row at the top."""
    frame, pixels = mujoco.MjrRect(0, 0, width, height), np.empty((height, width, 3), np.uint8)
    mujoco.mjr_render(frame, scene, context)
    mujoco.mjr_readPixels(pixels, None, frame, context)
    return np.flipud(pixels)
