"""One lesson learned with several seeds: medians and ranges of its figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evoloco.fields import Array
from evoloco.perception.evaluation import Compared
from evoloco.perception.figure import Figure
from evoloco.perception.learn import Tell, learn
from evoloco.perception.learning import Learning


@dataclass(frozen=True)
class Spread:
    """One figure over seeds.

    Attributes:
        split: Where the examples are from.
        figure: Of the first seed, for name, group and unit.
        values: Of the network, by seed (n,).
        baselines: Values by the names of the baselines, by seed (n,) each.
    """

    split: str
    figure: Figure
    values: Array
    baselines: dict[str, Array]

    @property
    def median(self) -> float:
        """Median over the seeds that have a value; NaN where none has."""
        return middle(self.values)

    @property
    def best_baseline(self) -> str:
        """Name of the baseline with the best median; empty where none has one."""
        medians = {name: middle(values) for name, values in self.baselines.items()}
        return Compared(self.split, self.figure, medians).best_baseline


def learn_seeds(
    sensor: str,
    seeds: Iterable[int],
    folder: Path,
    changes: Sequence[str] = (),
    tell: Tell | None = None,
) -> list[Learning]:
    """Learns a sensor with several seeds, or reads what was learned already.

    Args:
        sensor: A bundled sensor, or the path of a .py file.
        seeds: One learning each, in a folder `seedN`.
        folder: Of all of them.
        changes: Other settings, or options of the lesson, as `key=value`.
        tell: Is told what goes on.
    """
    return [learn(sensor, folder / f"seed{seed}", seed, changes, tell) for seed in seeds]


def spreads(learnings: Sequence[Learning]) -> list[Spread]:
    """Every figure over all learnings of one lesson."""
    found = []
    for first in learnings[0].compared:
        same = [_same(learning, first) for learning in learnings]
        baselines = {
            name: np.array([one.baselines.get(name, np.nan) for one in same])
            for name in first.baselines
        }
        values = np.array([one.figure.value for one in same])
        found.append(Spread(first.split, first.figure, values, baselines))
    return found


def middle(values: Array) -> float:
    """Median of the values that are numbers; NaN where there is none."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _same(learning: Learning, wanted: Compared) -> Compared:
    """The figure of another learning with the same split, name and group; NaN where it has none."""
    place = wanted.split, wanted.figure.name, wanted.figure.group
    for one in learning.compared:
        if (one.split, one.figure.name, one.figure.group) == place:
            return one
    missing = Figure(wanted.figure.name, wanted.figure.group, np.nan, wanted.figure.unit, 0)
    return Compared(wanted.split, missing, {})
