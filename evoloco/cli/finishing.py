"""What `evolve` and `resume` do with a run: search, champion, verdict, report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evoloco.cli.reporting import make_report

if TYPE_CHECKING:
    from evoloco.champion import Choice
    from evoloco.cli.output import Output
    from evoloco.episode import Episode
    from evoloco.evaluation import Evaluator
    from evoloco.gait.verdict import Verdict
    from evoloco.record.journal import Generation
    from evoloco.run import Run


@dataclass(frozen=True)
class Finish:
    """What a finished run came to.

    Attributes:
        run: The run.
        reason: Why the search stopped.
        champion: Its champion.
        verdicts: On its held-out episodes.
        report: Path of the report.
    """

    run: "Run"
    reason: str
    champion: "Choice"
    verdicts: "list[Verdict]"
    report: Path

    @property
    def verdict(self) -> str:
        """One sentence about the champion's gait."""
        from evoloco.gait.verdict import summary

        return summary(self.verdicts, self.run.experiment.heldout_duration)

    @property
    def goes(self) -> bool:
        """Whether the champion walks, runs or hops in any scenario."""
        from evoloco.gait.verdict import Manner

        gaits = {Manner.WALKING, Manner.RUNNING, Manner.HOPPING, Manner.ALTERNATING}
        return any(each.manner in gaits for each in self.verdicts)

    def plain(self) -> dict[str, Any]:
        """Returns the result for JSON."""
        from evoloco.json_number import finite

        run, champion, folder = self.run, self.champion, self.run.folder
        film = folder / "champion.mp4"
        return {
            "run": run.spec.name,
            "seed": run.spec.seed,
            "folder": str(folder),
            "generations": len(run.journal),
            "reason": self.reason,
            "remarks": run.remarks,
            "champion": {
                "generation": champion.generation,
                "individual": champion.individual,
                "search_fitness": finite(champion.search_fitness),
                "elite_fitness": finite(champion.elite_fitness),
                "heldout_fitness": finite(champion.heldout_fitness),
            },
            "walks": sum(each.walks for each in self.verdicts),
            "heldout_episodes": run.spec.evaluation.heldout_episodes,
            "verdict": self.verdict,
            "report": str(self.report),
            "film": str(film) if film.is_file() else None,
        }


def carry_on(
    output: "Output",
    run: "Run",
    generations: int,
    threads: int,
    evaluator: "Evaluator | None",
    workers: int = 0,
) -> None:
    """Runs a search to its end with a display, writes the report, and says what to do next.

    For the arguments see `finish`.

    Raises:
        Interrupted: Ctrl-C; the message says how to continue.
    """
    from evoloco.loop import Interrupted

    try:
        done = finish(output, run, generations, threads, evaluator, workers)
    except KeyboardInterrupt:
        raise Interrupted(
            "Interrupted; everything recorded so far is safe. "
            f"Continue with: evoloco resume {run.folder}"
        ) from None

    output.data("end", done.plain())
    for line in _next_steps(done):
        output.say(line)


def finish(
    output: "Output",
    run: "Run",
    generations: int,
    threads: int,
    evaluator: "Evaluator | None",
    workers: int = 0,
) -> Finish:
    """Runs a search to its end with a display, chooses the champion and writes the report.

    Args:
        output: Where to say what goes on.
        run: The run.
        generations: Total number of generations; 0 for `run.generations`.
        threads: Number of threads; 0 for all CPUs.
        evaluator: Evaluator of the run; the local one if None.
        workers: Workers on Ray that compute gradients of a training; none where 0.
    """
    from evoloco.replay import replay
    from evoloco.search_on import search_on

    _warn_of_differences(output, run)
    total = generations or run.generations
    evaluator = evaluator or run.local(threads)
    with output.display(run, total, evaluator) as display:

        def show(record: "Generation") -> None:
            if record.generation == 0:
                for event in record.evaluation.events:
                    output.warn(event.what)
            display.show(record)

        reason = search_on(run, generations, evaluator, show, threads, workers)

    for event in run.search_events:
        output.say(f"Search: {event}.")
    output.say(f"Stopped because {reason}.")
    for remark in run.remarks:
        output.warn(remark)

    rule = run.spec.evaluation
    with output.doing(
        f"Choosing the champion in {rule.heldout_episodes} fresh scenarios ...", logged=True
    ):
        champion = run.choose_champion(threads)
        again = replay(run)
        verdicts = judged(again.episodes)
    output.say(
        f"Champion {champion.generation}:{champion.individual}: "
        f"fitness {champion.search_fitness:.4g} in the search, "
        f"{champion.heldout_fitness:.4g} on {rule.heldout_episodes} held-out scenarios."
    )
    done = Finish(run, reason, champion, verdicts, run.folder / "report.html")
    output.say(done.verdict)
    if run.spec.training:
        from evoloco.rl.champion import write_policy

        output.say(f"Policy: {write_policy(run)}")

    make_report(output, run, again)
    return done


def judged(episodes: "Sequence[Episode]") -> "list[Verdict]":
    """Returns the verdicts on a champion's held-out episodes."""
    from evoloco.gait.analysis import analyse
    from evoloco.gait.verdict import verdict

    return [verdict(analyse(episode)) for episode in episodes]


def _next_steps(done: Finish) -> list[str]:
    """Returns commands that a user may want next, each with its purpose."""
    run, folder = done.run, done.run.folder
    more = 2 * max(len(run.journal), run.generations)
    steps = {
        f"evoloco replay {folder} --video walk.mp4": "film the champion",
        f"evoloco check {folder}": "see whether it survives other worlds",
        f"evoloco resume {folder} --generations {more}": "search on",
        f"evoloco list runs {folder.parent}": "compare with other runs",
    }
    if not done.goes:
        begin = "train" if run.spec.training else "evolve"
        steps = {
            f"evoloco resume {folder} --generations {more}": "search on",
            f"evoloco {begin} {folder}/run.toml --seed {run.spec.seed + 1}": "try another seed",
            f"evoloco replay {folder} --video fall.mp4": "see what it does",
        }
    width = max(map(len, steps))
    return ["Next:", *(f"  {command:{width}}  # {why}" for command, why in steps.items())]


def _warn_of_differences(output: "Output", run: "Run") -> None:
    """Warns if the rest of a run may differ in the last bits from what its start would give."""
    from evoloco import provenance

    if not len(run.journal):
        return
    differences = provenance.differences(run.provenance, provenance.collect(run.experiment))
    if differences:
        output.warn(f"what follows may differ in the last bits ({'; '.join(differences)}).")
