"""How far the torso strays from its line."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "m"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Sideways distance of the torso from where it started, |y(t) - y(0)| [m] (T,)."""
    sideways = episode.torso_position[:, 1]
    return episode.per_control_step(np.abs(sideways - sideways[0]))


def memory(morphology: Morphology) -> Shapes:
    """Whether the episode has begun, and y(0) [m]."""
    return {"begun": (), "start": ()}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m]."""
    if not memory.begun:
        memory.begun = 1.0
        memory.start = now.torso_position[0, 1]
    mean, steps = 0.0, len(now.torso_position)
    for k in range(steps):
        mean += abs(now.torso_position[k, 1] - memory.start) / steps
    return mean
