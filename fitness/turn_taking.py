"""Whether left and right feet take turns in carrying the body, as far as a step can tell."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record, Shapes
from evoloco.genome import Array
from evoloco.morphology import Morphology

from .alternation import pairs

UNIT = "1"
FLOORS = (0.0, 2.0)


def measure(episode: Episode) -> Array:
    """How far the balance of load between the sides is from its mean so far [1] (T,), in [0, 2].

    It is `alternation` with the mean over the steps up to the present one, so that it has a value
    for a reward.

    Raises:
        ModelError: The feet are not in pairs.
    """
    load = np.maximum(episode.foot_load, 0.0)
    left, right = (load[:, side].sum(axis=1) for side in pairs(episode.morphology).T)
    total = left + right
    balance = (left - right) / np.where(total > 0, total, 1.0)
    steps = episode.per_control_step(balance)
    so_far = np.cumsum(steps) / np.arange(1, len(steps) + 1)
    return np.asarray(np.abs(steps - so_far))


def constants(morphology: Morphology) -> Fields:
    """+1 for a left foot, -1 for a right one (feet,)."""
    side = np.zeros(len(morphology.feet))
    for left, right in pairs(morphology):
        side[left], side[right] = 1.0, -1.0
    return {"side": side}


def memory(morphology: Morphology) -> Shapes:
    """Sum of the balance over the steps so far, and their number."""
    return {"total": (), "steps": ()}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    balance, (steps, feet, _) = 0.0, now.ground_force.shape
    for k in range(steps):
        difference, total = 0.0, 0.0
        for i in range(feet):
            load = max(now.ground_force[k, i, 2], 0.0)
            difference += constants.side[i] * load
            total += load
        if total > 0:
            balance += difference / total / steps
    memory.total += balance
    memory.steps += 1.0
    far: float = abs(balance - memory.total / memory.steps)
    return far
