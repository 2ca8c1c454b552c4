"""What can go wrong for a user, and the words that say so."""

import difflib
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class EvolocoError(Exception):
    """A fault that the user can mend; its message says what, where and how."""


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
        super().__init__(f"{place}Unknown {kind} '{name}'. Known: {', '.join(choices) or 'none'}.{hint}")


class SpecError(EvolocoError):
    """A run file, or an option in it, that cannot be used."""


class ModelError(EvolocoError):
    """A body whose model lacks what a run needs."""


class ControllerError(EvolocoError):
    """A controller that cannot be compiled or returns what MuJoCo cannot use."""


class JournalError(EvolocoError):
    """A run folder whose record is missing, damaged or of another run."""


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
