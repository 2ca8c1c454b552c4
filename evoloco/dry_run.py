"""What a run would do, without doing it: its body stands, one genome is tried, its cost is told."""

import time
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.evaluation import Evaluation
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.randomization.draw import Draws
from evoloco.run import check
from evoloco.scenario import Scenario
from evoloco.sim.simulator import Simulator
from evoloco.spec import RunSpec

STANDING = 2.0
"""Time that the body stands at home [s]."""

NEVER = 1e12
"""Ramp during which a controller never takes over from the home posture [s]."""


@dataclass(frozen=True)
class DryRun:
    """What was found out about a run before it starts.

    Attributes:
        experiment: Experiment of the run.
        standing: The body on its home controls, without noise, pushes and randomizations.
        genome: The first genome of the search in the scenarios of the first generation (G = 1).
        pace: Simulated time per wall time on one thread, in these episodes [1].
        threads: Threads that a search would use.
    """

    experiment: Experiment
    standing: Episode
    genome: Evaluation
    pace: float
    threads: int

    @property
    def stands(self) -> bool:
        """Whether the body stays up on its home controls."""
        return self.standing.outcome is Outcome.COMPLETED

    @property
    def stood(self) -> float:
        """How long it stood [s]."""
        return self.standing.duration

    @property
    def generation_time(self) -> float:
        """Wall time of a generation whose episodes all complete [s]."""
        spec = self.experiment.spec
        episodes = spec.optimizer.population_size * spec.evaluation.episodes
        return self._wall(episodes * spec.scenario.duration)

    @property
    def choice_time(self) -> float:
        """Wall time of choosing and judging the champion, if all episodes complete [s]."""
        rule = self.experiment.spec.evaluation
        episodes = (rule.elite + 1) * rule.heldout_episodes
        return self._wall(episodes * self.experiment.heldout_duration)

    @property
    def total_time(self) -> float:
        """Wall time of the whole run, if all episodes complete [s]."""
        return self.experiment.spec.optimizer.generations * self.generation_time + self.choice_time

    def _wall(self, simulated: float) -> float:
        return simulated / (self.pace * self.threads)

    @cached_property
    def counts(self) -> tuple[int, int]:
        """Number of the controller's genes, and of the body's."""
        body = len(self.experiment.body_genes)
        return len(self.experiment.space) - body, body


def dry_run(spec: RunSpec, threads: int = 0) -> DryRun:
    """Builds everything that a run needs, and tries it. Writes nothing.

    Args:
        spec: The run file.
        threads: Threads that a search would use; 0 for all CPUs.

    Raises:
        EvolocoError: The run file is not valid.
    """
    experiment = Experiment(spec)
    check(experiment)
    simulator, params, scenario = _standing(experiment)
    genomes, scenarios = experiment.optimizer().ask()[:1], experiment.scenarios(0)
    support = spec.evaluation.support.strength(0)
    evaluator = Local(experiment, 1)

    # The second time, everything is loaded, as in a long search.
    for _ in range(2):
        began = time.perf_counter()
        (standing,) = simulator.run(params, [scenario])
        genome = evaluator.evaluate(genomes, scenarios, support, _named)
        wall_time = time.perf_counter() - began

    simulated = standing.duration + float(genome.duration.sum())
    pace = simulated / wall_time
    return DryRun(experiment, standing, genome, pace, Local(experiment, threads).threads)


def _named(genome: int, episode: int) -> str:
    return f"Generation 0, individual {genome}, episode {episode}"


def _standing(experiment: Experiment) -> tuple[Simulator, Array, Scenario]:
    """Returns what simulates the body while its controls hold its home keyframe.

    The body is the one in the middle of its genes' bounds.

    Returns:
        The simulator, the controller's parameters (1, n), and a scenario without surprises.
    """
    rule = experiment.spec.scenario
    steps = max(round(STANDING / rule.control_dt), 1)
    simulator = Simulator(
        experiment.morphology,
        experiment.controller,
        duration=steps * rule.control_dt,
        control_dt=rule.control_dt,
        termination=experiment.termination,
        ramp=NEVER,
        threads=1,
        time_limit=experiment.time_limit,
    )

    drawn = experiment.scenarios(0)[0]
    still = replace(
        drawn,
        joint_offset=np.zeros_like(drawn.joint_offset),
        velocity=np.zeros_like(drawn.velocity),
        pushes=np.zeros((0, 5)),
        friction=1.0,
        draws=Draws(),
    )
    params = experiment.parameters(np.full(len(experiment.space), 0.5))
    return simulator, params[None], still
