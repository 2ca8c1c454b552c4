"""`evoloco evolve RUN --seeds`: one run folder per seed, and a summary."""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from evoloco.cli.output import Output
    from evoloco.experiment import Experiment
    from evoloco.gait.verdict import Verdict
    from evoloco.run import Run
    from evoloco.seeds import Result
    from evoloco.spec import RunSpec

Evaluators = Callable[["Experiment"], AbstractContextManager[Any]]
"""Makes the evaluator of an experiment; its context gives None for the local one."""


def evolve_seeds(
    output: "Output",
    spec: "RunSpec",
    source: Path,
    folder: Path,
    text: str,
    threads: int,
    evaluators: Evaluators,
) -> None:
    """Evolves once for each seed, and writes the summary after each of them.

    Seeds that are finished are skipped, those that were started are continued.

    Args:
        output: Where to say what goes on.
        spec: The run file.
        source: Where it comes from.
        folder: The folder around the run folders.
        text: The seeds, such as "0-9".
        threads: Number of threads; 0 for all CPUs.
        evaluators: Makes the evaluator of each experiment.

    Raises:
        Interrupted: Ctrl-C; the same command continues.
    """
    from evoloco import seeds
    from evoloco.experiment import Experiment
    from evoloco.loop import Interrupted

    experiment = Experiment(spec)
    wanted, whole = seeds.parse(text), experiment.told
    specs = {seed: whole.model_copy(update={"seed": seed}) for seed in wanted}
    _check_folders(specs, folder)

    output.body(experiment.morphology.told)
    known, results = seeds.read(folder), []
    try:
        for number, seed in enumerate(wanted, 1):
            output.say(f"\nSeed {seed}, {number} of {len(wanted)}")
            result = _one_seed(output, specs[seed], source, folder, known, threads, evaluators)
            results.append(result)
            others = [known[other] for other in known if other not in wanted]
            seeds.write(folder, spec.name, sorted([*others, *results], key=lambda one: one.seed))
    except (Interrupted, KeyboardInterrupt):
        raise Interrupted(
            f"Interrupted at seed {wanted[len(results)]}; {len(results)} of {len(wanted)} seeds "
            "are finished, and everything recorded so far is safe. Continue with the same command."
        ) from None

    output.say(f"\n{seeds.table(results)}")
    output.say(f"Summary: {folder / seeds.FILE}, {folder / seeds.TABLE}")
    output.data("summary", {"folder": str(folder), **seeds.content(spec.name, results)})


def _check_folders(specs: "dict[int, RunSpec]", folder: Path) -> None:
    """Checks that the run folders that exist are of this run, before anything is evolved.

    Raises:
        SpecError: One of them is of another run.
    """
    from evoloco.seeds import check_same
    from evoloco.spec import read

    for seed, spec in specs.items():
        path = _place(folder, seed)
        if path.exists():
            check_same(spec, read(path / "run.toml"), path)


def _place(folder: Path, seed: int) -> Path:
    return folder / f"seed{seed}"


def _one_seed(
    output: "Output",
    spec: "RunSpec",
    source: Path,
    folder: Path,
    known: "dict[int, Result]",
    threads: int,
    evaluators: Evaluators,
) -> "Result":
    """Evolves one seed, or continues, or takes over what is finished."""
    from evoloco.cli.finishing import finish, judged
    from evoloco.replay import replay
    from evoloco.run import Run

    place, total = _place(folder, spec.seed), spec.optimizer.generations
    with output.doing("Compiling (only the first start takes more than a moment) ..."):
        run = Run(place) if place.exists() else Run.create(spec, place, source)

    with closing(run.journal):
        if not _is_finished(run, total):
            with evaluators(run.experiment) as evaluator:
                more = total if total != run.generations else 0
                done = finish(output, run, more, threads, evaluator)
            output.data("end", done.plain())
            return _result(run, done.verdicts)

        output.say(f"Finished already: {place}")
        result = known.get(spec.seed)
        if result is not None and _is_of(result, run):
            return result
        return _result(run, judged(replay(run).episodes))


def _is_finished(run: "Run", total: int) -> bool:
    """Returns whether the search has ended, and champion and report are made."""
    from evoloco.loop import ALL_GENERATIONS, INTERRUPTED

    reason = run.journal.note("stop_reason")
    searched = len(run.journal) >= total or reason not in (None, ALL_GENERATIONS, INTERRUPTED)
    made = all((run.folder / name).is_file() for name in ("champion.json", "report.html"))
    return searched and reason != INTERRUPTED and made


def _is_of(result: "Result", run: "Run") -> bool:
    """Returns whether a result in a summary is that of a run as it is now."""
    champion = run.read_champion()
    found = (champion["generation"], champion["individual"], len(run.journal))
    return found == (result.generation, result.individual, result.generations)


def _result(run: "Run", verdicts: "list[Verdict]") -> "Result":
    """Returns what a finished run came to, with verdicts on its champion's held-out episodes."""
    from evoloco.gait.verdict import tally
    from evoloco.json_number import finite
    from evoloco.seeds import Result

    champion = run.read_champion()
    heldout = champion["heldout"]
    distance = np.array(heldout["distance"], dtype=float)  # None becomes NaN
    speed = float(distance.sum() / np.sum(heldout["duration"]))
    seconds = sum(record.wall_time for record in run.journal.generations())
    return Result(
        seed=run.spec.seed,
        folder=run.folder.name,
        generations=len(run.journal),
        reason=str(run.journal.note("stop_reason")),
        generation=champion["generation"],
        individual=champion["individual"],
        search_fitness=finite(champion["search_fitness"]),
        heldout_fitness=finite(champion["heldout_fitness"]),
        speed=finite(speed),
        gait=tally(verdicts)[0][0],
        walks=sum(each.walks for each in verdicts),
        heldout_episodes=len(heldout["fitness"]),
        wall_time=seconds,
    )
