"""Whether the right leg does what the left one does, half a stride later."""

import math

from evoloco.episode import Episode
from evoloco.gait.symmetry import hip_symmetry

UNIT = "1"
FLOORS = (-1.0, 1.0)


def measure(episode: Episode) -> float:
    """Correlation of the hip angles half a stride apart [1]; one number in [-1, 1].

    It is 1 for legs that do the same in turn, -1 for legs that move together, and 0 if nothing
    repeats (see `evoloco.gait.symmetry.hip_symmetry`).

    Raises:
        ModelError: The body has no pair of pitch joints.
    """
    symmetry = hip_symmetry(episode)
    return 0.0 if math.isnan(symmetry) else symmetry
