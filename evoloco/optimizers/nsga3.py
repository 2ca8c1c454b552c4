"""NSGA-III for three objectives and more, by DEAP."""

import math
from typing import Annotated

from deap import tools
from pydantic import Field

from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers._nondominated import NondominatedSorting
from evoloco.search.variation import Eta, Rate


class Optimizer(NondominatedSorting):
    """Nondominated sorting genetic algorithm III in [0, 1]^n.

    As NSGA-II, but the last front that fits in part is thinned by directions
    that are spread evenly over the objectives: genomes along directions that
    few have chosen come first.

    Args:
        search: What is searched.
        divisions: Of each objective's axis, p: there are binomial(m + p - 1, p)
            directions; 0 for as many as the population can fill.
        crossover_rate: Probability that two parents mate, by simulated binary crossover.
        gene_rate: Probability that a gene of an offspring mutates, polynomially;
            0 for one gene per genome on average.
        eta: Distribution index of both: the larger, the closer to the parents.

    References:
        Deb and Jain, 2014, An evolutionary many-objective optimization
        algorithm using reference-point-based nondominated sorting approach,
        part I, doi:10.1109/TEVC.2013.2281535.
    """

    def __init__(
        self,
        search: Search,
        *,
        divisions: Annotated[int, Field(ge=0)] = 0,
        crossover_rate: Rate = 1.0,
        gene_rate: Rate = 0.0,
        eta: Eta = 20.0,
    ) -> None:
        points = directions(len(search.objectives), search.population_size, divisions)
        survivors = tools.selNSGA3WithMemory(points)
        super().__init__(search, crossover_rate, gene_rate, eta, list, survivors)


def directions(objectives: int, population_size: int, divisions: int = 0) -> Array:
    """Directions (k, m) spread evenly over m objectives, each with p divisions of its axis.

    Args:
        objectives: Their number m.
        population_size: Genomes per generation.
        divisions: p; 0 for the largest p with k <= population_size, at least 1.
    """
    if not divisions:
        divisions = 1
        while math.comb(objectives + divisions, divisions + 1) <= population_size:
            divisions += 1
    points: Array = tools.uniform_reference_points(objectives, divisions)
    return points
