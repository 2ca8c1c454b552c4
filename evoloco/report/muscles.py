"""Paths and activations of muscles, for pictures."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.genome import Array


def on_tendons(model: mujoco.MjModel) -> NDArray[np.int64]:
    """Returns the ids of the actuators that are muscles on a tendon."""
    muscle = model.actuator_gaintype == mujoco.mjtGain.mjGAIN_MUSCLE
    return np.flatnonzero(muscle & (model.actuator_trntype == mujoco.mjtTrn.mjTRN_TENDON))


def activations(episode: Episode) -> Array:
    """Returns the activations of the muscles on tendons [1] (T, M)."""
    model = episode.morphology.model
    return episode["act"][:, model.actuator_actadr[on_tendons(model)]]


def paths(model: mujoco.MjModel, data: mujoco.MjData) -> list[Array]:
    """Returns the points of each muscle's path in the world [m] (P, 3).

    `mj_tendon` must have been called for the pose.
    """
    points = data.wrap_xpos.reshape(-1, 3)
    found = []
    for tendon in model.actuator_trnid[on_tendons(model), 0]:
        first, count = data.ten_wrapadr[tendon], data.ten_wrapnum[tendon]
        found.append(points[first:][:count].copy())
    return found
