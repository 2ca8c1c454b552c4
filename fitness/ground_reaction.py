"""How much harder than needed the ground is hit."""

import numpy as np

from evoloco.episode import Episode
from evoloco.errors import EvolocoError
from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "body weights"
FLOORS = (0.0, 5.0)


def measure(episode: Episode, limit: float = 1.4, start: float = 1.0) -> Array:
    """Vertical force under all feet beyond a limit [body weights] (T,); 0 before the start.

    It is the mean over the physics steps of a control step.

    Args:
        episode: What is measured.
        limit: Force that costs nothing [body weights].
        start: Time from which on it counts [s].

    Raises:
        EvolocoError: The limit or the start is negative.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive simulation of biological
        motion, doi:10.21105/joss.01421 (its scenarios allow 1.4 or 1.5 body weights from 1 s on).
    """
    constants(episode.morphology, limit, start)

    force = episode.foot_load.sum(axis=1) / episode.morphology.weight
    beyond = episode.per_control_step(np.maximum(force - limit, 0.0))
    return np.asarray(beyond * (episode.time - episode.time[0] >= start))


def constants(morphology: Morphology, limit: float = 1.4, start: float = 1.0) -> Fields:
    """Body weight [N], limit [body weights] and start [s], checked."""
    if not (limit >= 0 and start >= 0):
        raise EvolocoError(
            "Measure 'ground_reaction': limit and start must not be below 0, but are "
            f"{limit} and {start}."
        )
    return {"weight": morphology.weight, "limit": limit, "start": start}


def memory(morphology: Morphology) -> Shapes:
    """Whether the episode has begun, and the time of its first row [s]."""
    return {"begun": (), "first": ()}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [body weights]."""
    if not memory.begun:
        memory.begun = 1.0
        memory.first = now.time
    if now.time - memory.first < constants.start:
        return 0.0

    mean, (steps, feet, _) = 0.0, now.ground_force.shape
    for k in range(steps):
        force = 0.0
        for i in range(feet):
            force += now.ground_force[k, i, 2]
        mean += max(force / constants.weight - constants.limit, 0.0) / steps
    return mean
