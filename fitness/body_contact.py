"""Whether anything but the feet touches the ground."""

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "1"


def measure(episode: Episode) -> Array:
    """1 if a part other than a foot touched the ground within the control step, else 0 [1] (T,)."""
    return episode["body_contact"][:, 0]


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [1]."""
    return float(now.body_contact)
