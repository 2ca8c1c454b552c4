"""`evoloco replay`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evoloco.cli.arguments import Judged, TimeLimit

if TYPE_CHECKING:
    from evoloco.replay import Replay

EXAMPLES = (
    "evoloco replay runs/out/biped-seed0",
    "evoloco replay runs/out/biped-seed0 --individual 12:3 --video fall.mp4",
    "evoloco replay biped --video walk.mp4",
)


def replay(
    run: Judged,
    individual: Annotated[
        str, typer.Option(help="best (the champion on held-out scenarios) or GENERATION:INDEX.")
    ] = "best",
    video: Annotated[
        Path | None, typer.Option(help="Films the first episode, or the first that diverged.")
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(help="Writes the arrays of that episode, with MuJoCo's names, as .npz."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Writes its compiled body as .mjb, which MuJoCo's viewer opens."),
    ] = None,
    time_limit: TimeLimit = None,
) -> None:
    """Simulates any individual again and compares its fitness with the record, to the last bit."""
    from evoloco.gait.analysis import analyse
    from evoloco.gait.verdict import verdict
    from evoloco.record.files import ONCE_MORE, replacing
    from evoloco.replay import save_model, save_trace

    again = _simulated(run, individual, time_limit)
    _print_comparison(again)
    _print_endings(again)
    episode = again.shown
    found = verdict(analyse(episode))
    typer.echo(f"It {found.verb}: {found.why}.")

    if trace is not None:
        save_trace(episode, trace)
        typer.echo(f"Trace: {trace}")
    if model is not None:
        save_model(episode, model)
        typer.echo(f"Model: {model}")
    if video is not None:
        from evoloco.report.video import film

        with replacing(video, ONCE_MORE) as unfinished:
            film(episode, unfinished)
        typer.echo(f"Video: {video}")

    if again.is_recorded and not again.equal and not again.reasons:
        raise typer.Exit(1)


def _simulated(run: str, individual: str, time_limit: float | None) -> "Replay":
    """Simulates an individual of a run folder, or the published champion of a bundled run."""
    from evoloco.bundled import runs
    from evoloco.published import replay_published
    from evoloco.replay import replay as replay_individual
    from evoloco.run import Run

    if run in runs() and not Path(run).exists():
        return replay_published(run, individual, time_limit)
    return replay_individual(Run(Path(run), time_limit), individual)


def _print_endings(again: "Replay") -> None:
    """Prints how the episodes ended and why; episodes that ended alike share a line."""
    found: dict[str, list[int]] = {}
    for number, sentence in enumerate(again.endings):
        found.setdefault(sentence, []).append(number)

    for sentence, which in found.items():
        numbers = ", ".join(map(str, which))
        several = f" (episode{'s' if len(which) > 1 else ''} {numbers})"
        typer.echo(sentence + (several if len(again.episodes) > 1 else ""))


def _print_comparison(again: "Replay") -> None:
    """Prints whether a replay equals the record."""
    where = f"Individual {again.generation}:{again.individual}"
    mean = f"{again.fitness.mean():.6g}"
    if not again.is_recorded:
        typer.echo(f"{where}: fitness {mean}; its generation is not recorded yet.")
    elif again.equal:
        typer.echo(f"{where}: fitness {mean} equals the record to the last bit.")
    else:
        why = "; ".join(again.reasons) or "nothing known has changed: please report this"
        typer.echo(
            f"Warning: {where} gives fitness {again.fitness.tolist()}, "
            f"recorded is {again.recorded.tolist()} ({why}).",
            err=True,
        )
