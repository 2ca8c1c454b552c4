"""Whether anything but the feet touches the ground."""

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "1"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Share of each control step in which more than feet touched the ground [1] (T,)."""
    return episode["body_contact"][:, 0]


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    return float(now.body_contact)
