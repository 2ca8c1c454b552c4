"""Numbers and names as a reader of the page sees them."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

NOISE = 1e-9
"""Deviation that is one of rounding only [of the mean]."""

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


def number(value: float | None) -> str:
    """Returns a number with three digits, or a dash for None and NaN."""
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.3g}"
    return text.replace("-", MINUS)


def measured(mean: float, deviation: float) -> tuple[str, str]:
    """Returns a mean and its standard deviation, both as precise as two digits of the latter."""
    if not (math.isfinite(mean) and math.isfinite(deviation)):
        return number(mean), ""
    if deviation <= NOISE * abs(mean) or deviation == 0:
        return number(mean), "0"

    places = 1 - math.floor(math.log10(deviation))
    if places < 0 or abs(mean) >= 1e6:
        return number(mean), number(deviation)
    return f"{mean:.{places}f}".replace("-", MINUS), f"{deviation:.{places}f}"


def finite(value: float | None) -> bool:
    """Whether a value is a number, and no infinity."""
    return value is not None and math.isfinite(value)


def words(name: str) -> str:
    """Returns a name as words."""
    return name.replace("_", " ")


def moment(unix: float) -> str:
    """Returns a Unix time [s] as date and time, or a dash if it is not a valid time."""
    try:
        return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return DASH


def flat(value: Any) -> str:
    """Returns a value as text; a mapping as a list of its entries."""
    if isinstance(value, Mapping):
        entries = [f"{key} {flat(entry)}" for key, entry in value.items()]
        return ", ".join(entries) or "none"
    return str(value) or "none"


def room(labels: Sequence[str]) -> float:
    """Returns the width of labels in letters of 12 px [px]."""
    return 16 + 7 * max(len(label) for label in labels)


def counted(count: int, noun: str) -> str:
    """Returns a number of things, such as "1 stride" or "3 strides"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
