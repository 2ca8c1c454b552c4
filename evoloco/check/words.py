"""Shares and their intervals as a reader sees them."""

from evoloco.check.intervals import CONFIDENCE
from evoloco.check.result import Tally


def interval(tally: Tally) -> str:
    """Returns the interval of a share of falls with its confidence: "95 %: 0 to 3.6 %"."""
    return f"{100 * CONFIDENCE:.0f} %: {span(tally)}"


def span(tally: Tally) -> str:
    """Returns the interval of a share of falls, such as "0 to 3.6 %"."""
    low = percent(tally.low).removesuffix(" %")
    return f"{low} to {percent(tally.high)}"


def percent(share: float) -> str:
    """Returns a share as a percentage with two digits, from 100 % on whole."""
    number = 100 * share
    return f"{number:.0f} %" if abs(number) >= 10 else f"{number:.2g} %"
