"""A race of several CMA-ES searches, which those of least predicted fitness leave."""

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Annotated

import numpy as np
from pydantic import Field

from evoloco.genome import Array
from evoloco.optimizer import Search
from evoloco.optimizers import cmaes


@dataclass
class Racer:
    """One search of the race.

    Attributes:
        number: From 1.
        search: Its CMA-ES.
        fitness: Best of each of its generations; -inf where all genomes were unstable.
        genomes: That it took.
    """

    number: int
    search: cmaes.Optimizer
    fitness: list[float] = field(default_factory=list)
    genomes: int = 0

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:
        """Reports the fitness (λ,) of the generation that it asked for."""
        self.search.tell(genomes, fitness, values)
        self.fitness.append(float(fitness.max()))
        self.genomes += len(genomes)


class Optimizer:
    """Several CMA-ES searches in one budget, of which the weakest stop, one after another.

    The racers differ in their random numbers. They take turns, a generation
    each, so that all meet the same strength of a support that weakens. After
    `trial` rounds, and again after every `heat` rounds, the racer of least
    predicted fitness stops, until one is left. A racer that pycma ends leaves
    the race too; the last one goes on to its own end. N racers race for

        N trial + (N - 1 + ... + 2) heat

    generations. The rule needs the generations that were, not how many are to
    come: a run can be prolonged.

    Fitness is predicted by the Theil-Sen line through the best fitness of a
    racer's last `trial` generations, `look_ahead` generations on. Its level
    and slope are medians: a generation with lucky genomes or hard scenarios
    hardly moves it.

    The first racer has the run's own seed: a race of one is `cmaes`. All begin
    at the centre unless told otherwise: random starts led to worse gaits, as
    docs/decisions.md says. The result of a race is the best of all racers, for
    the genomes of all, which `events` count.

    Args:
        search: What is searched.
        racers: How many begin.
        trial: Generations that each has before the first stops.
        heat: Generations that each has between one stop and the next.
        look_ahead: Generations ahead for which fitness is predicted.
        sigma: Initial step size, as a fraction of each gene's range.
        start: Where each begins: at the "centre" of each gene's range, or at
            a uniformly "random" point of its own.
        elitist: Whether the fittest genome of a racer's generation is tried again in
            its next one.
        covariance: "full", or "diagonal" for steps along the genes only.
        active: Whether bad genomes also change the covariance, away from them.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive
        simulation of biological motion, doi:10.21105/joss.01421; its pool of
        searches goes by a linear prediction of fitness.
        Maron and Moore, 1997, The racing algorithm: model selection for lazy
        learners, doi:10.1023/A:1006556606079.
    """

    takes_start = True

    def __init__(
        self,
        search: Search,
        *,
        racers: Annotated[int, Field(ge=1, le=100)] = 3,
        trial: Annotated[int, Field(ge=2)] = 12,
        heat: Annotated[int, Field(ge=1)] = 6,
        look_ahead: Annotated[int, Field(ge=0)] = 10,
        sigma: cmaes.Sigma = 0.25,
        start: cmaes.Begin = "centre",
        elitist: bool = False,
        covariance: cmaes.Covariance = "full",
        active: bool = True,
    ) -> None:
        def racer(number: int) -> Racer:
            own = replace(search, seed=racer_seed(search.seed, number))
            strategy = cmaes.Optimizer(
                own, sigma=sigma, start=start, elitist=elitist, covariance=covariance, active=active
            )
            return Racer(number, strategy)

        self.events: list[str] = []
        self._trial, self._heat, self._ahead = trial, heat, look_ahead
        self._all = [racer(number) for number in range(1, racers + 1)]
        self._racing = list(self._all)
        self._turns = list(self._racing)  # left in this round
        self._rounds = 0
        self._exits: list[str] = []

    def ask(self) -> Array:
        """Genomes (population_size, n) of the racer whose turn it is."""
        return self._turns[0].search.ask()

    def tell(self, genomes: Array, fitness: Array, values: Array) -> None:
        """Reports the fitness (population_size,) to that racer; -inf ranks worst."""
        self._turns.pop(0).tell(genomes, fitness, values)

        if not self._turns:
            self._rounds += 1
            self._end_round()
            self._turns = list(self._racing)

        self.events = [*self._exits, self._account()]

    def _end_round(self) -> None:
        """Takes out racers that ended, and the weakest where that is due; the last one stays."""
        for racer in list(self._racing):
            reason = racer.search.stop_reason()
            if reason and len(self._racing) > 1:
                self._racing.remove(racer)
                self._exits.append(
                    f"racer {racer.number} ended after {self._rounds} generations "
                    f"at fitness {racer.fitness[-1]:.4g}: {reason}"
                )

        since_trial = self._rounds - self._trial
        if len(self._racing) > 1 and since_trial >= 0 and since_trial % self._heat == 0:
            self._stop_weakest()

    def _stop_weakest(self) -> None:
        """Takes out the racer of least predicted fitness, of equal ones the last."""
        trends = {
            racer.number: theil_sen(np.array(racer.fitness[-self._trial :]))
            for racer in self._racing
        }
        predicted = {number: level + self._ahead * rise for number, (level, rise) in trends.items()}
        weakest, next_weakest, *_ = sorted(
            predicted, key=lambda number: (predicted[number], -number)
        )

        self._racing = [racer for racer in self._racing if racer.number != weakest]
        self._exits.append(
            f"racer {weakest} stopped after {self._rounds} generations "
            f"at fitness {trends[weakest][0]:.4g}: "
            f"predicted {predicted[weakest]:.4g} in {self._ahead} more, "
            f"racer {next_weakest} {predicted[next_weakest]:.4g}"
        )

    def _account(self) -> str:
        """What the result cost so far: the genomes of all racers."""
        racing = ", ".join(str(racer.number) for racer in self._racing)
        shares = ", ".join(f"{racer.genomes} of racer {racer.number}" for racer in self._all)
        total = sum(racer.genomes for racer in self._all)
        return (
            f"best of {len(self._all)} racers with {total} genomes in all: {shares}; "
            f"in the race: {racing}"
        )

    def stop_reason(self) -> str:
        """Why the last racer ended; empty while the race goes on."""
        last = self._racing[-1]
        reason = last.search.stop_reason() if len(self._racing) == 1 else ""
        return f"racer {last.number}, the last in the race, ended: {reason}" if reason else ""


def theil_sen(fitness: Array) -> tuple[float, float]:
    """Level at the last and rise per generation of a line through the fitness (G,) of generations.

    With f_g the fitness of generation g,

        rise  = median of (f_b - f_a) / (b - a),  a < b     (1)
        level = median of f_g + rise (G - 1 - g)            (2)

    (1) is over the finite generations, (2) over all: the level is -inf where
    half of them are.

    References:
        Sen, 1968, Estimates of the regression coefficient based on Kendall's
        tau, doi:10.1080/01621459.1968.10480934.
    """
    stable = np.flatnonzero(np.isfinite(fitness))
    rises = [(fitness[b] - fitness[a]) / (b - a) for a, b in combinations(stable, 2)]
    rise = float(np.median(rises)) if rises else 0.0  # (1)

    to_last = len(fitness) - 1 - np.arange(len(fitness))
    level = float(np.median(fitness + rise * to_last))  # (2)
    return level, rise


def racer_seed(seed: int, number: int) -> int:
    """Seed of a racer: the run's own for racer 1, another one for each of the others."""
    if number == 1:
        return seed
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])
