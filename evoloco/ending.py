"""How an episode ended: by which rule, on which part of the body, with which number."""

from dataclasses import dataclass
from enum import StrEnum

MOST_DIGITS = 12
"""Largest number of digits after the point in a message."""


class Outcome(StrEnum):
    """How an episode ended; the later in this list, the worse."""

    COMPLETED = "completed"
    FELL = "fell"
    UNSTABLE = "unstable"
    FAILED = "failed"


class Rule(StrEnum):
    """What ended an episode."""

    DURATION = "duration"
    HEIGHT = "height"
    TILT = "tilt"
    CONTACT = "contact"
    SELF_CONTACT = "self_contact"
    DIVERGED = "diverged"
    WORKER = "worker"


@dataclass(frozen=True)
class Ending:
    """How an episode ended.

    Attributes:
        outcome: In a word.
        rule: What ended it.
        part: Name of the part of the body that it was about, if any, or of both that touched each
            other; of a divergence, MuJoCo's warning.
        value: Number that broke the rule: height over the ground [m] or tilt [rad].
        limit: Of that number.
    """

    outcome: Outcome
    rule: Rule
    part: str = ""
    value: float = 0.0
    limit: float = 0.0

    def __str__(self) -> str:
        """Why it ended, as a clause."""
        match self.rule:
            case Rule.HEIGHT:
                value, limit = _apart(self.value, self.limit, digits=3)
                return f"{self.part} was {value} m above the ground beneath it, less than {limit} m"
            case Rule.TILT:
                value, limit = _apart(self.value, self.limit, digits=2)
                return f"{self.part} tilted by {value} rad, more than {limit} rad"
            case Rule.CONTACT:
                return f"{self.part} touched the ground"
            case Rule.SELF_CONTACT:
                return f"{self.part} touched each other"
            case Rule.DIVERGED:
                return f"the simulation diverged ({self.part})"
            case Rule.WORKER:
                return "it ended every worker that tried it"
        return "it lasted to its end"


def _apart(value: float, limit: float, digits: int) -> tuple[str, str]:
    """Returns two numbers as texts with so many digits, or as many more as tell them apart."""
    while digits < MOST_DIGITS and f"{value:.{digits}f}" == f"{limit:.{digits}f}":
        digits += 1
    return f"{value:.{digits}f}", f"{limit:.{digits}f}"


COMPLETED = Ending(Outcome.COMPLETED, Rule.DURATION)
"""An episode that lasted to its end."""
