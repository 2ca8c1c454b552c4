"""NSGA-II for several objectives, by DEAP."""

from deap import tools

from evoloco.errors import SpecError
from evoloco.optimizer import Search
from evoloco.optimizers._nondominated import Individuals, NondominatedSorting
from evoloco.search.variation import Eta, Rate


class Optimizer(NondominatedSorting):
    """Nondominated sorting genetic algorithm II in [0, 1]^n.

    Of parents and offspring together, the next parents are the first fronts
    of nondominated genomes; of the last front that fits in part, those with
    most room around them. A genome's objectives are those of the generation
    in which it was born.

    Args:
        search: What is searched; the population size must be a multiple of 4.
        crossover_rate: Probability that two parents mate, by simulated binary crossover.
        gene_rate: Probability that a gene of an offspring mutates, polynomially;
            0 for one gene per genome on average.
        eta: Distribution index of both: the larger, the closer to the parents.

    Raises:
        SpecError: The population size is no multiple of 4.

    References:
        Deb, Pratap, Agarwal and Meyarivan, 2002, A fast and elitist
        multiobjective genetic algorithm: NSGA-II, doi:10.1109/4235.996017.
    """

    def __init__(
        self,
        search: Search,
        *,
        crossover_rate: Rate = 0.9,
        gene_rate: Rate = 0.0,
        eta: Eta = 15.0,
    ) -> None:
        if search.population_size % 4:
            raise SpecError(
                "optimizer.population_size: nsga2 needs a multiple of 4, because its tournaments "
                f"take four genomes at a time, not {search.population_size}."
            )
        super().__init__(search, crossover_rate, gene_rate, eta, _winners, tools.selNSGA2)


def _winners(parents: Individuals) -> Individuals:
    """Winners of as many tournaments of two, by dominance and then by room."""
    winners: Individuals = tools.selTournamentDCD(parents, len(parents))
    return winners
