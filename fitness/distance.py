"""How far the torso got, along the world's x axis."""

from evoloco.episode import Episode

UNIT = "m"
FLOORS = (-1.0, 10.0)


def measure(episode: Episode) -> float:
    """Forward way over all lived steps, x(T dt) - x(0) [m]; one number."""
    return float(episode.way[0])
