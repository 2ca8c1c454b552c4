"""How hard the feet hit the ground."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "body weights"
FLOORS = (0.0, 10.0)


def measure(episode: Episode) -> Array:
    """Largest ground force under any one foot within each control step [body weights] (T,)."""
    load = np.maximum(episode.foot_load.max(axis=1), 0.0)
    largest = load.reshape(len(episode), -1).max(axis=1)
    return np.asarray(largest / episode.morphology.weight)


def constants(morphology: Morphology) -> Fields:
    """Body weight [N]."""
    return {"weight": morphology.weight}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [body weights]."""
    largest, (steps, feet, _) = 0.0, now.ground_force.shape
    for k in range(steps):
        for i in range(feet):
            largest = max(largest, now.ground_force[k, i, 2])
    return float(largest / constants.weight)
