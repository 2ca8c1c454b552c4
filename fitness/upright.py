"""How upright the torso is."""

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Cosine of the torso's tilt [1] (T,): 1 upright, 0 lying, -1 upside down."""
    return episode.per_control_step(episode.up[:, 2])


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    mean, steps = 0.0, len(now.torso_orientation)
    for k in range(steps):
        x, y = now.torso_orientation[k, 1], now.torso_orientation[k, 2]
        mean += (1 - 2 * (x * x + y * y)) / steps
    return mean
