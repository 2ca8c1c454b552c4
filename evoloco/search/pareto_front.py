"""The Pareto front of a run with several objectives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evoloco.genome import Array
from evoloco.record.beginning import Recorded


@dataclass(frozen=True)
class Front:
    """The individuals of a run in the space of its objectives.

    Attributes:
        names: Names of the m objectives.
        points: Objectives (N, m) of every stable individual without support.
            If all generations had support: of every stable individual.
        individuals: Generation and index of each individual (N, 2).
        best: Whether each individual is nondominated (N,).
    """

    names: tuple[str, ...]
    points: Array
    individuals: NDArray[np.int64]
    best: NDArray[np.bool_]


def nondominated(points: Array) -> NDArray[np.bool_]:
    """Returns whether each of N points (N, m) is nondominated; larger is better.

    One point dominates another if it is at least as large in all objectives
    and larger in one.
    """
    best = np.ones(len(points), dtype=bool)

    # A point with a large sum dominates many others, so it comes early.
    order = np.argsort(-points.sum(axis=1), kind="stable")
    for i in order:
        if best[i]:
            no_better = np.all(points <= points[i], axis=1)
            worse = np.any(points < points[i], axis=1)
            best[no_better & worse] = False
    return best


def front(journal: Recorded) -> Front:
    """Returns the Pareto front of a run with several objectives."""
    points, individuals, free = [], [], []
    for record in journal.generations():
        stable = np.flatnonzero(np.isfinite(record.objectives).all(axis=1))
        points.append(record.objectives[stable])
        individuals.append(np.stack([np.full_like(stable, record.generation), stable], axis=1))
        free.append(np.full(len(stable), record.support == 0.0))

    kept = np.concatenate(free)
    if not kept.any():
        kept = ~kept
    objectives = np.concatenate(points)[kept]
    return Front(
        journal.objectives,
        objectives,
        np.concatenate(individuals)[kept],
        nondominated(objectives),
    )
