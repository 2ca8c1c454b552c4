"""How far the torso got, along the world's x axis."""

from evoloco.episode import Episode

UNIT = "m"


def measure(episode: Episode) -> float:
    """Forward path from the first to the last lived step, x(T) - x(0) [m]; one number."""
    forward = episode.sensor("torso.position")[:, 0]
    return float(forward[-1] - forward[0])
