"""How well a loop keeps its deadlines."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Deadlines:
    """How long control steps took, of the time that they had.

    Attributes:
        period: Time between control steps [s].
        took: Time of each step, from the reading to the command [s].
    """

    period: float
    took: list[float] = field(default_factory=list)

    def add(self, took: float) -> None:
        """Adds a control step."""
        self.took.append(took)

    @property
    def missed(self) -> int:
        """How many steps took longer than a period."""
        return int((np.array(self.took) > self.period).sum())

    def sentence(self, kept: bool = True) -> str:
        """The statistics in words.

        Args:
            kept: Whether there were deadlines to keep; in lock-step there are none.
        """
        if not self.took:
            return "No control step was taken."
        median, late, worst = 1e3 * np.quantile(self.took, (0.5, 0.99, 1.0))
        times = (
            f"{len(self.took)} control steps of {1e3 * self.period:g} ms took {median:.1f} ms "
            f"(median), {late:.1f} ms (99 %) and {worst:.1f} ms (longest)"
        )
        missed = f"{self.missed} missed their deadline" if kept else "no deadlines in lock-step"
        return f"{times}; {missed}."
