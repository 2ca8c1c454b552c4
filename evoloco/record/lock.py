"""One process at a time goes on with a run."""

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
    """Holds the lock of a run folder; the kernel releases it when the process dies, however that happens.

    Where a file system has no locks, nothing is locked; the journal then still
    refuses to record a generation twice.

    Raises:
        BusyError: Another process holds it; the message names that process.
        StorageError: The folder cannot be written.
    """
    path = folder / FILE
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise unwritten(
            error,
            f"{folder} cannot be written: {error.strerror}. Make it writable or copy it, then go on with: "
            f"evoloco resume {folder}",
        ) from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"{folder} is in use: {_holder(file)} goes on with it. Wait until it ends, or stop it."
            ) from None
        except OSError:
            pass  # no locks here
        with suppress(OSError):  # who holds it is only told
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()} on {platform.node()}".encode(), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(file, 0)
    finally:
        os.close(file)


def _holder(file: int) -> str:
    found = re.fullmatch(rb"(\d{1,10}) on ([\w.-]{1,64})", os.pread(file, 100, 0))
    return f"process {found[1].decode()} on {found[2].decode()}" if found else "another process"
