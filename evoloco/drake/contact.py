"""How surfaces touch in Drake, and the range of contacts that a gait is tried on."""

import math
from dataclasses import dataclass

from evoloco.morphology import Morphology

SINKING = (0.01, 0.004, 0.001, 0.0004)
"""How deep the body's whole weight sinks in at one point [of the leg length]."""

REBOUND = (0.25, 0.08, 0.025)
"""Speed that no rebound exceeds, as a share of sqrt(gravity * leg length) [1]."""

FRICTION = (0.75, 1.25)
"""Other factors on the model's friction [1], tried in the middle of the range."""

MIDDLE = (0.004, 0.08)
"""Sinking and rebound there."""


@dataclass(frozen=True)
class Contact:
    """Numbers of every contact of a body.

    A point that has sunk in by x presses with

        f = max(k x (1 + d x'), 0)          (1)

    so nothing leaves the ground faster than 1 / d.

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


def contacts(body: Morphology) -> list[Contact]:
    """Returns contacts from soft to hard, each with every rebound, then those of other friction."""
    grid = [(sinking, rebound, 1.0) for sinking in SINKING for rebound in REBOUND]
    others = [(*MIDDLE, friction) for friction in FRICTION]
    return [_contact(body, *each) for each in (*grid, *others)]


def _contact(body: Morphology, sinking: float, rebound: float, friction: float) -> Contact:
    stiffness = body.weight / (sinking * body.leg_length)
    fastest = rebound * math.sqrt(body.gravity * body.leg_length)
    return Contact(stiffness, 1 / fastest, friction)
