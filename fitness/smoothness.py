"""How abruptly the controls change; smaller is smoother."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

FASTEST = 20.0
"""Passes through the range of a control in a second that count as the worst [1/s]."""


def UNIT(morphology: Morphology) -> str:  # noqa: N802 - a constant of each body
    """Square of the unit of the controls per second: of angles, torques or excitations."""
    if morphology.muscles:
        return "1/s²"
    return "N²m²/s²" if morphology.torques else "rad²/s²"


def FLOORS(morphology: Morphology) -> tuple[float, float]:  # noqa: N802 - a constant of each body
    """Controls that rest, and controls that go through their range `FASTEST` times a second."""
    model = morphology.model
    driven = slice(morphology.controls)
    limited = model.actuator_ctrllimited[driven] != 0
    low, high = model.actuator_ctrlrange[driven][limited].T
    span = float(np.mean((high - low) ** 2)) if len(low) else 1.0
    return 0.0, FASTEST**2 * span


def measure(episode: Episode) -> Array:
    """Mean over the joints of the squared rate of the controls [UNIT] (T,).

        ((ctrl(t) - ctrl(t - dt)) / dt)^2

    It is 0 at the first step, which has no step before it.
    """
    rate = np.diff(episode["ctrl"], axis=0) / episode.control_dt
    values = np.zeros(len(episode))
    values[1:] = np.einsum("tj,tj->t", rate, rate) / rate.shape[1]
    return values


def memory(morphology: Morphology) -> Shapes:
    """Whether the episode has begun, and the controls of the step before (nu,)."""
    return {"begun": (), "ctrl": (morphology.controls,)}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [UNIT]."""
    total = 0.0
    for j in range(len(now.ctrl)):
        if memory.begun:
            rate = (now.ctrl[j] - memory.ctrl[j]) / dt
            total += rate * rate
        memory.ctrl[j] = now.ctrl[j]
    memory.begun = 1.0
    return total / len(now.ctrl)
