"""How fast the torso moves forward, along the world's x axis."""

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "m/s"
FLOORS = (-1.0, 3.0)


def measure(episode: Episode) -> Array:
    """Forward velocity of the torso, dx/dt [m/s] (T,)."""
    return episode.per_control_step(episode.torso_velocity[:, 0])


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m/s]."""
    return float(now.torso_velocity[:, 0].mean())
