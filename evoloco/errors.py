"""Errors that a user can fix, and their messages."""

import difflib
import errno
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class EvolocoError(Exception):
    """An error that the user can fix. Its message says what is wrong, where, and what to do.

    Attributes:
        code: Exit code of the command line; docs/faults.md lists the codes.
    """

    code = 2


class UnknownNameError(EvolocoError):
    """A name that does not exist. The message lists the names that do.

    Args:
        kind: What the name should stand for, such as "joint".
        name: The unknown name.
        known: The valid names.
        where: Where the name was found, such as a run file and key.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        choices = sorted(known)
        close = difflib.get_close_matches(name, choices, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        place = f"{where}: " if where else ""
        super().__init__(
            f"{place}Unknown {kind} '{name}'. Known: {', '.join(choices) or 'none'}.{hint}"
        )


class SpecError(EvolocoError):
    """A run file, or an option in it, that cannot be used."""


class ModelError(EvolocoError):
    """A morphology whose model lacks something that a run needs."""


class ControllerError(EvolocoError):
    """A controller that cannot be compiled, or whose output MuJoCo cannot use."""


class JournalError(EvolocoError):
    """A run folder whose record is missing, damaged or belongs to another run."""


class StorageError(EvolocoError):
    """A file that cannot be written: no space, no permission. What is recorded already is safe."""

    code = 3


class BusyError(EvolocoError):
    """A run that another process continues at the moment."""

    code = 4


class TimeLimitError(EvolocoError):
    """An episode that takes longer than `evaluation.time_limit`."""

    code = 5


MISPLACED = (
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
    errno.EINVAL,
)
"""Error numbers of the operating system that mean a wrong path, which is the user's mistake."""


def unwritten(error: OSError, message: str) -> EvolocoError:
    """Returns the error for a file that cannot be written: wrong path, or a fault of the disk."""
    kind = SpecError if error.errno in MISPLACED else StorageError
    return kind(message)


@contextmanager
def error_context(place: object) -> Iterator[None]:
    """Puts a place, such as the path of a run file, before the message of an error in the block."""
    try:
        yield
    except EvolocoError as error:
        error.args = (f"{place}: {error}",)
        raise


@contextmanager
def user_code(who: str) -> Iterator[None]:
    """Turns an exception of the user's code into an error that names the code and its line.

    Args:
        who: What runs in the block, such as "measure 'mine'".

    Raises:
        SpecError: The block raised anything but an `EvolocoError`.
    """
    try:
        yield
    except EvolocoError:
        raise
    except Exception as error:
        line = traceback.extract_tb(error.__traceback__)[-1]
        raise SpecError(
            f"{who} failed with {type(error).__name__}: {error} "
            f"({line.filename}, line {line.lineno})."
        ) from error
