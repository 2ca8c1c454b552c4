"""Worker: EnvPool's environments on its threads, with sines in NumPy for all of them at once."""

import ctypes
import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

import envpool
import envpool.mujoco
import numpy as np
from serve import serve

WIDTH = 32
"""Numbers of an observation that are returned; its positions come first."""

pool: Any
waves: np.ndarray
steps: int
control_dt: float


def versions() -> str:
    """Returns the versions of EnvPool and of the MuJoCo inside it."""
    library = ctypes.CDLL(str(Path(envpool.mujoco.__file__).with_name("mujoco_gym_envpool.so")))
    library.mj_versionString.restype = ctypes.c_char_p
    return f"EnvPool {version('envpool')}, MuJoCo {library.mj_versionString().decode()}"


def prepare(
    name: str,
    options: dict[str, Any],
    threads: int,
    sines: list[list[list[float]]],
    control_steps: int,
    dt: float,
) -> None:
    """Makes one environment per genome.

    `sines` are period, middles, amplitudes and phases (genomes, 4, nu).
    """
    global pool, waves, steps, control_dt
    waves, steps, control_dt = np.array(sines).swapaxes(0, 1), control_steps, dt
    pool = envpool.make(
        name,
        env_type="gymnasium",
        num_envs=len(sines),
        num_threads=threads,
        max_episode_steps=steps + 1,
        **options,
    )


def run() -> int:
    """Simulates every genome; returns the number of control steps."""
    return steps * len(ends())


def ends() -> list[list[float]]:
    """Simulates every genome; returns its observation before the last control step."""
    period, middle, amplitude, phase = waves
    observed, _ = pool.reset()
    for t in range(steps):
        last = observed
        actions = middle + amplitude * np.sin(2.0 * math.pi * (t * control_dt) / period + phase)
        observed, _, terminated, truncated, _ = pool.step(actions)
        if np.any(terminated | truncated):
            raise RuntimeError(f"An episode ended after {t + 1} of {steps} steps.")
    return last[:, :WIDTH].tolist()


serve(versions, prepare, run, ends)
