"""How an episode ended: by which rule, on which part of the body, with which number."""

from dataclasses import dataclass
from enum import StrEnum


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
    DIVERGED = "diverged"
    WORKER = "worker"


@dataclass(frozen=True)
class Ending:
    """How an episode ended.

    Attributes:
        outcome: In a word.
        rule: What ended it.
        part: Name of the part of the body that it was about, if any; of a divergence, MuJoCo's
            warning.
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
                return (
                    f"{self.part} was {self.value:.3f} m above the ground beneath it, less than "
                    f"{self.limit:.3f} m"
                )
            case Rule.TILT:
                return f"{self.part} tilted by {self.value:.2f} rad, more than {self.limit:.2f} rad"
            case Rule.CONTACT:
                return f"{self.part} touched the ground"
            case Rule.DIVERGED:
                return f"the simulation diverged ({self.part})"
            case Rule.WORKER:
                return "it ended every worker that tried it"
        return "it lasted to its end"


COMPLETED = Ending(Outcome.COMPLETED, Rule.DURATION)
"""An episode that lasted to its end."""
