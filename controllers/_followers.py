"""One oscillator per driven joint that follows a pacemaker, directly or down its leg, at a lead."""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from evoloco.genome import Array, Gene

from ._symmetry import Drive, amplitude, owners

SENDER, LEAD, COSINE, SINE, AMPLITUDE, SIGN = range(6)
"""Columns of the table of oscillators."""

ROW = 6
"""Numbers per oscillator."""

Coupling = Literal["pacemaker", "chain"]


class Followers:
    """Who follows whom: number 0 is the pacemaker, number j + 1 belongs to joint j.

    With "pacemaker" every joint follows the pacemaker, with "chain" it
    follows the joint above it on its side. Phases are leads over the
    pacemaker in either case, so both settle into the same pattern; a right
    joint lags its left partner by half a period.

    Attributes:
        genes: Period, amplitudes and phases.
        names: Names of the oscillators.
    """

    def __init__(self, body: tuple[Drive, ...], coupling: Coupling) -> None:
        self.body, self.coupling = body, coupling
        self.names = ["pacemaker", *(part.joint.name for part in body)]
        self.genes = [Gene("period", 0.4, 1.4, "s", "duration of a stride", log=True)]
        for part in owners(body):
            phase = Gene(f"{part.genes}.phase", -math.pi, math.pi, "rad", "lead over the pacemaker")
            self.genes += [amplitude(part, "amplitude", "swing to either side"), phase]

    def parameters(self, values: Mapping[str, float]) -> Array:
        """Sender, lead over it [rad], its cosine and sine, amplitude [rad] and sign of each (ROW (nu + 1),)."""
        phases = [0.0]
        rows = [(0.0, 0.0, 1.0, 0.0, 1.0, 1.0)]
        above: dict[str, int] = {}
        for k, part in enumerate(self.body, 1):
            phases.append(values[f"{part.genes}.phase"] - (math.pi if part.late else 0.0))
            sender = above.get(part.joint.side, 0) if self.coupling == "chain" else 0
            above[part.joint.side] = k
            lead, swing = phases[k] - phases[sender], values[f"{part.genes}.amplitude"]
            rows.append((sender, lead, math.cos(lead), math.sin(lead), swing, part.sign))
        return np.ravel(rows)
