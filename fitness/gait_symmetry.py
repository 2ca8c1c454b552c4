"""Whether the right leg does what the left one does, half a stride later."""

import math

from evoloco.episode import Episode
from evoloco.gait.analysis import hip_symmetry

UNIT = "1"


def measure(episode: Episode) -> float:
    """Normalised cross-correlation of the hip angles half a stride apart [1]; one number in [-1, 1].

    1 for legs that alternate alike, -1 for legs that move together, 0 where
    nothing repeats (see `evoloco.gait.analysis.hip_symmetry`).

    Raises:
        ModelError: The body has no pair of pitch joints.
    """
    symmetry = hip_symmetry(episode)
    return 0.0 if math.isnan(symmetry) else symmetry
