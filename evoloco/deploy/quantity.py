"""Numbers of a robot's file, which are texts with a unit, such as "90 deg"."""

import math
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator

from evoloco.robot_log import UNITS


def parse(of: str, text: Any) -> float:
    """A number in the first unit that `robot_log.UNITS` has for a quantity.

    Args:
        of: Key of `robot_log.UNITS`, such as "position".
        text: A number, a space and a unit, such as "90 deg".

    Raises:
        ValueError: It is not a text, or has no finite number or no known unit.
    """
    units = UNITS[of]
    example = f"such as '1.5 {next(iter(units))}'"
    if not isinstance(text, str):
        raise ValueError(f"It must be a text with a number and its unit, {example}")

    number, _, unit = text.strip().partition(" ")
    if unit not in units:
        raise ValueError(f"The unit '{unit}' is unknown. Known: {', '.join(units)}")
    try:
        value = float(number) * units[unit]
    except ValueError:
        raise ValueError(
            f"'{number}' is no number. Write a number and its unit, {example}"
        ) from None
    if not math.isfinite(value):
        raise ValueError("The number must be finite")
    return value


Time = Annotated[float, BeforeValidator(partial(parse, "time"))]
Angle = Annotated[float, BeforeValidator(partial(parse, "position"))]
Speed = Annotated[float, BeforeValidator(partial(parse, "velocity"))]
Current = Annotated[float, BeforeValidator(partial(parse, "current"))]
Temperature = Annotated[float, BeforeValidator(partial(parse, "temperature"))]
Voltage = Annotated[float, BeforeValidator(partial(parse, "voltage"))]
Acceleration = Annotated[float, BeforeValidator(partial(parse, "acceleration"))]
Load = Annotated[float, BeforeValidator(partial(parse, "load"))]
