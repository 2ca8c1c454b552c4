"""How much of the time a foot stands: low for running, high for walking."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import LOADED

UNIT = "1"


def measure(episode: Episode) -> Array:
    """Share of the feet that are loaded [1] (T,); its mean over time is the mean duty factor."""
    return np.asarray(episode.foot_loaded.mean(axis=1))


def constants(morphology: Morphology) -> Fields:
    """Load above which a foot is loaded [N]."""
    return {"loaded": LOADED * morphology.weight}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    loaded = 0
    for foot in now.foot:
        loaded += foot.ground[2] > constants.loaded
    return loaded / len(now.foot)
