"""How abruptly the controls change; smaller is smoother."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "rad²/s²"


def measure(episode: Episode) -> Array:
    """Mean over the joints of the squared rate of the controls [rad²/s²] (T,).

        ((ctrl(t) - ctrl(t - dt)) / dt)^2

    It is 0 at the first step, which has no step before it.
    """
    rate = np.diff(episode["ctrl"], axis=0) / episode.control_dt
    values = np.zeros(len(episode))
    values[1:] = np.einsum("tj,tj->t", rate, rate) / rate.shape[1]
    return values


def memory(morphology: Morphology) -> Shapes:
    """Whether the episode has begun, and the controls of the step before [rad] (nu,)."""
    return {"begun": (), "ctrl": (morphology.model.nu,)}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [rad²/s²]."""
    total = 0.0
    for j in range(len(now.ctrl)):
        if memory.begun:
            rate = (now.ctrl[j] - memory.ctrl[j]) / dt
            total += rate * rate
        memory.ctrl[j] = now.ctrl[j]
    memory.begun = 1.0
    return total / len(now.ctrl)
