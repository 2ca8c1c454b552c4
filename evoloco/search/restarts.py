"""When CMA-ES starts again, and with how many genomes: IPOP and BIPOP."""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Start:
    """One start of the search.

    Attributes:
        population_size: Genomes per generation.
        sigma: Initial step size, as a fraction of each gene's range.
        evaluations: Genomes after which it ends, whatever it has found.
    """

    population_size: int
    sigma: float
    evaluations: float = math.inf


Schedule = Callable[[int, float, np.random.Generator], Generator[Start, int, None]]
"""Starts of a search: yields one after the other, and is sent how many genomes each took.

Its arguments are the population size and step size of the first start, and random numbers.
"""


def ipop(
    population_size: int,
    sigma: float,
    random: np.random.Generator,  # noqa: ARG001 - every schedule takes the same
) -> Generator[Start, int, None]:
    """Every start has twice the population of the one before.

    References:
        Auger and Hansen, 2005, A restart CMA evolution strategy with
        increasing population size, doi:10.1109/CEC.2005.1554902.
    """
    while True:
        yield Start(population_size, sigma)
        population_size *= 2


def bipop(
    population_size: int,
    sigma: float,
    random: np.random.Generator,
) -> Generator[Start, int, None]:
    """Large and small starts; the kind that took fewer genomes so far comes next.

    A large start has twice the population of the large one before it. A small
    one draws, with λ the first population, λ_large the newest large one and U
    uniform in [0, 1],

        population = floor(λ (λ_large / 2λ)^(U²))       (1)
        sigma      = sigma 10^(-2U)                     (2)

    and takes at most half as many genomes as the newest large start took. The
    first start counts as small.

    References:
        Hansen, 2009, Benchmarking a BI-population CMA-ES on the BBOB-2009
        function testbed, doi:10.1145/1570256.1570333.
    """
    first, large = population_size, population_size
    small_took = yield Start(first, sigma)
    large_took = newest = 0

    while True:
        if small_took < large_took:
            size = int(first * (large / (2 * first)) ** random.random() ** 2)  # (1)
            step = sigma * 10 ** (-2 * random.random())  # (2)
            small_took += yield Start(size, step, newest / 2)
        else:
            large *= 2
            newest = yield Start(large, sigma)
            large_took += newest


SCHEDULES: dict[str, Schedule] = {"ipop": ipop, "bipop": bipop}
"""Schedules by the names that run files use."""
