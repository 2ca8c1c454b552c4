"""How far the torso strays from its line."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "m"
FLOORS = (0.0, 2.0)


def measure(episode: Episode) -> Array:
    """Sideways distance of the torso from where it started, |y(t) - y(0)| [m] (T,)."""
    sideways = episode.sensor("torso.position")[:, 1]
    return np.asarray(np.abs(sideways - sideways[0]))


def memory(morphology: Morphology) -> Shapes:
    """Whether the episode has begun, and y(0) [m]."""
    return {"begun": (), "start": ()}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m]."""
    sideways = now.torso_position[1]
    if not memory.begun:
        memory.begun = 1.0
        memory.start = sideways
    return float(abs(sideways - memory.start))
