"""Numbers for JSON, which knows neither infinities nor NaN."""

import math
from typing import Any


def finite(value: Any) -> Any:
    """Returns a value for JSON: infinite numbers and NaN become None, in a list too."""
    if isinstance(value, list):
        return [finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
