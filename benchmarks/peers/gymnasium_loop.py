"""Worker: a Gymnasium environment in a Python loop, with sines in NumPy."""

import math
from typing import Any

import gymnasium
import mujoco
import numpy as np
from gymnasium.envs import mujoco as package
from serve import serve

env: gymnasium.Env[Any, Any]
waves: np.ndarray
steps: int


def model(file: str) -> dict[str, str]:
    """Returns the path of Gymnasium's model, and the versions."""
    path = f"{package.__path__[0]}/assets/{file}"
    return {
        "path": path,
        "versions": f"Gymnasium {gymnasium.__version__}, MuJoCo {mujoco.__version__}",
    }


def prepare(
    name: str, options: dict[str, Any], sines: list[list[list[float]]], control_steps: int
) -> None:
    """Makes the environment.

    `sines` are period, middles, amplitudes and phases (genomes, 4, nu).
    """
    global env, waves, steps
    env = gymnasium.make(name, max_episode_steps=-1, **options)
    waves, steps = np.array(sines), control_steps


def run() -> int:
    """Simulates every genome; returns the number of control steps."""
    return sum(steps for _ in ends())


def ends() -> list[list[float]]:
    """Simulates every genome; returns its qpos before the last control step."""
    last = []
    data, dt = env.unwrapped.data, env.unwrapped.dt  # type: ignore[attr-defined]
    for period, middle, amplitude, phase in waves:
        env.reset(seed=0)
        for t in range(steps):
            if t == steps - 1:
                last.append(data.qpos.tolist())
            turn = 2.0 * math.pi * (t * dt) / period[0]
            _, _, terminated, truncated, _ = env.step(middle + amplitude * np.sin(turn + phase))
            if terminated or truncated:
                raise RuntimeError(f"The episode ended after {t + 1} of {steps} steps.")
    return last


serve(model, prepare, run, ends)
