"""How often a foot is set down."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import loaded_force

UNIT = "Hz"
FLOORS = (0.0, 5.0)


def measure(episode: Episode) -> Array:
    """Touchdowns per second and foot [Hz] (T,); its mean over time is the stride frequency.

    Every touchdown counts, even if a foot chatters on the ground.
    """
    loaded = episode.foot_loaded
    touchdown = np.diff(loaded.astype(float), axis=0, prepend=loaded[:1]) > 0
    return episode.per_control_step(touchdown.mean(axis=1) / episode.physics_dt)


def constants(morphology: Morphology) -> Fields:
    """Load above which a foot is loaded [N]."""
    return {"loaded": loaded_force(morphology)}


def memory(morphology: Morphology) -> Shapes:
    """Whether the episode has begun, and which feet were loaded a physics step before [1] (F,)."""
    return {"begun": (), "loaded": (len(morphology.feet),)}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [Hz]."""
    touchdowns, (steps, feet, _) = 0, now.ground_force.shape
    for k in range(steps):
        for i in range(feet):
            loaded = now.ground_force[k, i, 2] > constants.loaded
            if memory.begun and loaded and not memory.loaded[i]:
                touchdowns += 1
            memory.loaded[i] = loaded
        memory.begun = 1.0
    return float(touchdowns / feet / dt)
