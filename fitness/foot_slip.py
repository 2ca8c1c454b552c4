"""How fast loaded feet slide over the ground."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import loaded_force

UNIT = "m/s"
FLOORS = (0.0, 0.2)


def measure(episode: Episode) -> Array:
    """Mean over the loaded feet of the horizontal speed at the centre of pressure [m/s] (T,).

    It is 0 if no foot is loaded. A foot that rolls over its edge does not slip.
    """
    each = np.ones(len(episode.morphology.feet))
    loaded = episode.foot_loaded.astype(float)
    mean = ((episode.foot_slip * loaded) @ each) / np.maximum(loaded @ each, 1)
    return episode.per_control_step(mean)


def constants(morphology: Morphology) -> Fields:
    """Load above which a foot is loaded [N]."""
    return {"loaded": loaded_force(morphology)}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m/s]."""
    mean, (steps, feet, _) = 0.0, now.ground_force.shape
    for k in range(steps):
        total, count = 0.0, 0
        for i in range(feet):
            if now.ground_force[k, i, 2] > constants.loaded:
                total += now.foot_slip[k, i]
                count += 1
        mean += total / max(count, 1) / steps
    return mean
