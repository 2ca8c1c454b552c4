"""Files that are written wholly or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evoloco.errors import unwritten


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place for the new content of a file, which takes the file's place when the block ends well.

    Whoever reads the file finds the old content or the new one, never a part.

    Raises:
        StorageError: There is no room or no permission; the old content stays.
    """
    unfinished = path.with_name(f"{path.stem}.tmp{path.suffix}")
    try:
        unfinished.unlink(
            missing_ok=True
        )  # of a process that was killed here, or a link to somewhere else
        yield unfinished
        with suppress(FileNotFoundError):  # another process writes the same, and was faster
            os.replace(unfinished, path)
    except OSError as error:
        raise unwritten(
            error,
            f"{path} cannot be written: {error.strerror or error}. Nothing recorded is lost. Make room or mend the "
            f"place, then go on with: evoloco resume {path.parent}",
        ) from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Writes a text file wholly or not at all.

    Raises:
        StorageError: There is no room or no permission; the old content stays.
    """
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
