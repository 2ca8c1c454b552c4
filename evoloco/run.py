"""A run folder: what was asked, what produced it, and what it recorded."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from evoloco import champion, provenance
from evoloco.champion import Champion
from evoloco.errors import JournalError, SpecError, told_from, unwritten
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.optimizer import Optimizer
from evoloco.record import schema
from evoloco.record.journal import FILE, Journal
from evoloco.spec import RunSpec, read, write


class Run:
    """A run folder: `run.toml`, `provenance.json`, `journal.sqlite` and what was made of them.

    Nothing in a run folder is executed: a Python file inside it is refused.

    Args:
        folder: Of an existing run.
        time_limit: Wall time that an episode may take [s], instead of the run file's; 0 for any.

    Raises:
        JournalError: The folder is not a run, or its journal belongs to another one.
        SpecError: Its run file does not fit.
    """

    def __init__(self, folder: Path, time_limit: float | None = None) -> None:
        self.folder = folder
        if not (folder / "run.toml").is_file():
            raise JournalError(
                f"{folder} is not a run: it has no run.toml. Begin one with: evoloco evolve RUN"
            )
        self.spec = read(folder / "run.toml")
        if self.provenance.get("spec_sha256") != provenance.digest(folder / "run.toml"):
            raise JournalError(
                f"{folder / 'run.toml'} has changed since the run began; the journal does not follow from it. "
                f"Restore it, or begin another run with: evoloco evolve {folder / 'run.toml'} --out DIR"
            )
        if inside := provenance.code_in(folder, self.spec):
            raise JournalError(
                f"{folder / 'run.toml'} names {inside}, which is in the run folder: nothing there is executed. "
                "If you trust it, move it elsewhere and begin another run with: evoloco evolve"
            )
        self.experiment = Experiment(self.spec, time_limit)
        self.journal = Journal(folder / FILE)
        with told_from(folder / "run.toml"):
            genes = self.experiment.space.names
        if self.journal.genes != genes:
            stray = sorted(set(self.journal.genes) ^ set(genes)) or ["their order"]
            raise JournalError(
                f"The journal {self.journal.path} is of another run: its genes differ from those of "
                f"{folder / 'run.toml'} in {', '.join(stray[:5])}."
            )
        if self.journal.terms != tuple(self.spec.fitness):
            raise JournalError(
                f"The journal {self.journal.path} is of another run: its fitness terms are "
                f"{', '.join(self.journal.terms)}, those of run.toml {', '.join(self.spec.fitness)}."
            )

    @classmethod
    def create(cls, spec: RunSpec, folder: Path, source: object = "run file") -> "Run":
        """Makes the folder of a new run; nothing is written when the spec does not fit.

        Args:
            spec: Of the run.
            folder: To be made.
            source: Where the spec comes from, for messages.

        Raises:
            EvolocoError: The folder exists, or the spec does not fit.
        """
        if folder.exists():
            raise SpecError(
                f"{folder} exists and is not overwritten. Go on with: evoloco resume {folder}   "
                "or choose another folder with --out, or another --seed."
            )
        with told_from(source):
            experiment = Experiment(spec)
            experiment.optimizer()
            _ = experiment.randomizations  # which checks them
            for duration in (spec.scenario.duration, experiment.heldout_duration):
                Local(experiment, duration=duration).check(
                    experiment.corners()
                )  # compiles the controller, too
            genes, terms = experiment.space.names, [term.name for term in experiment.terms]
            goals = experiment.several_objectives
            schema.check(terms, goals)
        making = folder.with_name(folder.name + ".making")
        shutil.rmtree(making, ignore_errors=True)  # of a process that was killed here
        try:
            making.mkdir(parents=True)
            write(spec, making / "run.toml")
            facts = json.dumps(provenance.collect(experiment), indent=2)
            (making / "provenance.json").write_text(facts + "\n", encoding="utf-8")
            Journal.create(making / FILE, genes, terms, goals).close()
            making.rename(folder)
        except OSError as error:
            raise unwritten(
                error,
                f"The run folder {folder} cannot be made: {error.strerror}. Make room or mend the place, or choose "
                "another one with --out.",
            ) from None
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return cls(folder)

    @property
    def generations(self) -> int:
        """Generations in all: those of the spec, or of its last extension."""
        return int(self.journal.note("generations") or self.spec.optimizer.generations)

    @property
    def search_events(self) -> list[str]:
        """What the optimizer did on the way, such as restarts, oldest first."""
        return list(self.journal.note("search_events") or [])

    def local(self, threads: int = 0) -> Local:
        """The local evaluator of this run, on so many threads; on all CPUs where 0. Results do not depend on it."""
        return Local(self.experiment, threads)

    def replayed(self) -> Optimizer:
        """A fresh optimizer that was told everything recorded.

        Raises:
            JournalError: The record does not follow from the spec.
        """
        optimizer = self.experiment.optimizer()
        for record in self.journal.generations():
            genomes = optimizer.ask()
            if not np.array_equal(genomes, record.genomes):
                raise JournalError(
                    f"Generation {record.generation} of {self.journal.path} does not follow from run.toml: the "
                    f"optimizer asks for other genomes. {self._why_different()}"
                )
            optimizer.tell(genomes, record.told, record.evaluation.values.mean(axis=1))
        return optimizer

    def upcoming(self) -> Array:
        """The genomes (population_size, n) of the generation that comes next, which is not recorded yet."""
        return self.replayed().ask()

    def address(self, generation: int, individual: int, episode: int) -> str:
        """Names an episode of the search, with the command that simulates it again."""
        return (
            f"Generation {generation}, individual {individual}, episode {episode} "
            f"(again: evoloco replay {self.folder} --individual {generation}:{individual})"
        )

    def _why_different(self) -> str:
        reasons = provenance.differences(self.provenance, provenance.collect(self.experiment))
        return (
            f"Likely because: {'; '.join(reasons)}."
            if reasons
            else "The run file or the journal was edited."
        )

    @property
    def provenance(self) -> dict[str, Any]:
        """What produced the run.

        Raises:
            JournalError: The file is missing or holds something else.
        """
        return provenance.read(self.folder / "provenance.json")

    def choose_champion(self, threads: int = 0) -> Champion:
        """Chooses the champion (see `evoloco.champion`) and writes `champion.json`.

        Raises:
            JournalError: Nothing is recorded yet.
        """
        found = champion.choose(self.experiment, self.journal, self.address, threads)
        champion.write(found, self.experiment, self.folder / champion.FILE)
        return found

    def champion(self) -> dict[str, Any]:
        """What `champion.json` holds; a fitness that it cannot hold, -inf, stands there as null.

        Raises:
            JournalError: It is missing or holds something else.
        """
        return champion.read(self.folder / champion.FILE)
