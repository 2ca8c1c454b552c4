"""How well the torso keeps to a wanted forward speed."""

import math

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode, target: float = 0.5, width: float = 0.25) -> Array:
    """Bell curve of the forward speed v around its target [1] (T,): exp(-((v - target) / width)^2).

    Args:
        episode: What is measured.
        target: Wanted forward speed [m/s].
        width: Error at which the measure has fallen to 1/e [m/s].

    Raises:
        EvolocoError: The width is not positive.
    """
    constants(episode.morphology, target, width)

    error = (episode.torso_velocity[:, 0] - target) / width
    return episode.per_control_step(np.exp(-(error**2)))


def constants(morphology: Morphology, target: float = 0.5, width: float = 0.25) -> Fields:
    """Target and width [m/s], checked."""
    if not width > 0:
        raise EvolocoError(f"Measure 'speed_tracking': width must be above 0 m/s, not {width}.")
    return {"target": target, "width": width}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    mean, steps = 0.0, len(now.torso_velocity)
    for k in range(steps):
        error = (now.torso_velocity[k, 0] - constants.target) / constants.width
        mean += math.exp(-(error * error)) / steps
    return mean
