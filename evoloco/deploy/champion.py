"""Whose gait a robot is to walk, and what it can be asked for."""

from pathlib import Path

from evoloco.check.subject import Subject
from evoloco.errors import SpecError
from evoloco.experiment import Experiment
from evoloco.export import bundle
from evoloco.export.exported import Hosted


class Champion(Hosted):
    """A champion to deploy."""

    @classmethod
    def of(cls, run: str) -> "Champion":
        """The champion of a run.

        Args:
            run: A run folder, a bundled run, or the folder of a bundle that was exported as JSON.

        Raises:
            JournalError: There is no such run, or it has no champion.
            ExportError: A bundle was edited after its export.
        """
        if (Path(run) / bundle.FILE).is_file():
            found = bundle.load(Path(run))
            return cls(found.experiment, found.genome)
        subject = Subject.of(run)
        return cls(Experiment(subject.spec), subject.genome)

    def asked(self, speed: float | None, turning_rate: float | None) -> tuple[float, float, float]:
        """Speed [m/s], heading [rad] and turning rate [rad/s] to ask for.

        Args:
            speed: Wanted [m/s]; the middle of what the run asks for where None.
            turning_rate: Likewise [rad/s].

        Raises:
            SpecError: The run never asks for it.
        """
        last = self.experiment.commands.stages[-1]
        return (
            _within("speed", speed, last.speed, "m/s"),
            0.0,
            _within("turning rate", turning_rate, last.turning_rate, "rad/s"),
        )


def _within(what: str, wanted: float | None, span: tuple[float, float], unit: str) -> float:
    """A number within a span; its middle where none is wanted."""
    low, high = span
    if wanted is None:
        return (low + high) / 2
    if not low <= wanted <= high:
        raise SpecError(
            f"A {what} of {wanted:g} {unit} is beyond what the gait is for: "
            f"{low:.3g} to {high:.3g} {unit}."
        )
    return wanted
