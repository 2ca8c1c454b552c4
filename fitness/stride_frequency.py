"""How often a foot is set down."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.stance import LOADED

UNIT = "Hz"


def measure(episode: Episode) -> Array:
    """Touchdowns per second and foot [Hz] (T,); its mean over time is the stride frequency.

    Every touchdown counts, even if a foot chatters on the ground.
    """
    loaded = episode.foot_loaded
    touchdown = np.diff(loaded.astype(float), axis=0, prepend=loaded[:1]) > 0
    return np.asarray(touchdown.mean(axis=1) / episode.control_dt)


def constants(morphology: Morphology) -> Fields:
    """Load above which a foot is loaded [N]."""
    return {"loaded": LOADED * morphology.weight}


def memory(morphology: Morphology) -> Shapes:
    """Whether the episode has begun, and which feet were loaded at the step before [1] (F,)."""
    return {"begun": (), "loaded": (len(morphology.feet),)}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [Hz]."""
    touchdowns = 0
    for i in range(len(now.foot)):
        loaded = now.foot[i].ground[2] > constants.loaded
        if memory.begun and loaded and not memory.loaded[i]:
            touchdowns += 1
        memory.loaded[i] = loaded
    memory.begun = 1.0
    return touchdowns / len(now.foot) / dt
