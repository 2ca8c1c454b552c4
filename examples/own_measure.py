"""A measure of your own: how much the torso bounces.

Run it: evoloco evolve examples/own_measure.toml
"""

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "m/s"


def measure(episode: Episode, free: float = 0.0) -> Array:
    """Vertical speed of the torso beyond what is `free` [m/s] (T,)."""
    speed: Array = abs(episode.sensor("torso.velocity")[:, 2])
    return (speed - free).clip(min=0.0)
