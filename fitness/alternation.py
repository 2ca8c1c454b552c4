"""Whether left and right feet take turns in carrying the body."""

import numpy as np
from numpy.typing import NDArray

from evoloco.episode import Episode
from evoloco.errors import ModelError
from evoloco.genome import Array
from evoloco.morphology import Morphology

UNIT = "1"
FLOORS = (0.0, 2.0)


def measure(episode: Episode) -> Array:
    """How far the balance of load between the sides is from its mean [1] (T,), in [0, 2].

        balance = (left - right) / (left + right), 0 in flight        (1)
        alternation = |balance - mean of balance|                     (2)

    Its mean over time is 1 if the sides carry the whole body in turn for equal times. It is 0 if
    the body hops on one leg, or on both together. The mean in (2) needs the whole episode. Of two
    feet that are no pair, the front one counts as left and the rear one as right.

    Raises:
        ModelError: The feet are not in pairs.
    """
    load = np.maximum(episode.foot_load, 0.0)
    left, right = (load[:, side].sum(axis=1) for side in pairs(episode.morphology).T)
    total = left + right
    balance = (left - right) / np.where(total > 0, total, 1.0)  # (1)
    return episode.per_control_step(np.abs(balance - balance.mean()))  # (2)


def pairs(morphology: Morphology) -> NDArray[np.int64]:
    """Indices of the left and the right foot of each pair (pairs, 2).

    Raises:
        ModelError: The feet are not in pairs.
    """
    feet, sides = morphology.feet, morphology.sides
    found = sides.feet or ((sides.couple,) if sides.couple else ())
    if len(feet) != 2 * len(found):
        raise ModelError(
            "Alternation needs feet in pairs, left and right; "
            f"this body has {len(feet)}, of which {2 * len(found)} are in pairs."
        )
    return np.array([[feet.index(foot) for foot in pair[:2]] for pair in found], np.int64)
