"""What a small XML file may ask for: a line of it can multiply a body by a billion."""

import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from evoloco.errors import ModelError

COPIES = 10_000
"""Most copies that `replicate`, `composite` and `flexcomp` may make of one element."""

CELLS = 10_000_000
"""Most cells of a height field."""


def check_sizes(path: Path, seen: frozenset[Path] = frozenset(), copies: float = 1.0) -> None:
    """Refuses a model that would fill the memory when it is compiled; included files count.

    A file that is no XML is left to MuJoCo, which says what is wrong with it.

    Raises:
        ModelError: An element would be copied too often, or a height field is too large.
    """
    made = [copies]
    try:
        for event, element in ElementTree.iterparse(path, events=("start", "end")):
            if event == "end":
                made.pop()
                element.clear()
                continue
            made.append(made[-1] * _product(element.get("count", "")))
            cells = _product(element.get("nrow", "")) * _product(element.get("ncol", ""))
            if made[-1] > COPIES or cells > CELLS:
                raise ModelError(
                    f"{path}: <{element.tag}> asks for {max(made[-1], cells):.3g} copies or cells; allowed are "
                    f"{COPIES} copies and {CELLS} cells of a height field."
                )
            included = path.parent / element.get("file", "")
            if element.tag == "include" and included.is_file() and included not in seen:
                check_sizes(included, seen | {path}, made[-1])
    except (ElementTree.ParseError, OSError, ValueError):
        return


def _product(text: str) -> float:
    """Product of the numbers in an attribute; 1 where there are none."""
    try:
        return math.prod(max(abs(float(word)), 1.0) for word in text.split())
    except ValueError:
        return 1.0
