"""How sure a share is that was counted in a few worlds."""

import math
from statistics import NormalDist

CONFIDENCE = 0.95
"""Probability with which an interval holds the true share."""


def wilson(count: int, total: int) -> tuple[float, float]:
    """Returns the Wilson interval of a share [1], which holds near 0 and 1 too.

    With z the normal quantile of the confidence, k of n counted:

        (k + z²/2 ± z sqrt(k (n - k) / n + z²/4)) / (n + z²)        (1)

    Args:
        count: How many, k.
        total: Of how many, n; at least one.

    References:
        Wilson, 1927, Probable inference, the law of succession, and statistical inference,
        doi:10.1080/01621459.1927.10502953.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    middle = count + z**2 / 2
    half = z * math.sqrt(count * (total - count) / total + z**2 / 4)
    low, high = (middle - half) / (total + z**2), (middle + half) / (total + z**2)  # (1)

    # Rounding must not exclude what was counted.
    return (low if count else 0.0), (high if count < total else 1.0)
