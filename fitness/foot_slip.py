"""How fast loaded feet slide over the ground."""

import math

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import LOADED

UNIT = "m/s"


def measure(episode: Episode) -> Array:
    """Mean over the loaded feet of the horizontal speed at the centre of pressure [m/s] (T,).

    It is 0 if no foot is loaded. A foot that rolls over its edge does not slip.
    """
    loaded = episode.foot_loaded
    return np.asarray((episode.foot_slip * loaded).sum(axis=1) / np.maximum(loaded.sum(axis=1), 1))


def constants(morphology: Morphology) -> Fields:
    """Load above which a foot is loaded [N]."""
    return {"loaded": LOADED * morphology.weight}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m/s]; the speed is that of `Episode.foot_slip`."""
    total, count = 0.0, 0
    for foot in now.foot:
        if foot.ground[2] > constants.loaded:
            lever = foot.ground[3:] - foot.position
            slip_x = foot.velocity[0] + foot.spin[1] * lever[2] - foot.spin[2] * lever[1]
            slip_y = foot.velocity[1] + foot.spin[2] * lever[0] - foot.spin[0] * lever[2]
            total += math.sqrt(slip_x * slip_x + slip_y * slip_y)
            count += 1
    return total / max(count, 1)
