"""The loop of a training, new or resumed: collect, update, judge, record."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evoloco.errors import EvolocoError, JournalError, SpecError
from evoloco.evaluation import Evaluator
from evoloco.fields import Array
from evoloco.loop import (
    ALL_GENERATIONS,
    INTERRUPTED,
    Enough,
    Interrupted,
    Progress,
    check_unchanged,
    interruptible,
    judged,
    stop,
)
from evoloco.policy_file import Policy
from evoloco.record import lock
from evoloco.rl import checkpoint
from evoloco.rl.curves import Curves
from evoloco.rl.losses import LossError
from evoloco.rl.rollouts import Rollouts
from evoloco.run import Run
from evoloco.spec import TrainingSpec
from evoloco.stopwatch import Stopwatch


class Learner(Protocol):
    """What learns: one of the algorithms."""

    num_timesteps: int

    def network(self) -> Policy:
        """The present policy."""

    def begin_at(self, policy: Policy) -> None:
        """Takes over the weights of a policy."""

    def prepare(self) -> None:
        """What comes before the first rollout."""

    def collect(self) -> None:
        """Collects one rollout."""

    def update(self) -> dict[str, float]:
        """Updates the policy; returns what is worth drawing, by name."""

    def state(self) -> dict[str, NDArray[Any]]:
        """All that a continued training depends on."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Continues where another one gave its `state`."""


def train(
    run: Run,
    generations: int = 0,
    evaluator: Evaluator | None = None,
    progress: Progress | None = None,
    threads: int = 0,
    workers: int = 0,
    enough: Enough | None = None,
) -> str:
    """Trains a run's policy from its last checkpoint on.

    Every judgement is a generation of the journal with one individual: the policy of that moment,
    on the scenarios of that generation. The first one is that of the policy before training.

    Args:
        run: The run.
        generations: Total number of judgements; 0 for `run.generations`.
        evaluator: Evaluator of the run. By default the local one. Results do not depend on it.
        progress: Called after each recorded judgement.
        threads: Number of simulation threads; 0 for all CPUs. Results do not depend on it.
        workers: Workers on Ray, which has been started, that compute gradients; none where 0.
            Results do not depend on it.
        enough: Asked before each judgement whether the training ends. By default it goes on.

    Returns:
        Why the training stopped.

    Raises:
        Interrupted: Ctrl-C; the journal is complete.
        LossError: The loss is no finite number any more; the message names the checkpoint.
        BusyError: Another process continues this run.
        JournalError: The record does not follow from the run file.
        SpecError: The run has no [training].
    """
    with lock.held(run.folder):
        check_unchanged(run)
        training = _Training(run, threads, workers)
        return training.go_on(generations, evaluator, progress, enough)


class _Training:
    """A training of a run."""

    def __init__(self, run: Run, threads: int, workers: int) -> None:
        spec = run.spec.training
        if spec is None:
            raise SpecError(
                f"{run.folder} has no table [training]: its run is evolved, not trained. Continue "
                f"with: evoloco resume {run.folder}"
            )
        self._run, self._spec, self._threads = run, spec, threads
        rollouts = Rollouts(run.experiment, spec.simulations, spec.rollout, spec.worlds, threads)
        self._learner = learner(rollouts, spec, run.spec.seed, workers)
        self._path = run.folder / checkpoint.FILE
        self._done = 0

    def go_on(
        self,
        generations: int,
        evaluator: Evaluator | None,
        progress: Progress | None,
        enough: Enough | None,
    ) -> str:
        """Trains up to the last judgement."""
        run = self._run
        last = generations or run.generations
        if generations:
            run.journal.write_note("generations", generations)
        evaluator = evaluator or run.local(self._threads)

        self._begin()
        curves = Curves(run.folder, self._learner.num_timesteps)
        with interruptible() as interrupted, curves:
            for generation in range(self._done, last):
                if enough is not None and (reason := enough(run)):
                    return stop(run, reason)
                self._one_generation(generation, evaluator, progress, curves)
                if interrupted():
                    stop(run, INTERRUPTED)
                    raise Interrupted(
                        f"Stopped after judgement {generation}; everything up to it is recorded. "
                        f"Continue with: evoloco resume {run.folder}"
                    )
        return stop(run, ALL_GENERATIONS)

    def _begin(self) -> None:
        """Continues at the checkpoint, or begins."""
        state = checkpoint.read(self._path)
        if state is not None:
            done = int(state.pop("judgements")[0])
            # A journal that lost generations is written again from the beginning.
            if done <= len(self._run.journal):
                self._done = done
                self._learner.restore(state)
                return
        # A network of zeros, where nobody gave weights, would never learn.
        self._learner.begin_at(self._policy(self._run.experiment.space.start))
        self._learner.prepare()

    def _one_generation(
        self,
        generation: int,
        evaluator: Evaluator,
        progress: Progress | None,
        curves: Curves,
    ) -> None:
        """Trains up to the next judgement, judges and records."""
        run, watch = self._run, Stopwatch()
        for _ in range(self._spec.judge if generation else 0):
            curves.draw(self._learned(generation), self._learner.num_timesteps)

        genome = self._genome(generation)
        if generation < len(run.journal):  # recorded, but killed before the checkpoint
            self._check_recorded(generation, genome)
        else:
            record = judged(run, generation, genome[None], evaluator, watch)
            run.journal.append(record)
            curves.judged(record, self._learner.num_timesteps)
            if progress is not None:
                progress(record)

        self._done = generation + 1
        judgements = {"judgements": np.array([self._done], np.int64)}
        checkpoint.write({**self._learner.state(), **judgements}, self._path)

    def _learned(self, generation: int) -> dict[str, float]:
        """Collects a rollout and updates the policy by it."""
        try:
            self._learner.collect()
            return self._learner.update()
        except LossError as error:
            raise self._lost(error, generation) from None

    def _genome(self, generation: int) -> Array:
        """The present policy as a genome (n,)."""
        experiment = self._run.experiment
        try:
            values = experiment.controller.values(self._learner.network())  # type: ignore[attr-defined]
        except EvolocoError as error:
            raise self._lost(error, generation) from None
        return experiment.space.encode(values)

    def _lost(self, error: EvolocoError, generation: int) -> LossError:
        steps = self._spec.learned(generation)
        return LossError(
            f"The training has diverged after {self._learner.num_timesteps} control steps. {error} "
            f"The last good checkpoint is {self._path}, after {steps} steps (judgement "
            f"{generation - 1}). Continuing would diverge again: start another run with a smaller "
            "training.learning_rate, another --seed, or rewards of another size."
        )

    def _policy(self, genome: Array) -> Policy:
        experiment = self._run.experiment
        found: Policy = experiment.controller.policy(  # type: ignore[attr-defined]
            experiment.space.decode(genome)
        )
        return found

    def _check_recorded(self, generation: int, genome: Array) -> None:
        """Checks that a judgement that is recorded already is the one that comes again.

        Raises:
            JournalError: It is another one.
        """
        recorded = self._run.journal[generation].genomes[0]
        if not np.array_equal(recorded, genome):
            apart = float(np.abs(recorded - genome).max())
            raise JournalError(
                f"Judgement {generation} of {self._run.journal.path} does not follow from the "
                f"checkpoint {self._path}: its weights differ by up to {apart:.3g} of their "
                "ranges. One of the two files is of another run, or PyTorch or this machine is "
                "another one than then."
            )


def learner(rollouts: Rollouts, spec: TrainingSpec, seed: int, workers: int = 0) -> Learner:
    """The learner that a run file asks for.

    Args:
        rollouts: The run's simulations.
        spec: Its table [training].
        seed: Of the run.
        workers: Workers on Ray that compute gradients; none where 0.
    """
    from evoloco.rl.ppo import PPO

    if spec.algorithm == "sac":
        from evoloco.rl.sac import SAC

        return SAC(rollouts, spec, seed)
    found = PPO(rollouts, spec, seed)
    if workers:
        from evoloco.rl.ray_gradients import OnRay

        found.workers = OnRay(found.policy, workers)
    return found
