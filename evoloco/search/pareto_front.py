"""The front of several objectives: what nothing else is better than in all of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evoloco.genome import Array
from evoloco.record.journal import Journal


@dataclass(frozen=True)
class Front:
    """The individuals of a run in the space of its objectives.

    Attributes:
        names: Of the m objectives.
        points: Objectives (N, m) of every stable individual without support,
            or of every stable one where all had support.
        addresses: Generation and index of each (N, 2).
        best: Which of them are not dominated (N,).
    """

    names: tuple[str, ...]
    points: Array
    addresses: NDArray[np.int64]
    best: NDArray[np.bool_]


def nondominated(points: Array) -> NDArray[np.bool_]:
    """Which of N points (N, m) no other dominates: is as large in all objectives, and larger in one."""
    best = np.ones(len(points), dtype=bool)
    for place in np.argsort(
        -points.sum(axis=1), kind="stable"
    ):  # a large sum dominates many, and soon
        if best[place]:
            beaten = np.all(points <= points[place], axis=1) & np.any(
                points < points[place], axis=1
            )
            best[beaten] = False
    return best


def front(journal: Journal) -> Front:
    """The front of a run of several objectives."""
    points, addresses, free = [], [], []
    for record in journal.generations():
        stable = np.flatnonzero(np.isfinite(record.objectives).all(axis=1))
        points.append(record.objectives[stable])
        addresses.append(np.stack([np.full_like(stable, record.generation), stable], axis=1))
        free.append(np.full(len(stable), record.support == 0.0))
    kept = np.concatenate(free)
    kept = kept if kept.any() else ~kept
    objectives = np.concatenate(points)[kept]
    return Front(
        journal.objectives, objectives, np.concatenate(addresses)[kept], nondominated(objectives)
    )
