"""Only one process at a time continues a run."""

import fcntl
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evoloco.errors import BusyError, unwritten

FILE = "run.lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the lock of a run folder. The kernel releases the lock when the process ends.

    A file system without locks locks nothing; the journal then still refuses
    to record a generation twice.

    Raises:
        BusyError: Another process holds the lock; the message names that process.
        StorageError: The folder cannot be written.
    """
    path = folder / FILE
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise unwritten(
            error,
            f"{folder} cannot be written: {error.strerror}. Make it writable or copy it, then "
            f"continue with: evoloco resume {folder}",
        ) from None

    try:
        _acquire(file, folder)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(file, 0)
    finally:
        os.close(file)


def is_held(folder: Path) -> bool:
    """Returns whether another process continues a run. Writes nothing."""
    try:
        file = os.open(folder / FILE, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False  # no lock file, so nobody ever held it

    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # this file system has no locks
    finally:
        os.close(file)
    return False


def _acquire(file: int, folder: Path) -> None:
    """Locks an open lock file and writes this process into it.

    Raises:
        BusyError: Another process holds the lock.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError(
            f"{folder} is in use: {_holder(file)} continues this run. Wait until it ends, or "
            "stop it."
        ) from None
    except OSError:
        pass  # this file system has no locks

    # Only for the message above, so a failure does not matter.
    with suppress(OSError):
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()} on {platform.node()}".encode(), 0)


def _holder(file: int) -> str:
    """Returns the process that a lock file names, for messages."""
    found = re.fullmatch(rb"(\d{1,10}) on ([\w.-]{1,64})", os.pread(file, 100, 0))
    if found is None:
        return "another process"
    return f"process {found[1].decode()} on {found[2].decode()}"
