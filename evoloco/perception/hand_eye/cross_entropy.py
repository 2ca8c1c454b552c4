"""Searches a maximum by the cross-entropy method: draw, keep the best, fit a Gaussian, again.

References:
    Rubinstein and Kroese, 2004, The cross-entropy method, doi:10.1007/978-1-4757-4321-0.
"""

from collections.abc import Callable

import numpy as np

from evoloco.fields import Array

SAMPLES, ELITES, ROUNDS = 64, 6, 3
"""As in Levine et al., 2016."""


def maximize(
    score: Callable[[Array], Array],
    mean: Array,
    spread: Array,
    low: Array,
    high: Array,
    rng: np.random.Generator,
    rounds: int = ROUNDS,
) -> tuple[Array, float]:
    """The best of all points that were drawn (n,), and its score.

    Args:
        score: Scores of points (SAMPLES, n), larger is better.
        mean: Of the first points (n,).
        spread: Their standard deviation (n,).
        low: Smallest values (n,); points are moved to them.
        high: Largest values (n,).
        rng: Draws.
        rounds: How often points are drawn.
    """
    best, most = np.asarray(mean, float), -np.inf
    for _ in range(rounds):
        drawn = rng.normal(mean, spread, (SAMPLES, len(best))).clip(low, high)
        scores = score(drawn)
        order = np.argsort(-scores, kind="stable")[:ELITES]
        if scores[order[0]] > most:
            best, most = drawn[order[0]], float(scores[order[0]])
        mean, spread = drawn[order].mean(0), drawn[order].std(0)
    return best, most
