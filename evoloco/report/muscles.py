"""Muscles as pictures show them: where each runs, and how active it is."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.genome import Array


def on_tendons(model: mujoco.MjModel) -> NDArray[np.int64]:
    """Actuators that are muscles with a path of their own: each on a tendon."""
    muscle = model.actuator_gaintype == mujoco.mjtGain.mjGAIN_MUSCLE
    return np.flatnonzero(muscle & (model.actuator_trntype == mujoco.mjtTrn.mjTRN_TENDON))


def activations(episode: Episode) -> Array:
    """Activation of the muscles on tendons [1] (T, M)."""
    model = episode.morphology.model
    return episode["act"][:, model.actuator_actadr[on_tendons(model)]]


def paths(model: mujoco.MjModel, data: mujoco.MjData) -> list[Array]:
    """Points of each path in the world [m] (P, 3), where `mj_tendon` has been called for the pose."""
    points = data.wrap_xpos.reshape(-1, 3)
    firsts, counts = data.ten_wrapadr, data.ten_wrapnum
    return [
        points[firsts[tendon] :][: counts[tendon]].copy()
        for tendon in model.actuator_trnid[on_tendons(model), 0]
    ]
