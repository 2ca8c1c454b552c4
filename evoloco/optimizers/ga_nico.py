"""The genetic algorithm that made the humanoid NICO walk."""

from evoloco.optimizer import Search
from evoloco.optimizers import ga


class Optimizer(ga.Optimizer):
    """`ga` with the settings of Auddy, Magg and Wermter for Matsuoka oscillators.

    Tournaments are of three. 80 % of the pairs mate by two-point crossover. One
    genome in ten mutates, each of its genes with probability 0.05 by a step of
    standard deviation 0.01. There is no elite. It was published with
    populations of 200 over at most 32 generations, and with steps in the units
    of the genes; here steps are fractions of each gene's range.

    Args:
        search: What is searched.

    References:
        Auddy, Magg and Wermter, 2019, Hierarchical control for bipedal
        locomotion using central pattern generators and neural networks.
    """

    def __init__(self, search: Search) -> None:
        super().__init__(
            search,
            tournament=3,
            crossover="two_point",
            crossover_rate=0.8,
            mutation="gaussian",
            mutation_rate=0.1,
            gene_rate=0.05,
            sigma=0.01,
            elites=0,
        )
