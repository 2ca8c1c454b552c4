"""Evaluation in this process, on MuJoCo's thread pool."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from evoloco.ending import Outcome
from evoloco.episode import Address, Episode, unnamed
from evoloco.errors import EvolocoError, error_context
from evoloco.evaluation import Evaluation
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.morphology import Morphology
from evoloco.scenario import Scenario
from evoloco.sim.simulator import Simulator
from evoloco.sim.watchdog import end
from evoloco.term import Term, fitness


class Local:
    """Evaluates the genomes of an experiment on all threads of this machine.

    Args:
        experiment: What is evaluated.
        threads: Number of threads; 0 for all CPUs. Results do not depend on it.
        duration: Length of a completed episode [s]; 0 for that of the search's scenarios.
        late: Called with a message when an episode exceeds the time limit.
            By default the process exits.
    """

    def __init__(
        self,
        experiment: Experiment,
        threads: int = 0,
        duration: float = 0.0,
        late: Callable[[str], object] = end,
    ) -> None:
        self._experiment = experiment
        self.simulator = simulator(experiment, threads, duration, late=late)

    def __str__(self) -> str:
        return f"{self.threads} thread{'s' if self.threads != 1 else ''}"

    @property
    def threads(self) -> int:
        """Number of threads."""
        return self.simulator.threads

    def check(self, bodies: Iterable[Morphology]) -> None:
        """Checks that bodies have the same layout as the experiment's morphology.

        Raises:
            ModelError: A body has another layout.
        """
        self.simulator.check(bodies)

    def evaluate(
        self,
        genomes: Array,
        scenarios: Sequence[Scenario],
        support: float,
        address: Address = unnamed,
    ) -> Evaluation:
        """Runs every genome (G, n) in every scenario; messages name an episode by its address."""
        experiment = self._experiment
        bodies, params = zip(*experiment.embodied(genomes), strict=True)
        episodes = self.simulator.run(
            np.array(params),
            scenarios,
            bodies=bodies if experiment.body_genes else (),
            support=support,
            address=address,
        )

        rows = []
        for number, episode in enumerate(episodes):
            genome, scenario = divmod(number, len(scenarios))
            with error_context(address(genome, scenario)):
                rows.append(judge(experiment, episode))

        shape = (len(genomes), len(scenarios))
        fitness, values, counted, outcome, duration, distance, ending = zip(*rows, strict=True)
        return Evaluation(
            fitness=np.array(fitness).reshape(shape),
            values=np.array(values).reshape(*shape, -1),
            counted=np.array(counted).reshape(*shape, -1),
            outcome=np.array(outcome).reshape(shape),
            duration=np.array(duration).reshape(shape),
            distance=np.array(distance).reshape(shape),
            ending=np.array(ending).reshape(shape),
        )


def simulator(
    experiment: Experiment,
    threads: int = 0,
    duration: float = 0.0,
    record_state: bool = False,
    late: Callable[[str], object] = end,
    body: Morphology | None = None,
) -> Simulator:
    """Returns the simulator of an experiment; for the arguments see `Local` and `Simulator`.

    Its body is the experiment's own, or another one that the same controller drives.
    """
    scenario = experiment.spec.scenario
    return Simulator(
        experiment.morphology if body is None else body,
        experiment.controller,
        duration=duration or scenario.duration,
        control_dt=scenario.control_dt,
        termination=experiment.termination,
        ramp=scenario.ramp,
        support=experiment.spec.evaluation.support.stiffness,
        threads=threads,
        record_state=record_state,
        time_limit=experiment.time_limit,
        late=late,
    )


class Judgement(NamedTuple):
    """What one episode is worth; see `Evaluation`."""

    fitness: float
    values: list[float]
    counted: list[float]
    outcome: str
    duration: float
    distance: float
    ending: str


def judge(experiment: Experiment, episode: Episode) -> Judgement:
    """Judges one episode."""
    terms, ending = experiment.terms, episode.ending
    told = ending.outcome.value, episode.duration
    if episode.outcome is Outcome.UNSTABLE:
        unknown = [np.nan] * len(terms)
        return Judgement(-np.inf, unknown, unknown, *told, np.nan, str(ending))

    judged = [term.judged(episode) for term in terms]
    values, counted = [value for value, _ in judged], [each for _, each in judged]
    with np.errstate(over="ignore", invalid="ignore"):
        quality = float(fitness(terms, np.array(counted)))
    if not np.isfinite(quality):
        raise _overflow(terms, counted)
    return Judgement(quality, values, counted, *told, episode.forward, str(ending))


def _overflow(terms: Sequence[Term], counted: Sequence[float]) -> EvolocoError:
    """Returns the error for an episode whose weighted sum of terms is not a finite number."""
    products = ", ".join(
        f"'{term.name}' ({value:.3g} times its weight {term.weight:.3g})"
        for term, value in zip(terms, counted, strict=True)
    )
    return EvolocoError(
        f"The fitness overflows. Its terms: {products}. Give [fitness] smaller weights, or "
        "measures with smaller values."
    )
