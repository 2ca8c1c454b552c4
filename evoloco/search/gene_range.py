"""What a run file says of one gene: bounds, start and spread, each or none."""

import math
import re
import sys
from dataclasses import dataclass, replace
from typing import Any

from evoloco.genome import Gene

_NUMBER = r"[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?"
_FORM = re.compile(
    rf"(?P<start>{_NUMBER})?(?:~(?P<spread>{_NUMBER}))?"
    rf"(?:\s*+(?P<open>[<\[(])\s*+(?P<low>{_NUMBER})\s*+,\s*+(?P<high>{_NUMBER})\s*+(?P<close>[>\])]))?"
)
_BRACKETS = ("<>", "[]", "()")

ALLOWED = (
    "[low, high], or a start with what else is given of '1.6~0.15<-10,10>': start~spread<low,high>"
)


@dataclass(frozen=True)
class Range:
    """Bounds, start and spread of a gene; None for what stays as the gene has it.

    As text it is `start~spread<low,high>`, as SCONE writes a parameter. Two
    texts mean something else there: a number alone is a constant of SCONE's,
    and here a start; `~number` alone is a start of SCONE's, and refused here.

    Attributes:
        low: Value at 0 [the gene's unit].
        high: Value at 1, given where `low` is.
        start: Where a search begins.
        spread: Standard deviation of its first steps; only with a start.

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
        """The range that a run file gives as a list, a text or a number.

        Raises:
            ValueError: It is none.
        """
        if isinstance(given, Range):
            return given
        if (
            isinstance(given, list | tuple)
            and len(given) == 2
            and all(_is_number(bound) for bound in given)
        ):
            return cls(float(given[0]), float(given[1]))
        if _is_number(given):
            return cls(start=float(given))
        found = _FORM.fullmatch(given.strip()) if isinstance(given, str) else None
        if (
            found is None
            or (found["start"] is None and (found["low"] is None or found["spread"] is not None))
            or (found["low"] is not None and found["open"] + found["close"] not in _BRACKETS)
        ):
            raise ValueError(f"Must be {ALLOWED}")
        low, high, start, spread = (
            None if found[part] is None else float(found[part])
            for part in ("low", "high", "start", "spread")
        )
        if math.inf in (abs(number) for number in (low, high, start, spread) if number is not None):
            raise ValueError("Must be made of finite numbers")
        return cls(low, high, start, spread)

    def write(self) -> list[float] | str:
        """What `read` reads: a list where there are bounds only, else a text."""
        if self.start is None and self.low is not None and self.high is not None:
            return [self.low, self.high]
        spread = "" if self.spread is None else f"~{self.spread!r}"
        bounds = "" if self.low is None else f"<{self.low!r},{self.high!r}>"
        return f"{self.start!r}{spread}{bounds}"

    def of(self, gene: Gene) -> Gene:
        """The gene with this range.

        Raises:
            EvolocoError: They do not fit.
        """
        if self.low is not None and self.high is not None:
            gene = gene.between(self.low, self.high)
        if self.start is not None:
            gene = replace(gene, start=self.start)
        return gene if self.spread is None else replace(gene, spread=self.spread)


def _is_number(given: Any) -> bool:
    """Whether a value of a run file is a number that a float can be; a switch is none."""
    return (
        isinstance(given, int | float)
        and not isinstance(given, bool)
        and abs(given) <= sys.float_info.max
    )
