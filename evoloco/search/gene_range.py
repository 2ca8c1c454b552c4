"""What a run file says about one gene: bounds, start and spread, all optional."""

import math
import re
import sys
from dataclasses import dataclass, replace
from typing import Any

from evoloco.genome import Gene

_NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?"
_START = rf"(?P<start>{_NUMBER})?(?:~(?P<spread>{_NUMBER}))?"
_BOUNDS = (
    rf"(?P<open>[<\[(])\s*+(?P<low>{_NUMBER})\s*+,\s*+(?P<high>{_NUMBER})\s*+(?P<close>[>\])])"
)
_FORM = re.compile(rf"{_START}(?:\s*+{_BOUNDS})?")
_BRACKETS = ("<>", "[]", "()")

ALLOWED = (
    "[low, high], or a start, with spread and bounds if wanted: start~spread<low,high>, "
    "such as '1.6~0.15<-10,10>'"
)


@dataclass(frozen=True)
class Range:
    """Bounds, start and spread of a gene. None keeps the gene's own value.

    As text it is `start~spread<low,high>`, as SCONE writes a parameter. Two
    texts have another meaning in SCONE: a number alone is a constant there
    and a start here; `~number` alone is a start there and an error here.

    Attributes:
        low: Value at 0 [the gene's unit].
        high: Value at 1; given if and only if `low` is.
        start: Initial mean of the search distribution.
        spread: Initial standard deviation; only together with a start.

    References:
        Geijtenbeek, 2019, SCONE: open source software for predictive
        simulation of biological motion, doi:10.21105/joss.01421.
    """

    low: float | None = None
    high: float | None = None
    start: float | None = None
    spread: float | None = None

    @classmethod
    def read(cls, given: Any) -> "Range":
        """Returns the range that a run file gives as a list, a text or a number.

        Raises:
            ValueError: The value is not a range.
        """
        if isinstance(given, Range):
            return given
        if _is_pair(given):
            return cls(float(given[0]), float(given[1]))
        if _is_number(given):
            return cls(start=float(given))

        found = _FORM.fullmatch(given.strip()) if isinstance(given, str) else None
        if found is None or not _is_allowed(found):
            raise ValueError(f"Must be {ALLOWED}")

        low, high, start, spread = (
            None if found[part] is None else float(found[part])
            for part in ("low", "high", "start", "spread")
        )
        if math.inf in (abs(number) for number in (low, high, start, spread) if number is not None):
            raise ValueError("Must be made of finite numbers")
        return cls(low, high, start, spread)

    def write(self) -> list[float] | str:
        """Returns what `read` reads: a list if there are only bounds, or else a text."""
        if self.start is None and self.low is not None and self.high is not None:
            return [self.low, self.high]

        spread = "" if self.spread is None else f"~{self.spread!r}"
        bounds = "" if self.low is None else f"<{self.low!r},{self.high!r}>"
        return f"{self.start!r}{spread}{bounds}"

    def of(self, gene: Gene) -> Gene:
        """Returns the gene with this range.

        Raises:
            EvolocoError: The range does not fit the gene.
        """
        if self.low is not None and self.high is not None:
            gene = gene.between(self.low, self.high)
        if self.start is not None:
            gene = replace(gene, start=self.start)
        return gene if self.spread is None else replace(gene, spread=self.spread)


def _is_pair(given: Any) -> bool:
    """Returns whether a value of a run file is a list of two numbers."""
    if not isinstance(given, list | tuple) or len(given) != 2:
        return False
    return all(_is_number(bound) for bound in given)


def _is_number(given: Any) -> bool:
    """Returns whether a value of a run file is a number that a float can hold; a bool is not."""
    if not isinstance(given, int | float) or isinstance(given, bool):
        return False
    return abs(given) <= sys.float_info.max


def _is_allowed(found: re.Match[str]) -> bool:
    """Returns whether a text of the right form has a start or bounds, and matching brackets."""
    bounded = found["low"] is not None
    if found["start"] is None and (not bounded or found["spread"] is not None):
        return False
    return not bounded or found["open"] + found["close"] in _BRACKETS
