"""Random positions of a chain's joints: compiled."""

from evoloco.fields import Array
from evoloco.kinematics.forward import Links
from evoloco.sim.native import jit
from evoloco.sim.philox import philox, uniform


@jit
def draw(links: Links, seed: int, stream: int, number: int, q: Array) -> None:
    """Fills in random positions within the limits.

    Args:
        links: What the chain is made of.
        seed: First half of the key.
        stream: Second half of the key, a solver's own.
        number: Other numbers give other positions.
        q: To fill in [rad or m] (n,).
    """
    for j in range(q.size):
        bits, _, _, _ = philox(j, number, 0, 0, seed, stream)
        q[j] = links.low[j] + (links.high[j] - links.low[j]) * uniform(bits)
