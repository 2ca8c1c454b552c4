"""Ask, evaluate, tell, record: the loop of a run, begun or resumed."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import numpy as np

from evoloco import provenance
from evoloco.episode import Outcome
from evoloco.errors import EvolocoError, JournalError
from evoloco.evaluation import Evaluation, Evaluator
from evoloco.optimizer import Optimizer
from evoloco.rating import rate
from evoloco.record import lock
from evoloco.record.journal import Generation
from evoloco.run import Run

Progress = Callable[[Generation], None]

ALL_GENERATIONS = "the last generation was reached"
INTERRUPTED = "interrupted"


class Interrupted(EvolocoError):  # noqa: N818 - a wish, not an error
    """The user asked to stop; every finished generation is recorded."""

    code = 130


def evolve(
    run: Run,
    generations: int = 0,
    evaluator: Evaluator | None = None,
    progress: Progress | None = None,
) -> str:
    """Goes on from the last recorded generation.

    Args:
        run: That goes on.
        generations: Generations in all; `run.generations` where 0.
        evaluator: Of this experiment; the local one on all CPUs where left out. Results do not depend on it.
        progress: Called after each recorded generation.

    Returns:
        Why the search stopped.

    Raises:
        Interrupted: Ctrl-C; the journal is whole.
        BusyError: Another process goes on with this run.
        StorageError: The folder cannot be written.
        JournalError: The record does not follow from the spec.
    """
    with lock.held(run.folder):
        return _search(run, generations, evaluator or run.local(), progress)


def _search(run: Run, generations: int, evaluator: Evaluator, progress: Progress | None) -> str:
    last = generations or run.generations
    if len(run.journal) and (
        changed := provenance.changes(run.provenance, provenance.collect(run.experiment))
    ):
        raise JournalError(
            f"{run.folder} cannot go on as it began: {'; '.join(changed)}. "
            "Restore it, or begin another run with: evoloco evolve"
        )
    optimizer = run.replayed()
    _note_extension(run, generations)
    _note_search_events(run, optimizer)
    with _interruptible() as interrupted:
        for generation in range(len(run.journal), last):
            if reason := optimizer.stop_reason():
                return _stop(run, f"{run.spec.optimizer.name}: {reason}")
            began = time.perf_counter()
            genomes = optimizer.ask()
            asked = time.perf_counter()
            support = run.spec.evaluation.support.strength(generation)
            evaluation = evaluator.evaluate(
                genomes,
                run.experiment.scenarios(generation),
                support,
                partial(run.address, generation),
            )
            simulated = time.perf_counter() - asked
            _note_events(run, generation, evaluation)
            rating = rate(run.experiment, evaluation)
            optimizer.tell(genomes, rating.told, evaluation.values.mean(axis=1))
            wall = time.perf_counter() - began
            record = Generation(
                generation, genomes, rating.fitness, evaluation, support, time.time(), wall, simulated,
                rating.objectives,
            )  # fmt: skip
            run.journal.append(record)
            _note_search_events(run, optimizer)
            if progress is not None:
                progress(record)
            if interrupted():
                _stop(run, INTERRUPTED)
                raise Interrupted(
                    f"Stopped after generation {generation}; everything until then is recorded. "
                    f"Go on with: evoloco resume {run.folder}"
                )
    return _stop(run, ALL_GENERATIONS)


def _stop(run: Run, reason: str) -> str:
    run.journal.write_note("stop_reason", reason)
    return reason


def _note_extension(run: Run, generations: int) -> None:
    if generations:
        run.journal.write_note("generations", generations)


def _note_events(run: Run, generation: int, evaluation: Evaluation) -> None:
    for event in evaluation.events:
        run.journal.write_event(generation, *event)
    diverged = np.argwhere(evaluation.outcome == Outcome.UNSTABLE)
    if len(diverged):
        individual, episode = diverged[0].tolist()
        run.journal.write_event(
            generation,
            time.time(),
            f"{len(diverged)} of {evaluation.outcome.size} episodes diverged. "
            f"The first: {run.address(generation, individual, episode)}; --trace FILE.npz writes its last states, "
            "--model FILE.mjb its body.",
        )
    for individual in np.flatnonzero((evaluation.outcome == Outcome.FAILED).any(axis=1)):
        run.journal.write_event(
            generation,
            time.time(),
            f"Individual {generation}:{individual} of seed {run.spec.seed} failed: it ended every worker that "
            f"tried it. Try it with: evoloco replay {run.folder} --individual {generation}:{individual}",
        )


def _note_search_events(run: Run, optimizer: Optimizer) -> None:
    if optimizer.events and run.search_events != list(optimizer.events):
        run.journal.write_note("search_events", list(optimizer.events))


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turns the first Ctrl-C into a request to stop after the generation; the second stops at once."""
    asked = False

    def ask(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    try:
        before = signal.signal(signal.SIGINT, ask)
    except ValueError:  # not the main thread: nobody can press Ctrl-C here
        yield lambda: False
        return
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
