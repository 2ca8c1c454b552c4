"""How people walk: curves that the report draws for bodies made after people."""

from typing import NamedTuple

import numpy as np

from evoloco.genome import Array

BODIES = ("muscle_biped", "muscle_biped3d")
"""Morphologies made after people."""

SOURCE = (
    "15 adults, mean and one standard deviation: BioCV dataset (Evans et al., 2024, "
    "doi:10.15125/BATH-01258) as tabled in myogait 0.9.2 (MIT License, 2024-2026 Frederic Fer, "
    "Institut de Myologie)"
)
"""Source of all curves. It has joint angles only, no ground reaction forces and no activations."""


class Band(NamedTuple):
    """A joint angle of people over the gait cycle.

    Attributes:
        phases: Times from touchdown to touchdown [%] (n,).
        mean: Mean angle [°] (n,).
        spread: Standard deviation over people and strides [°] (n,).
    """

    phases: Array
    mean: Array
    spread: Array


def bands(morphology: str) -> dict[str, Band]:
    """Returns the joint angles of people, by joint; empty for bodies not made after people.

    Flexion and dorsiflexion are positive. Each laboratory defines its own zero
    of an angle, so compare shapes rather than offsets of a few degrees.
    """
    return _ANGLES if morphology in BODIES else {}


def _band(*pairs: tuple[float, float]) -> Band:
    """Returns a band from mean and spread [°] at 0, 4, ... 96 and 100 % of the cycle."""
    mean, spread = np.array(pairs).T
    return Band(np.append(np.arange(0.0, 100.0, 4.0), 100.0), mean, spread)


_ANGLES = {
    "hip": _band(
        (21.6, 7.2),
        (20.1, 6.6),
        (18.9, 6.6),
        (17.6, 6.9),
        (13.6, 6.6),
        (8.8, 6.3),
        (3.7, 5.9),
        (-0.9, 5.4),
        (-5.1, 4.8),
        (-9.1, 4.3),
        (-12.7, 4.1),
        (-15.7, 4.0),
        (-17.8, 4.2),
        (-19.3, 4.5),
        (-18.5, 5.3),
        (-13.6, 5.9),
        (-6.2, 6.0),
        (1.9, 5.5),
        (9.2, 4.8),
        (14.9, 4.6),
        (19.0, 4.4),
        (21.5, 4.3),
        (22.2, 4.2),
        (21.3, 4.1),
        (20.2, 4.5),
        (20.4, 4.7),
    ),
    "knee": _band(
        (5.2, 5.6),
        (8.3, 4.4),
        (14.3, 6.1),
        (19.7, 7.2),
        (19.0, 7.5),
        (16.4, 6.7),
        (13.0, 5.4),
        (9.6, 4.2),
        (7.0, 3.4),
        (5.4, 3.0),
        (5.0, 3.0),
        (5.8, 3.4),
        (8.5, 4.1),
        (14.1, 5.2),
        (23.6, 6.5),
        (37.6, 6.9),
        (51.4, 5.4),
        (60.7, 4.2),
        (63.9, 3.9),
        (60.9, 4.6),
        (52.8, 5.8),
        (40.6, 6.6),
        (25.2, 6.8),
        (9.3, 4.6),
        (4.0, 2.8),
        (4.3, 2.7),
    ),
    "ankle": _band(
        (6.9, 8.0),
        (-1.0, 6.3),
        (-4.2, 5.0),
        (-0.7, 3.8),
        (1.9, 4.0),
        (3.8, 4.0),
        (5.0, 3.8),
        (5.9, 3.4),
        (7.0, 3.1),
        (8.2, 3.3),
        (9.9, 3.8),
        (11.7, 4.6),
        (12.8, 5.0),
        (11.6, 5.7),
        (4.9, 8.0),
        (-8.9, 9.0),
        (-19.2, 7.2),
        (-14.7, 5.4),
        (-8.0, 4.8),
        (-2.8, 3.8),
        (0.7, 3.2),
        (2.7, 2.8),
        (3.4, 2.8),
        (3.7, 3.7),
        (4.7, 3.3),
        (6.3, 4.3),
    ),
}
