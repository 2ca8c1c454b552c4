"""Which champions are exported, and how safely they walk."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from evoloco import champion, provenance
from evoloco.bundled import runs
from evoloco.check.subject import Subject
from evoloco.ending import Outcome
from evoloco.errors import EvolocoError
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.host import Host


class ExportError(EvolocoError):
    """A champion that cannot be exported, or a bundle that cannot be used."""


@dataclass(frozen=True, eq=False)
class Hosted:
    """A genome whose controller is to run outside of the native episodes.

    Attributes:
        experiment: Of its run.
        genome: (n,).
    """

    experiment: Experiment
    genome: Array

    @property
    def name(self) -> str:
        """Of its run."""
        return self.experiment.spec.name

    def host(self) -> Host:
        """Its controller, ready to run.

        Raises:
            ControllerError: It reads what can be known in the run's own simulation only.
        """
        return Host(self.experiment, self.genome)


@dataclass(frozen=True, eq=False)
class Exported(Hosted):
    """A champion to export.

    Attributes:
        sha256: Digest of its run file and its genome.
        heldout: Number of held-out episodes by outcome, such as {"completed": 16}.
    """

    sha256: str
    heldout: Mapping[str, int]

    @classmethod
    def of(cls, run: str) -> "Exported":
        """The champion of a run folder, or the published one of a bundled run.

        Raises:
            JournalError: There is no such run, or it has no champion.
        """
        subject = Subject.of(run)
        folder = Path(run) if Path(run).exists() else runs()[run].parent
        outcomes = champion.read(folder / champion.FILE)["heldout"].get("outcome", [])
        return cls(
            Experiment(subject.spec), subject.genome, subject.champion.sha256, Counter(outcomes)
        )

    @cached_property
    def files(self) -> dict[str, str]:
        """Digest of each file that its run uses, by path."""
        paths = provenance.used_files(self.experiment.spec)
        return {path: provenance.digest(Path(path)) for path in paths}

    def refuse_falls(self) -> None:
        """Refuses a champion that does not complete every held-out episode.

        Raises:
            ExportError: It fell, or diverged, or nobody knows.
        """
        count, completed = sum(self.heldout.values()), self.heldout.get(Outcome.COMPLETED, 0)
        if count and completed == count:
            return
        told = f"completed {completed} of its {count} held-out episodes" if count else "is untried"
        raise ExportError(
            f"The champion of {self.name} {told}, so a robot may fall with it. Export it all the "
            "same with: --allow-falls"
        )
