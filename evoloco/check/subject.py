"""Whose gait is checked: the champion of a run folder, or the published one of a bundled run."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evoloco import champion
from evoloco.bundled import runs
from evoloco.check.result import Champion, digest
from evoloco.errors import JournalError
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.run import Run
from evoloco.spec import RunSpec, read


@dataclass(frozen=True, eq=False)
class Subject:
    """A champion.

    Attributes:
        spec: Of its run.
        genome: (n,).
        champion: Where it is from.
        folder: Where its check is written.
    """

    spec: RunSpec
    genome: Array
    champion: Champion
    folder: Path

    @classmethod
    def of(cls, run: str, out: Path | None = None) -> "Subject":
        """Returns the champion of a run.

        Args:
            run: A run folder, or a bundled run for its published champion.
            out: Where its check is written; by default in the run folder, or for a bundled run in
                `runs/out/NAME-check`.

        Raises:
            JournalError: There is no such run, or it has no champion.
        """
        path = Path(run)
        if path.exists() or run not in runs():
            recorded = Run(path)
            if not (path / champion.FILE).is_file():
                raise JournalError(
                    f"{path} has no {champion.FILE}, so there is no gait to check. Choose the "
                    f"champion with: evoloco report {path}"
                )
            return cls._of(recorded.spec, path / champion.FILE, out or path)

        file = runs()[run]
        published = file.with_name(champion.FILE)
        seed = champion.read(published)["seed"]
        spec = read(file, [f"seed={seed}"])
        return cls._of(spec, published, out or Path("runs/out") / f"{run}-check")

    @classmethod
    def _of(cls, spec: RunSpec, file: Path, folder: Path) -> "Subject":
        content = champion.read(file)
        genome = np.array(content["genome"])
        genes = len(Experiment(spec).space)
        if len(genome) != genes:
            raise JournalError(
                f"{file} is of another run: it has {len(genome)} genes, the run file {genes}."
            )
        found = Champion(
            generation=content["generation"],
            individual=content["individual"],
            sha256=digest(spec, genome),
        )
        return cls(spec, genome, found, folder)
