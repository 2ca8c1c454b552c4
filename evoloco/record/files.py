"""Files that are written completely or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evoloco.errors import unwritten

ONCE_MORE = "give the command once more."
"""What to do when a file that the user asked for can be written."""


@contextmanager
def replacing(path: Path, then: str = "") -> Iterator[Path]:
    """Yields a temporary path; its file replaces `path` when the block ends without an exception.

    Readers see either the old content or the new content, never a part of it.

    Args:
        path: The file.
        then: What to do when the file can be written, for the message; by default to resume the
            run whose folder the file is in.

    Raises:
        StorageError: No space left, or no permission. The old content stays.
    """
    unfinished = path.with_name(f"{path.stem}.tmp{path.suffix}")

    try:
        # What a killed process left behind, or a link to another place.
        unfinished.unlink(missing_ok=True)
        yield unfinished

        # Another process that writes the same file may have moved it already.
        with suppress(FileNotFoundError):
            os.replace(unfinished, path)
    except OSError as error:
        raise unwritten(
            error,
            f"{path} cannot be written: {error.strerror or error}. Everything recorded so far is "
            "safe. Free some space or fix the permissions, then "
            + (then or f"continue with: evoloco resume {path.parent}"),
        ) from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def write(path: Path, text: str, then: str = "") -> None:
    """Writes a text file completely or not at all; for the arguments see `replacing`.

    Raises:
        StorageError: No space left, or no permission. The old content stays.
    """
    with replacing(path, then) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
