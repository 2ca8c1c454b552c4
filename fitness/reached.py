"""Whether the target has been reached."""

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

from ._target import check_target, distance, distances

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode, within: float = 0.15) -> Array:
    """1 from the step on in which the torso was near the target for the first time [1] (T,).

    So it counts the share of the time after the arrival: early is better than late, and a fall
    after the arrival costs the rest. The last value says whether the target was reached.

    Args:
        episode: What is measured.
        within: Largest level distance of the torso from the target's centre that is near [m].

    Raises:
        SpecError: There is no target.
        EvolocoError: The distance is not positive.
    """
    constants(episode.morphology, within)
    return np.maximum.accumulate((distances(episode) <= within).astype(float))


def constants(morphology: Morphology, within: float = 0.15) -> Fields:
    """The distance that is near [m], checked."""
    check_target("reached", morphology)
    if not within > 0:
        raise EvolocoError(f"Measure 'reached': within must be above 0, not {within}.")
    return {"within": within}


def memory(morphology: Morphology) -> Shapes:
    """1 once it was reached."""
    return {"arrived": ()}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    if distance(now) <= constants.within:
        memory.arrived = 1.0
    return float(memory.arrived)
