"""Whether a simulation of a robot blew up."""

import mujoco
import numpy as np

BAD = tuple(getattr(mujoco.mjtWarning, f"mjWARN_BAD{what}") for what in ("QPOS", "QVEL", "QACC"))
"""Warnings with which MuJoCo resets a simulation that blew up."""


def has_diverged(data: mujoco.MjData) -> bool:
    """Whether a simulation was reset because it blew up, or holds numbers that are not finite."""
    return any(data.warning[kind].number for kind in BAD) or not bool(np.isfinite(data.qpos).all())
