"""How hard the feet hit the ground."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "body weights"


def measure(episode: Episode) -> Array:
    """Largest ground force under any one foot within each control step [body weights] (T,)."""
    return np.asarray(episode["peak_load"].max(axis=1) / episode.morphology.weight)


def constants(morphology: Morphology) -> Fields:
    """Body weight [N]."""
    return {"weight": morphology.weight}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [body weights]."""
    return float(now.peak_load.max() / constants.weight)
