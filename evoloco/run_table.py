"""Run folders as a table."""

import datetime
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from evoloco import champion
from evoloco.errors import EvolocoError, JournalError
from evoloco.loop import INTERRUPTED
from evoloco.record import lock
from evoloco.record.journal import FILE, Journal
from evoloco.spec import read
from evoloco.text_table import aligned

HEADER = ("folder", "run", "seed", "generations", "best", "held-out", "completed", "state", "date")


class Row(NamedTuple):
    """One run folder.

    Attributes:
        folder: Its name.
        run: Name of the run.
        seed: Its seed.
        generations: Number of recorded generations.
        total: Number of generations that were asked for.
        best: Largest fitness in the search; None if nothing is recorded.
        heldout: Fitness of the champion in the held-out scenarios; None if there is no champion.
        completed: Held-out scenarios that the champion completed.
        episodes: Number of held-out scenarios.
        state: "finished", "running", "interrupted", "stopped" without a word, or what is wrong.
        date: When the journal was written last.
    """

    folder: str
    run: str
    seed: int
    generations: int
    total: int
    best: float | None
    heldout: float | None
    completed: int
    episodes: int
    state: str
    date: datetime.datetime


def table(folder: Path) -> str:
    """Returns the run folders in a folder as a table, or the folder itself if it is one."""
    own = folder / "run.toml"
    found = [path.parent for path in ([own] if own.is_file() else folder.glob("*/run.toml"))]
    if not found:
        return f"{folder} holds no run folders."
    return aligned(HEADER, [_cells(path) for path in sorted(found)])


def _cells(folder: Path) -> tuple[str, ...]:
    """Returns the cells of a run folder; a folder that cannot be read says why in its state."""
    try:
        row = read_row(folder)
    except EvolocoError as error:
        kind = "damaged" if isinstance(error, JournalError) else "not readable"
        return (folder.name, *[""] * (len(HEADER) - 3), kind, "")

    return (
        row.folder,
        row.run,
        str(row.seed),
        f"{row.generations}/{row.total}",
        _shown(row.best),
        _shown(row.heldout),
        f"{row.completed}/{row.episodes}" if row.episodes else "",
        row.state,
        f"{row.date:%Y-%m-%d %H:%M}",
    )


def read_row(folder: Path) -> Row:
    """Reads what a table says about a run folder. Nothing in it is executed or written.

    Raises:
        EvolocoError: The run file or the journal cannot be read.
    """
    spec = read(folder / "run.toml")
    with closing(Journal(folder / FILE)) as journal:
        done, best = len(journal), journal.best_fitness()
        planned = spec.training.judgements if spec.training else spec.optimizer.generations
        total = int(journal.note("generations") or planned)
        reason = journal.note("stop_reason")

    heldout, completed, episodes = _heldout(folder)
    written = (folder / FILE).stat().st_mtime
    return Row(
        folder=folder.name,
        run=spec.name,
        seed=spec.seed,
        generations=done,
        total=total,
        best=best,
        heldout=heldout,
        completed=completed,
        episodes=episodes,
        state=_state(folder, reason, has_champion=heldout is not None),
        date=datetime.datetime.fromtimestamp(written),
    )


def _state(folder: Path, reason: object, has_champion: bool) -> str:
    """Returns what has become of a run."""
    if lock.is_held(folder):
        return "running"
    if reason is None:
        return "stopped"
    if reason == INTERRUPTED:
        return INTERRUPTED
    return "finished" if has_champion else "no champion"


def _heldout(folder: Path) -> tuple[float | None, int, int]:
    """Returns held-out fitness, completed episodes and episodes of the champion, if any."""
    with suppress(EvolocoError):
        found = champion.read(folder / champion.FILE)
        outcomes = list(found["heldout"].get("outcome") or [])
        return found["heldout_fitness"], outcomes.count("completed"), len(outcomes)
    return None, 0, 0


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
