"""The table of gait numbers: each with its deviation over strides, its unit and its meaning."""

import math
from typing import NamedTuple

from evoloco.episode import Episode
from evoloco.gait.analysis import Gait, rows
from evoloco.gait.strides import Spread, spread, stride_values

NAMES = {
    "froude": "Froude number",
    "mechanical_cost": "mechanical cost of transport",
    "electrical_cost": "electrical cost of transport",
    "effort": "metabolic cost of transport",
}
"""Quantities that the page calls otherwise: three costs that must not be taken for each other."""

STEPS = {
    "step_length": "way from one footfall to the next, along the stride",
    "step_width": "distance of a footfall from the line between those of the other foot",
}
"""What strides tell beside the quantities of `Gait` [m]."""


class Quantity(NamedTuple):
    """One line of the table.

    Attributes:
        name: Its name.
        value: Its value [unit]; the mean if it has a deviation.
        deviation: Standard deviation over strides or steps [unit]; NaN if it has none.
        samples: Number of strides or steps.
        unit: Its unit.
        meaning: What it is.
    """

    name: str
    value: float
    deviation: float
    samples: int
    unit: str
    meaning: str


def quantities(episode: Episode, gait: Gait) -> list[Quantity]:
    """Returns all numbers of a gait, in the order of the table."""
    over = {name: spread(values) for name, values in stride_values(episode, gait).items()}
    table = []
    for name, value, unit, meaning in rows(gait):
        found = over.get(name, Spread(math.nan, math.nan, 0))
        shown = NAMES.get(name, name)
        table.append(Quantity(shown, value, found.deviation, found.samples, unit, meaning))
        if name == "stride_length":
            table += [
                Quantity(step, *over[step], "m", what)
                for step, what in STEPS.items()
                if step in over
            ]
    return table
