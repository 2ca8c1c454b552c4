"""How fast the torso moves in other directions than forward."""

from evoloco.episode import Episode
from evoloco.fields import Record
from evoloco.genome import Array

UNIT = "m²/s²"
FLOORS = (0.0, 1.0)


def measure(episode: Episode) -> Array:
    """Squared speed of the torso to the side and up or down, vy² + vz² [m²/s²] (T,).

    References:
        Heess et al., 2017, Emergence of locomotion behaviours in rich environments,
        arXiv:1707.02286 (a term of the humanoid's reward).
    """
    velocity = episode.torso_velocity
    return episode.per_control_step(velocity[:, 1] ** 2 + velocity[:, 2] ** 2)


def row(constants: Record, memory: Record, now: Record, dt: float) -> float:
    """The measure at one control step [m²/s²]."""
    mean, steps = 0.0, len(now.torso_velocity)
    for k in range(steps):
        y, z = now.torso_velocity[k, 1], now.torso_velocity[k, 2]
        mean += (y * y + z * z) / steps
    return mean
