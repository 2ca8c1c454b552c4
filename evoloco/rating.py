"""What a genome is worth, from what its episodes are worth."""

from typing import NamedTuple

import numpy as np

from evoloco.evaluation import Evaluation
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.term import objectives


class Rating(NamedTuple):
    """What G genomes are worth.

    Attributes:
        fitness: (G,).
        objectives: (G, m); empty (G, 0) if the fitness is the only objective.
    """

    fitness: Array
    objectives: Array

    @property
    def told(self) -> Array:
        """What the optimizer is told: the objectives if there are several, else the fitness."""
        return self.objectives if self.objectives.size else self.fitness


def rate(experiment: Experiment, evaluation: Evaluation) -> Rating:
    """Fitness and objectives of genomes, aggregated over their episodes as the run file says.

    Args:
        experiment: Of the run.
        evaluation: Of the genomes.
    """
    rule = experiment.spec.evaluation
    fitness = aggregate(evaluation.fitness, rule.aggregate, rule.cvar_fraction)
    if not experiment.several_objectives:
        return Rating(fitness, np.zeros((len(fitness), 0)))

    each = objectives(experiment.terms, evaluation.counted)
    each = np.where(np.isfinite(evaluation.fitness)[..., None], each, -np.inf)

    goals = [
        aggregate(each[..., k], rule.aggregate, rule.cvar_fraction) for k in range(each.shape[-1])
    ]
    return Rating(fitness, np.stack(goals, axis=-1))


def aggregate(fitness: Array, how: str, cvar_fraction: float) -> Array:
    """Fitness of genomes (G,) from that of their episodes (G, k).

    One unstable episode (-inf) makes the genome's fitness -inf.

    Args:
        fitness: Of each episode (G, k).
        how: "mean"; "worst", the minimum; "cvar", the mean of the worst part; or "mean_cvar", half
            the one and half the other.
        cvar_fraction: The worst part, rounded up to whole episodes.

    References:
        Rockafellar and Uryasev, 2000, Optimization of conditional value-at-risk,
        doi:10.21314/JOR.2000.038 ("cvar").
    """
    if how == "mean_cvar":
        mean, tail = (aggregate(fitness, part, cvar_fraction) for part in ("mean", "cvar"))
        return np.asarray((mean + tail) / 2)
    if how == "worst":
        return np.asarray(fitness.min(axis=1))
    if how == "cvar":
        worst = int(np.ceil(cvar_fraction * fitness.shape[1]))
        fitness = np.sort(fitness, axis=1)[:, :worst]

    stable = np.isfinite(fitness.min(axis=1))
    mean = np.where(np.isfinite(fitness), fitness, 0).mean(axis=1)
    return np.where(stable, mean, -np.inf)
