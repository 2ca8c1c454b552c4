"""How far the torso is from the middle of its track."""

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "m²"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Squared distance of the torso from the world's x axis, y² [m²] (T,).

    `lateral_drift` is its distance from where it started, not squared.

    References:
        Heess et al., 2017, Emergence of locomotion behaviours in rich environments,
        arXiv:1707.02286 (a term of the rewards of its quadruped and humanoid).
    """
    return episode.per_control_step(episode.torso_position[:, 1] ** 2)


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m²]."""
    mean, steps = 0.0, len(now.torso_position)
    for k in range(steps):
        mean += now.torso_position[k, 1] ** 2 / steps
    return mean
