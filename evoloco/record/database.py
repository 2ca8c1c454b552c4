"""Opens SQLite files: those in folders that cannot be written, and damaged ones, as copies."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

UNREADABLE = (sqlite3.Error, ValueError, TypeError, OverflowError, IndexError)
"""Exceptions that reading a damaged file may raise."""

_STORAGE_ERRORS = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
)
"""SQLite error codes that concern the disk or the folder, not the content of the file."""


def opened(path: Path) -> sqlite3.Connection:
    """Returns a connection to the file, or to a copy in memory if its folder is read-only.

    SQLite writes temporary files beside the file that it reads.
    """
    if os.access(path.parent, os.W_OK):
        return sqlite3.connect(path, isolation_level=None)

    memory = sqlite3.connect(":memory:", isolation_level=None)
    with copied(path) as database:
        database.backup(memory)
    memory.execute("PRAGMA query_only = ON")
    return memory


@contextmanager
def copied(path: Path) -> Iterator[sqlite3.Connection]:
    """Yields a connection to a temporary copy of a file and its write-ahead log."""
    with TemporaryDirectory() as folder:
        for name in (path.name, f"{path.name}-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(path.with_name(name), Path(folder) / name)

        with closing(sqlite3.connect(Path(folder) / path.name, isolation_level=None)) as database:
            yield database


def is_storage_error(error: Exception) -> bool:
    """Returns whether an error concerns the disk or the folder, not the content of the file."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _STORAGE_ERRORS  # the low byte is the kind
