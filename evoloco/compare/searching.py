"""Runs what is missing of a comparison, and continues what was interrupted."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from evoloco import champion, seeds
from evoloco.compare import judging
from evoloco.compare.lineup import Entrant, Lineup
from evoloco.errors import SpecError, error_context
from evoloco.evaluation import Evaluator
from evoloco.experiment import Experiment
from evoloco.loop import Progress
from evoloco.run import Run, check
from evoloco.search_on import search_on
from evoloco.spec import RunSpec, read

MOST = 1_000_000_000
"""Largest number of generations: the budget ends a search."""

SPENT = "the budget of the comparison is spent"

Evaluators = Callable[[Experiment], AbstractContextManager[Evaluator | None]]
"""Makes the evaluator of an experiment; its context gives None for the local one."""


@dataclass(frozen=True)
class Budget:
    """What a search may spend.

    Attributes:
        simulated: Simulated time [s].
        cpu: CPU time that it must have spent too [s]; None for any.
    """

    simulated: float
    cpu: float | None = None

    def spent(self, run: Run) -> str:
        """Returns why a run ends; nothing while it may go on."""
        simulated, cpu = run.spent()
        more_cpu = self.cpu is not None and cpu < self.cpu
        return "" if simulated < self.simulated or more_cpu else SPENT


def check_all(lineup: Lineup) -> None:
    """Checks everything that is to be run before any time is spent.

    Raises:
        SpecError: A run file is not valid, or a folder is of another run.
    """
    tried: dict[tuple[str, str], RunSpec] = {}
    for one in lineup.entrants:
        if one.spec is None:
            continue
        key, where = (one.task, one.contender), f"{lineup.name}: {one.contender} in task {one.task}"
        if key not in tried:
            with error_context(where):
                tried[key] = Experiment(one.spec).told
                check(Experiment(tried[key]))
            _check_judges(lineup, one, tried[key])

        spec = tried[key].model_copy(update={"seed": one.seed})  # seeds differ in nothing else
        if (one.folder / "run.toml").is_file():
            seeds.check_same(spec, read(one.folder / "run.toml"), one.folder)
        elif one.folder.exists():
            raise SpecError(f"{one.folder} exists and is no run. Move it away.")


def _check_judges(lineup: Lineup, entrant: Entrant, spec: RunSpec) -> None:
    """Checks that a contender can be judged in every scenario of its task."""
    for scenario, judge in lineup.tasks[entrant.task].judges.items():
        with error_context(f"{lineup.name}: {entrant.contender} in {entrant.task}, {scenario}"):
            experiment = Experiment(judging.judged_by(spec, judge))
            judging.worlds(experiment, 1)
            experiment.terms  # noqa: B018 - builds them


def is_finished(entrant: Entrant, budget: Budget) -> bool:
    """Returns whether a run has spent its budget or stopped by itself, and has a champion."""
    if not (entrant.folder / champion.FILE).is_file():
        return False
    run = Run(entrant.folder)
    with closing(run.journal) as journal:
        reason = str(journal.note("stop_reason") or "")
        return bool(budget.spent(run)) or _stopped_itself(reason, entrant)


def _stopped_itself(reason: str, entrant: Entrant) -> bool:
    """Whether a search ended by a rule of its optimizer."""
    return entrant.spec is not None and reason.startswith(f"{entrant.spec.optimizer.name}: ")


def search(
    entrant: Entrant,
    budget: Budget,
    evaluators: Evaluators,
    threads: int = 0,
    watched: Callable[[Run, Evaluator], AbstractContextManager[Progress]] | None = None,
) -> None:
    """Begins or continues one run until its budget is spent, and chooses its champion.

    Args:
        entrant: The run.
        budget: What it may spend.
        evaluators: Makes its evaluator.
        threads: Number of threads; 0 for all CPUs. Results do not depend on it.
        watched: Shows a search while the block runs.

    Raises:
        Interrupted: Ctrl-C; the record is complete.
        SpecError: The run came without a run file.
    """
    folder, spec = entrant.folder, entrant.spec
    if spec is None:
        raise SpecError(f"{folder} was given as it is, without a run file to search by.")
    run = Run(folder) if folder.exists() else Run.create(spec, folder)
    with closing(run.journal):
        with evaluators(run.experiment) as elsewhere:
            evaluator = elsewhere or run.local(threads)
            with watched(run, evaluator) if watched else nullcontext() as show:
                search_on(run, MOST, evaluator, show, threads, enough=budget.spent)
        run.journal.write_note("generations", len(run.journal))
        run.choose_champion(threads)


def missing(lineup: Lineup) -> Mapping[Path, Entrant]:
    """Returns the runs of a comparison that are not finished, by their folders."""
    return {
        one.folder: one
        for one in lineup.entrants
        if one.spec is not None and not is_finished(one, budget_of(lineup))
    }


def budget_of(lineup: Lineup) -> Budget:
    """Returns the budget of every search of a comparison file."""
    return Budget(lineup.simulated_time or 0.0, lineup.cpu_time)
