"""Whether parts of the robot touch each other, such as legs that cross."""

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Share of each control step in which parts of the robot touched each other [1] (T,)."""
    return episode["self_contact"][:, 0]


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    return float(now.self_contact)
