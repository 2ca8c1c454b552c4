"""Evaluation in this process, on MuJoCo's thread pool."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from evoloco.episode import Address, Episode, Outcome, unnamed
from evoloco.errors import told_from
from evoloco.evaluation import Evaluation
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.measure import fitness
from evoloco.morphology import Morphology
from evoloco.scenario import Scenario
from evoloco.sim.simulator import Simulator
from evoloco.sim.watchdog import end


class Local:
    """Evaluates the genomes of an experiment with all threads of this machine.

    Args:
        experiment: What is evaluated.
        threads: Number of threads; all CPUs where 0. Results do not depend on it.
        duration: Of a completed episode [s]; that of the search's scenarios where 0.
        late: Told, in words, of an episode that takes longer than it may; ends the process where left out.
    """

    def __init__(
        self,
        experiment: Experiment,
        threads: int = 0,
        duration: float = 0.0,
        late: Callable[[str], object] = end,
    ) -> None:
        self._experiment = experiment
        self._simulator = simulator(experiment, threads, duration, late=late)

    def __str__(self) -> str:
        return f"{self.threads} thread{'s' if self.threads != 1 else ''}"

    @property
    def threads(self) -> int:
        """Number of threads."""
        return self._simulator.threads

    def check(self, bodies: Iterable[Morphology]) -> None:
        """Raises a ModelError where a body has another layout than the experiment's."""
        self._simulator.check(bodies)

    def evaluate(
        self,
        genomes: Array,
        scenarios: Sequence[Scenario],
        support: float,
        address: Address = unnamed,
    ) -> Evaluation:
        """Runs every genome (G, n) in every scenario; messages call an episode by its address."""
        bodies, params = zip(*self._experiment.embodied(genomes), strict=True)
        rows = []
        episodes = self._simulator.run(
            np.array(params),
            scenarios,
            bodies=bodies if self._experiment.body_genes else (),
            support=support,
            address=address,
        )
        for number, episode in enumerate(episodes):
            with told_from(address(*divmod(number, len(scenarios)))):
                rows.append(judge(self._experiment, episode))
        shape = (len(genomes), len(scenarios))
        quality, values, outcome, duration, distance = zip(*rows, strict=True)
        return Evaluation(
            np.array(quality).reshape(shape),
            np.array(values).reshape(*shape, -1),
            np.array(outcome).reshape(shape),
            np.array(duration).reshape(shape),
            np.array(distance).reshape(shape),
        )


def simulator(
    experiment: Experiment,
    threads: int = 0,
    duration: float = 0.0,
    record_state: bool = False,
    late: Callable[[str], object] = end,
) -> Simulator:
    """The simulator of an experiment."""
    scenario = experiment.spec.scenario
    return Simulator(
        experiment.morphology,
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


def judge(experiment: Experiment, episode: Episode) -> tuple[float, list[float], str, float, float]:
    """Fitness, measures, outcome, duration [s] and distance [m] of one episode."""
    duration = len(episode) * episode.control_dt
    if episode.outcome is Outcome.UNSTABLE:
        return -np.inf, [np.nan] * len(experiment.terms), episode.outcome.value, duration, np.nan
    values = [term.value(episode) for term in experiment.terms]
    forward = episode.sensor("torso.position")[:, 0]
    quality = float(fitness(experiment.terms, np.array(values), episode.survival))
    return quality, values, episode.outcome.value, duration, float(forward[-1] - forward[0])
