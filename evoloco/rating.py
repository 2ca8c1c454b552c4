"""What a genome is worth, from what its episodes were worth."""

from typing import NamedTuple

import numpy as np

from evoloco.evaluation import Evaluation
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.measure import objectives


class Rating(NamedTuple):
    """What G genomes are worth.

    Attributes:
        fitness: (G,).
        objectives: (G, m); none (G, 0) where a run's only one is its fitness.
    """

    fitness: Array
    objectives: Array

    @property
    def told(self) -> Array:
        """What the optimizer is told: the objectives where there are several, else the fitness."""
        return self.objectives if self.objectives.size else self.fitness


def rate(experiment: Experiment, evaluation: Evaluation, duration: float = 0.0) -> Rating:
    """Fitness and objectives of genomes, their episodes aggregated as the run file says.

    Args:
        experiment: Of the run.
        evaluation: Of the genomes.
        duration: For which the episodes were planned [s]; that of the search's scenarios where 0.
    """
    rule, scenario = experiment.spec.evaluation, experiment.spec.scenario
    fitness = aggregate(evaluation.fitness, rule.aggregate, rule.cvar_fraction)
    if not experiment.several_objectives:
        return Rating(fitness, np.zeros((len(fitness), 0)))
    survival = np.rint(evaluation.duration / scenario.control_dt) / round(
        (duration or scenario.duration) / scenario.control_dt
    )
    each = objectives(experiment.terms, evaluation.values, survival)
    each = np.where(np.isfinite(evaluation.fitness)[..., None], each, -np.inf)
    goals = [
        aggregate(each[..., k], rule.aggregate, rule.cvar_fraction) for k in range(each.shape[-1])
    ]
    return Rating(fitness, np.stack(goals, axis=-1))


def aggregate(fitness: Array, how: str, cvar_fraction: float) -> Array:
    """Fitness of genomes (G,) from that of their episodes (G, k).

    Args:
        fitness: Of each episode; one unstable episode (-inf) makes the genome's fitness -inf.
        how: "mean"; "worst", the minimum; or "cvar", the mean of the worst part
            (conditional value at risk; Rockafellar and Uryasev, 2000, doi:10.21314/JOR.2000.038).
        cvar_fraction: The worst part, rounded up to whole episodes.
    """
    if how == "worst":
        return np.asarray(fitness.min(axis=1))
    if how == "cvar":
        worst = int(np.ceil(cvar_fraction * fitness.shape[1]))
        fitness = np.sort(fitness, axis=1)[:, :worst]
    lowest = fitness.min(axis=1)
    return np.where(
        np.isfinite(lowest), np.where(np.isfinite(fitness), fitness, 0).mean(axis=1), -np.inf
    )
