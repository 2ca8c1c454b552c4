"""How surfaces touch in Drake."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Contact:
    """Numbers of every contact of a body.

    A point that has sunk in by x presses with

        f = max(k x (1 + d x'), 0)

    Attributes:
        stiffness: k [N/m].
        dissipation: d [s/m].
        friction: Factor on the model's friction [1].

    References:
        Hunt, Crossley, 1975, Coefficient of restitution interpreted as damping in vibroimpact,
        doi:10.1115/1.3423596.
    """

    stiffness: float
    dissipation: float
    friction: float = 1.0
