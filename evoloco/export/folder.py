"""A folder that is written completely or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evoloco.errors import unwritten
from evoloco.export.exported import ExportError


@contextmanager
def making(out: Path) -> Iterator[Path]:
    """Yields a temporary folder, which becomes `out` when the block ends without an exception.

    Raises:
        ExportError: `out` exists.
        StorageError: It cannot be written.
    """
    refuse_existing(out)
    unfinished = out.with_name(f"{out.name}.making")
    shutil.rmtree(unfinished, ignore_errors=True)  # left behind by a killed process
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        unfinished.rename(out)
    except OSError as error:
        raise unwritten(error, f"{out} cannot be written: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse_existing(out: Path) -> None:
    """Refuses to overwrite.

    Raises:
        ExportError: There is a file or folder already.
    """
    if out.exists():
        raise ExportError(f"{out} exists and is not overwritten: choose another with --out.")
