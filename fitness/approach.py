"""How much of the way to the target is closed."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

from ._target import check_target, distance, distances

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """1 - d / d_0 with the level distance d of the torso from the target, first d_0 [1] (T,).

    It is 0 at the start and 1 at the target. The mean over time is larger for a body that comes
    near early and stays there. Steps that a fall leaves out count 0, as if it had never left.

    Raises:
        SpecError: There is no target.
    """
    check_target("approach", episode.morphology)
    away = distances(episode)
    return np.asarray(1.0 - away / away[0])


def constants(morphology: Morphology) -> Fields:
    """Checks that there is a target."""
    check_target("approach", morphology)
    return {}


def memory(morphology: Morphology) -> Shapes:
    """The first distance [m], 0 before it is known."""
    return {"first": ()}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    away = distance(now)
    if memory.first == 0.0:
        memory.first = away
    return float(1.0 - away / memory.first)
