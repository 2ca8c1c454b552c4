"""A measure of your own: how much the torso bounces.

Run it: evoloco evolve examples/own_measure.toml
"""

from evoloco.episode import Episode
from evoloco.fields import Fields, Record
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "m/s"
FLOORS = (0.0, 1.0)
"""What a step counts that was not lived, where much of it is wanted, and where little is."""


def measure(episode: Episode, free: float = 0.0) -> Array:
    """Vertical speed of the torso beyond what is `free` [m/s] (T,)."""
    speed = abs(episode.torso_velocity[:, 2])
    return episode.per_control_step((speed - free).clip(min=0.0))


def constants(morphology: Morphology, free: float = 0.0) -> Fields:
    """What `row` needs: the options, and perhaps numbers of the body."""
    return {"free": free}


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The same at one control step [m/s]."""
    mean, steps = 0.0, len(now.torso_velocity)
    for k in range(steps):
        mean += max(abs(now.torso_velocity[k, 2]) - constants.free, 0.0) / steps
    return mean
