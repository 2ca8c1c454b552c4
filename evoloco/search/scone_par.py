"""Parameter files (`.par`) as SCONE writes and reads them."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from evoloco import text_file
from evoloco.errors import SpecError


class Line(NamedTuple):
    """One parameter of a search.

    Attributes:
        name: Name without spaces.
        best: Value of the best individual [its unit].
        mean: Mean of the search distribution.
        spread: Standard deviation of the search distribution.
    """

    name: str
    best: float
    mean: float
    spread: float


def read(path: Path) -> list[Line]:
    """Reads a parameter file.

    Each line has name, best, mean and standard deviation, separated by spaces
    or tabs. A standard deviation of 0 is refused: in SCONE it locks the
    parameter at its best value, and a run file has `controller.fixed` for that.

    Raises:
        SpecError: The file is missing or not a parameter file.

    References:
        Geijtenbeek, `search_point` and `objective_info` of spot, the optimizers of SCONE,
        https://github.com/tgeijten/spot.
    """
    lines: dict[str, Line] = {}
    for number, row in enumerate(_text(path).split("\n"), start=1):
        words = row.split()
        if not words:
            continue

        line = _line(words)
        where = f"{path}, line {number}"
        if line is None:
            raise SpecError(
                f"{where}: must be name, best, mean and standard deviation, not {row[:80]!r}."
            )
        if line.spread == 0:
            raise SpecError(
                f"{where}: '{line.name}' has standard deviation 0, which locks it. Remove the "
                "line, and fix the gene in the run file with: "
                f"[controller.fixed] '{line.name}' = {line.best!r}"
            )
        if line.name in lines:
            raise SpecError(f"{where}: '{line.name}' is there twice. Remove one of the lines.")
        lines[line.name] = line

    if not lines:
        raise SpecError(f"{path} is not a parameter file: it is empty.")
    return list(lines.values())


def _text(path: Path) -> str:
    """Returns the text of a parameter file.

    Raises:
        SpecError: The file is missing, cannot be read or is not a text file.
    """
    try:
        return text_file.read(path)
    except FileNotFoundError:
        raise SpecError(f"No parameter file {path}.") from None
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise SpecError(f"{path} is not a parameter file: it is not text.") from None


def _line(words: list[str]) -> Line | None:
    """Returns the parameter that the words of a line describe, or None if they do not."""
    if len(words) != 4:
        return None
    try:
        best, mean, spread = (float(word) for word in words[1:])
    except ValueError:
        return None

    valid = math.isfinite(best + mean + spread) and spread >= 0
    return Line(words[0], best, mean, spread) if valid else None


def dumps(lines: Iterable[Line]) -> str:
    """Returns the text of a parameter file, with all digits.

    Raises:
        SpecError: A name has spaces or quotes, which the format cannot hold.
    """
    lines = list(lines)
    for line in lines:
        if len(line.name.split()) != 1 or '"' in line.name:
            raise SpecError(
                f"A parameter file cannot hold the name {line.name!r}: it has spaces or quotes."
            )

    width = max((len(line.name) for line in lines), default=0)
    return "".join(
        f"{name:{width}}\t{best!r}\t{mean!r}\t{spread!r}\t\n" for name, best, mean, spread in lines
    )
