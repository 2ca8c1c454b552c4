"""The loop of a run, new or resumed: ask, evaluate, tell, record."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import FrameType

import numpy as np

from evoloco import provenance
from evoloco.ending import Outcome
from evoloco.errors import EvolocoError, JournalError, SpecError, user_code
from evoloco.evaluation import Evaluation, Evaluator, Event
from evoloco.genome import Array
from evoloco.optimizer import Optimizer
from evoloco.rating import rate
from evoloco.record import lock
from evoloco.record.journal import Generation
from evoloco.remarks import at_once, remarks
from evoloco.run import Run
from evoloco.stopwatch import Stopwatch

Progress = Callable[[Generation], None]

Enough = Callable[[Run], str]
"""Says why a run has had enough, such as a budget that is spent; nothing where it goes on."""

ALL_GENERATIONS = "the last generation was reached"
INTERRUPTED = "interrupted"


class Interrupted(EvolocoError):  # noqa: N818 - a wish, not an error
    """The user asked to stop. Every finished generation is recorded."""

    code = 130


def evolve(
    run: Run,
    generations: int = 0,
    evaluator: Evaluator | None = None,
    progress: Progress | None = None,
    enough: Enough | None = None,
) -> str:
    """Runs the search from the last recorded generation on.

    Args:
        run: The run.
        generations: Total number of generations; 0 for `run.generations`.
        evaluator: Evaluator of this experiment. By default the local one on all CPUs.
            Results do not depend on it.
        progress: Called after each recorded generation.
        enough: Asked before each generation whether the search ends. By default it goes on.

    Returns:
        Why the search stopped.

    Raises:
        Interrupted: Ctrl-C; the journal is complete.
        BusyError: Another process continues this run.
        StorageError: The folder cannot be written.
        JournalError: The record does not follow from the run file.
        SpecError: The run is one that is trained.
    """
    if run.spec.training:
        raise SpecError(
            f"{run.folder} is a run with [training]: its policy is trained, not evolved. "
            f"Continue with: evoloco resume {run.folder}"
        )
    with lock.held(run.folder):
        return _search(run, generations, evaluator or run.local(), progress, enough)


def _search(
    run: Run,
    generations: int,
    evaluator: Evaluator,
    progress: Progress | None,
    enough: Enough | None,
) -> str:
    check_unchanged(run)
    optimizer = run.replayed()
    if generations:
        run.journal.write_note("generations", generations)
    _note_search_events(run, optimizer)

    last = generations or run.generations
    with interruptible() as interrupted:
        for generation in range(len(run.journal), last):
            if reason := optimizer.stop_reason():
                return stop(run, f"{run.spec.optimizer.name}: {reason}")
            if enough is not None and (reason := enough(run)):
                return stop(run, reason)

            record = _one_generation(run, generation, optimizer, evaluator)
            run.journal.append(record)
            _note_search_events(run, optimizer)
            if progress is not None:
                progress(record)

            if interrupted():
                stop(run, INTERRUPTED)
                raise Interrupted(
                    f"Stopped after generation {generation}; everything up to it is recorded. "
                    f"Continue with: evoloco resume {run.folder}"
                )
    return stop(run, ALL_GENERATIONS)


def check_unchanged(run: Run) -> None:
    """Checks that what produced the recorded generations is unchanged.

    Raises:
        JournalError: The user's files or the body have changed.
    """
    if not len(run.journal):
        return
    changed = provenance.changes(run.provenance, provenance.collect(run.experiment))
    if changed:
        raise JournalError(
            f"{run.folder} cannot continue as it started: {'; '.join(changed)}. "
            "Restore it, or start another run with: evoloco evolve"
        )


def _one_generation(
    run: Run, generation: int, optimizer: Optimizer, evaluator: Evaluator
) -> Generation:
    """Asks for genomes, evaluates them and tells the optimizer."""
    watch = Stopwatch()
    who = f"optimizer: '{run.spec.optimizer.name}'"
    with user_code(who):
        genomes = _checked(optimizer.ask(), run, who)

    record = judged(run, generation, genomes, evaluator, watch)
    with user_code(who):
        optimizer.tell(genomes, record.told, record.evaluation.values.mean(axis=1))
    return replace(
        record,
        finished=time.time(),
        wall_time=watch.wall,
        cpu_time=watch.cpu + record.evaluation.cpu_time,
    )


def judged(
    run: Run, generation: int, genomes: Array, evaluator: Evaluator, watch: Stopwatch
) -> Generation:
    """Evaluates genomes (G, n) on the scenarios of their generation.

    Args:
        run: The run.
        generation: Its number.
        genomes: (G, n).
        evaluator: Evaluator of the run.
        watch: Runs since the generation began.
    """
    asked = watch.wall
    support = run.spec.evaluation.support.strength(generation)
    scenarios = run.experiment.scenarios(generation)
    evaluation = evaluator.evaluate(genomes, scenarios, support, partial(run.address, generation))
    simulated = watch.wall - asked
    evaluation = replace(evaluation, events=_events(run, generation, evaluation))

    rating = rate(run.experiment, evaluation)
    return Generation(
        generation,
        genomes,
        rating.fitness,
        evaluation,
        support,
        finished=time.time(),
        wall_time=watch.wall,
        simulation_time=simulated,
        objectives=rating.objectives,
        cpu_time=watch.cpu + evaluation.cpu_time,
    )


def _checked(genomes: Array, run: Run, who: str) -> Array:
    """Returns the genomes that an optimizer asks for.

    Raises:
        SpecError: They have another shape, or leave [0, 1].
    """
    genomes = np.asarray(genomes)
    size = len(run.experiment.space)
    if genomes.ndim != 2 or genomes.shape[1] != size or not len(genomes):
        raise SpecError(
            f"{who} asks for genomes of shape {genomes.shape}; it must ask for (λ, {size})."
        )
    if not ((genomes >= 0) & (genomes <= 1)).all():
        raise SpecError(f"{who} asks for genomes outside [0, 1].")
    return genomes


def stop(run: Run, reason: str) -> str:
    """Notes why a search stopped and, if it was not interrupted, remarks on it."""
    found = remarks(run.spec, run.journal) if reason != INTERRUPTED else []
    run.journal.write_note("remarks", found)
    run.journal.write_note("stop_reason", reason)
    return reason


def _events(run: Run, generation: int, evaluation: Evaluation) -> tuple[Event, ...]:
    """Returns the events of an evaluation, with episodes that diverged, failed or fell at once."""
    found = []
    diverged = np.argwhere(evaluation.outcome == Outcome.UNSTABLE)
    if len(diverged):
        individual, episode = diverged[0].tolist()
        found.append(
            f"{len(diverged)} of {evaluation.outcome.size} episodes diverged. "
            f"The first: {run.address(generation, individual, episode)}; --trace FILE.npz writes "
            "its last states, --model FILE.mjb its body."
        )

    failed = (evaluation.outcome == Outcome.FAILED).any(axis=1)
    found += [
        f"Individual {generation}:{individual} of seed {run.spec.seed} failed: it ended every "
        "worker that tried it. Try it with: "
        f"evoloco replay {run.folder} --individual {generation}:{individual}"
        for individual in np.flatnonzero(failed)
    ]
    if generation == 0:
        found += at_once(evaluation)
    return (*evaluation.events, *(Event(time.time(), what) for what in found))


def _note_search_events(run: Run, optimizer: Optimizer) -> None:
    if optimizer.events and run.search_events != list(optimizer.events):
        run.journal.write_note("search_events", list(optimizer.events))


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Yields a function that returns whether the user asked to stop.

    The first Ctrl-C asks to stop after the generation; the second stops at once.
    """
    asked = False

    def ask(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    # Fails outside the main thread, where nobody can press Ctrl-C.
    try:
        before = signal.signal(signal.SIGINT, ask)
    except ValueError:
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
