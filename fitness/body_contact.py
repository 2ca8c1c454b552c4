"""Whether anything but the feet touches the ground."""

from evoloco.episode import Episode
from evoloco.genome import Array

UNIT = "1"


def measure(episode: Episode) -> Array:
    """1 where a part other than a foot touched the ground within the control step, else 0 [1] (T,)."""
    return episode["body_contact"][:, 0]
