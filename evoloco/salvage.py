"""Keeps the intact generations of a damaged journal, so that its run can continue."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from evoloco import provenance
from evoloco.errors import JournalError, unwritten
from evoloco.experiment import Experiment
from evoloco.record import lock
from evoloco.record.journal import (
    FILE,
    Journal,
    asked_generations,
    events_before,
    intact_generations,
)
from evoloco.spec import read


def salvage(folder: Path) -> str:
    """Copies the generations before the first damage into a new journal; keeps the damaged file.

    The damaged file and its write-ahead log are copied first, and the new
    journal replaces them last. So a process killed at any moment can be
    started again.

    Args:
        folder: The run folder.

    Returns:
        One sentence that says what was done.

    Raises:
        JournalError: The folder is not a run.
        BusyError: Another process continues the run.
        StorageError: The folder cannot be written.
    """
    path = folder / FILE
    if not (folder / "run.toml").is_file() or not path.is_file():
        raise JournalError(f"{folder} is not a run: it has no run.toml or no {FILE}.")
    provenance.refuse_code(folder / "run.toml")
    spec = read(folder / "run.toml")
    experiment = Experiment(spec)

    try:
        with lock.held(folder):
            if _is_intact(path):
                return f"The journal {path} is intact: nothing to salvage."

            aside = _free(folder)
            for end in ("-wal", ""):
                with suppress(FileNotFoundError):
                    shutil.copyfile(f"{path}{end}", f"{aside}{end}")

            new = folder / "journal.salvaged.sqlite"
            new.unlink(missing_ok=True)  # left behind by a killed process
            journal = Journal.create(
                new, experiment.space.names, tuple(spec.fitness), experiment.several_objectives
            )
            for record in intact_generations(path):
                journal.append(record)
            kept = len(journal)
            for event in events_before(path, kept):
                journal.write_event(*event)
            if asked := asked_generations(path):
                journal.write_note("generations", asked)

            done = f"{kept} intact generations are kept; the damaged journal is {aside}."
            journal.write_event(kept, time.time(), f"Salvaged: {done}")
            journal.close()

            for end in ("-wal", "-shm"):
                Path(f"{path}{end}").unlink(missing_ok=True)
            os.replace(new, path)
    except OSError as error:
        raise unwritten(error, f"{folder} cannot be written: {error.strerror}.") from None

    return done


def _is_intact(path: Path) -> bool:
    """Returns whether every generation of a journal can be read."""
    try:
        journal = Journal(path)
    except JournalError:
        return False

    try:
        return all(record is not None for record in journal.generations())
    except JournalError:
        return False
    finally:
        journal.close()


def _free(folder: Path) -> Path:
    """Returns the first free name: journal.damaged.sqlite, journal.damaged-2.sqlite, ..."""
    path, number = folder / "journal.damaged.sqlite", 1
    while path.exists():
        number += 1
        path = folder / f"journal.damaged-{number}.sqlite"
    return path
