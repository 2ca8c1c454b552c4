"""What can go wrong for a user, and the words that say so."""

import difflib
import errno
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class EvolocoError(Exception):
    """A fault that the user can mend; its message says what, where and how.

    Attributes:
        code: What the command line ends with; docs/faults.md lists the codes.
    """

    code = 2


class UnknownNameError(EvolocoError):
    """A name that does not exist, told together with the names that do.

    Args:
        kind: What the name should have been, such as "joint".
        name: What came.
        known: The valid names.
        where: Where it came from, such as a run file and key.
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
    """A body whose model lacks what a run needs."""


class ControllerError(EvolocoError):
    """A controller that cannot be compiled or returns what MuJoCo cannot use."""


class JournalError(EvolocoError):
    """A run folder whose record is missing, damaged or of another run."""


class StorageError(EvolocoError):
    """A file that cannot be written: no room, no permission. What is recorded already is whole."""

    code = 3


class BusyError(EvolocoError):
    """A run that another process goes on with."""

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
"""Error numbers of the operating system that mean a wrong path, which is a mistake of whoever wrote it."""


def unwritten(error: OSError, message: str) -> EvolocoError:
    """What to raise for a file that cannot be written: a mistake in its path, or a fault of the place."""
    return (SpecError if error.errno in MISPLACED else StorageError)(message)


@contextmanager
def told_from(place: object) -> Iterator[None]:
    """Puts a place, such as the path of a run file, before the message of what goes wrong in its block."""
    try:
        yield
    except EvolocoError as error:
        error.args = (f"{place}: {error}",)
        raise


@contextmanager
def blamed(who: str) -> Iterator[None]:
    """Says whose own code failed in its block, and on which line, such as "measure 'mine'".

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
            f"{who} failed with {type(error).__name__}: {error} ({line.filename}, line {line.lineno})."
        ) from error
