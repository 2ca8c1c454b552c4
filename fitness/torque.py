"""How hard the actuators work, whether they move anything or not."""

import numpy as np

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Sum over the actuators of the squared torque over weight times leg length [1] (T,).

    The torque is that of the physics step before each control step. Of a muscle it is the squared
    force over the largest isometric one.

    References:
        Heess et al., 2017, Emergence of locomotion behaviours in rich environments,
        arXiv:1707.02286 (a term of its rewards, where the torque is over its own largest one).
    """
    share = episode["actuator_force"] / constants(episode.morphology)["unit"]
    return np.asarray(np.einsum("tj,tj->t", share, share))


def constants(morphology: Morphology) -> Fields:
    """Torque or force that counts 1, of each of the robot's actuators [N m] or [N] (nf,)."""
    unit = np.full(morphology.outputs, morphology.weight * morphology.leg_length)
    unit[: len(morphology.muscles)] = [muscle.max_force for muscle in morphology.muscles]
    return {"unit": unit}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    total = 0.0
    for j in range(len(now.actuator_force)):
        share = now.actuator_force[j] / constants.unit[j]
        total += share * share
    return total
