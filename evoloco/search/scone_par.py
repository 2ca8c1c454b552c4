"""Parameter files (`.par`) as SCONE writes and reads them."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from evoloco.errors import SpecError


class Line(NamedTuple):
    """One parameter of a search.

    Attributes:
        name: Without spaces.
        best: Value of the best individual [its unit].
        mean: Of the search's distribution.
        spread: Standard deviation of that distribution.
    """

    name: str
    best: float
    mean: float
    spread: float


def read(path: Path) -> list[Line]:
    """The lines of a parameter file: name, best, mean and standard deviation, apart by spaces or tabs.

    A standard deviation of 0 is refused: SCONE then locks the parameter at
    its best value, for which a run file has `controller.fixed`.

    Raises:
        SpecError: The file is missing or holds something else.

    References:
        Geijtenbeek, `search_point` and `objective_info` of spot, the optimizers of SCONE,
        https://github.com/tgeijten/spot.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(f"No parameter file {path}.") from None
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise SpecError(f"{path} is no parameter file: it is no text.") from None
    lines: dict[str, Line] = {}
    for number, row in enumerate(text.split("\n"), start=1):
        if not (parts := row.split()):
            continue
        line = _line(parts)
        where = f"{path}, line {number}"
        if line is None:
            raise SpecError(
                f"{where}: must be name, best, mean and standard deviation, not {row[:80]!r}."
            )
        if line.spread == 0:
            raise SpecError(
                f"{where}: '{line.name}' has standard deviation 0, which locks it. Take the line out, and hold the "
                f"gene in the run file with: [controller.fixed] '{line.name}' = {line.best!r}"
            )
        if line.name in lines:
            raise SpecError(f"{where}: '{line.name}' stands there twice.")
        lines[line.name] = line
    if not lines:
        raise SpecError(f"{path} is no parameter file: it is empty.")
    return list(lines.values())


def _line(parts: list[str]) -> Line | None:
    """The parameter that a line's words tell; None where they tell none."""
    if len(parts) != 4:
        return None
    try:
        best, mean, spread = (float(part) for part in parts[1:])
    except ValueError:
        return None
    return (
        Line(parts[0], best, mean, spread)
        if math.isfinite(best + mean + spread) and spread >= 0
        else None
    )


def dumps(lines: Iterable[Line]) -> str:
    """A parameter file's text, with every digit.

    Raises:
        SpecError: A name has spaces, which the format cannot hold.
    """
    lines = list(lines)
    width = max((len(line.name) for line in lines), default=0)
    for line in lines:
        if len(line.name.split()) != 1 or '"' in line.name:
            raise SpecError(
                f"A parameter file cannot hold the name {line.name!r}: it has spaces or quotes."
            )
    return "".join(
        f"{name:{width}}\t{best!r}\t{mean!r}\t{spread!r}\t\n" for name, best, mean, spread in lines
    )
