"""A robot as its logs show it: a body whose servos `evoloco identify` has fitted."""

from pathlib import Path

from evoloco.identify import body_file, ladder, subject
from evoloco.morphology import Morphology
from evoloco.spec import MorphologySpec


def build(path: str) -> Morphology:
    """The body of a file that `evoloco identify` wrote.

    It is the body that was believed to be there, with the servos that were found.

    Args:
        path: The file, relative to the run file.

    Raises:
        SpecError: There is no such file, or it is no fitted body.
    """
    fitted = body_file.read(Path(path))
    believed = subject.build(MorphologySpec(**fitted.morphology))
    return ladder.body(believed, fitted)
