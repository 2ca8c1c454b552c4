"""The run folder: run file, provenance, journal, and what was made from them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from evoloco import champion, provenance
from evoloco.champion import Choice
from evoloco.controller import check_signals
from evoloco.errors import JournalError, SpecError, error_context, unwritten
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.individual import Champion, Individual
from evoloco.optimizer import Optimizer
from evoloco.record import schema
from evoloco.record.journal import FILE, Journal
from evoloco.spec import RunSpec, anchored, read, write


class Run:
    """A run folder: `run.toml`, `provenance.json`, `journal.sqlite` and what was made from them.

    Nothing in a run folder is executed: a Python file inside it is refused.

    Args:
        folder: Folder of an existing run.
        time_limit: Wall time that an episode may take [s]; 0 for no limit.
            By default the run file's.

    Raises:
        JournalError: The folder is not a run, or its journal belongs to another one.
        SpecError: The run file is not valid.
    """

    def __init__(self, folder: Path, time_limit: float | None = None) -> None:
        self.folder = folder
        if not self._file.is_file():
            raise JournalError(
                f"{folder} is not a run: it has no run.toml. Start one with: evoloco evolve RUN"
            )

        provenance.refuse_code(self._file)
        self._check_file()
        self.spec = read(self._file)
        self.experiment = Experiment(self.spec, time_limit)
        self.journal = Journal(folder / FILE)
        self._check_journal()

    def __repr__(self) -> str:
        spec = self.spec
        return (
            f"Run({self.folder}: {spec.morphology.name} with {spec.controller.name}, "
            f"{len(self.journal)} of {self.generations} generations)"
        )

    @property
    def _file(self) -> Path:
        return self.folder / "run.toml"

    def _check_file(self) -> None:
        """Checks that the run file is unchanged.

        Raises:
            JournalError: It was changed.
        """
        if self.provenance.get("spec_sha256") != provenance.digest(self._file):
            raise JournalError(
                f"{self._file} has changed since the run started; the journal does not follow from "
                "it. Restore it, or start another run with: "
                f"evoloco evolve {self._file} --out DIR"
            )

    def _check_journal(self) -> None:
        """Checks that the journal has the genes and fitness terms of the run file.

        Raises:
            JournalError: It has others.
        """
        with error_context(self._file):
            genes = self.experiment.space.names
        if self.journal.genes != genes:
            stray = sorted(set(self.journal.genes) ^ set(genes)) or ["their order"]
            raise JournalError(
                f"The journal {self.journal.path} is of another run: its genes differ from those "
                f"of {self._file} in {', '.join(stray[:5])}."
            )
        if self.journal.terms != tuple(self.spec.fitness):
            raise JournalError(
                f"The journal {self.journal.path} is of another run: its fitness terms are "
                f"{', '.join(self.journal.terms)}, those of run.toml "
                f"{', '.join(self.spec.fitness)}."
            )

    @classmethod
    def create(cls, spec: RunSpec, folder: Path, source: object = "run file") -> "Run":
        """Makes the folder of a new run. Nothing is written if the run file is not valid.

        Args:
            spec: The run file's content.
            folder: Folder to make.
            source: Where the run file comes from, for messages.

        Raises:
            EvolocoError: The folder exists, or the run file is not valid.
        """
        if folder.exists():
            raise SpecError(
                f"{folder} exists and is not overwritten. Continue with: evoloco resume {folder}   "
                "or choose another folder with --out, or another --seed."
            )
        with error_context(source):
            experiment = Experiment(Experiment(anchored(spec)).told)
            check(experiment)

        making = folder.with_name(folder.name + ".making")
        shutil.rmtree(making, ignore_errors=True)  # left behind by a killed process
        try:
            making.mkdir(parents=True)
            write(experiment.spec, making / "run.toml")
            facts = json.dumps(provenance.collect(experiment), indent=2)
            (making / "provenance.json").write_text(facts + "\n", encoding="utf-8")
            Journal.create(
                making / FILE,
                experiment.space.names,
                [term.name for term in experiment.terms],
                experiment.several_objectives,
            ).close()
            making.rename(folder)
        except OSError as error:
            raise unwritten(
                error,
                f"The run folder {folder} cannot be made: {error.strerror}. Free some space, fix "
                "the permissions, or choose another folder with --out.",
            ) from None
        finally:
            shutil.rmtree(making, ignore_errors=True)

        return cls(folder)

    @property
    def generations(self) -> int:
        """Total number of generations: of the run file, or as extended last."""
        training = self.spec.training
        planned = training.judgements if training else self.spec.optimizer.generations
        return int(self.journal.note("generations") or planned)

    def spent(self) -> tuple[float, float]:
        """Returns simulated time [s] and CPU time [s] of what is recorded.

        The episodes that judge a policy in training are not learned from: their simulated time does
        not count. The CPU time is NaN if that of a generation is unknown.
        """
        simulated, cpu = self.journal.spent()
        if training := self.spec.training:
            simulated = training.learned(len(self.journal)) * self.spec.scenario.control_dt
        return simulated, cpu

    @property
    def search_events(self) -> list[str]:
        """Events of the optimizer, such as restarts, oldest first."""
        return list(self.journal.note("search_events") or [])

    @property
    def remarks(self) -> list[str]:
        """Remarks on a search that went nowhere (see `evoloco.remarks`)."""
        return list(self.journal.note("remarks") or [])

    @property
    def told(self) -> tuple[str, ...]:
        """What was added to the user's model, dropped from it or changed, a sentence each."""
        return self.experiment.morphology.told

    def local(self, threads: int = 0) -> Local:
        """Returns the local evaluator of this run.

        Args:
            threads: Number of threads; 0 for all CPUs. Results do not depend on it.
        """
        return Local(self.experiment, threads)

    def replayed(self) -> Optimizer:
        """Returns a new optimizer that was told all recorded generations.

        Raises:
            JournalError: The record does not follow from the run file, or the run is trained.
        """
        if self.spec.training:
            raise JournalError(
                f"{self.folder} is a run whose policy is trained: nobody knows a generation that "
                "is not recorded yet."
            )
        optimizer = self.experiment.optimizer()
        for record in self.journal.generations():
            genomes = optimizer.ask()
            if not np.array_equal(genomes, record.genomes):
                raise JournalError(
                    f"Generation {record.generation} of {self.journal.path} does not follow from "
                    f"run.toml: the optimizer asks for other genomes. {self._why_different()}"
                )
            optimizer.tell(genomes, record.told, record.evaluation.values.mean(axis=1))
        return optimizer

    def upcoming(self) -> Array:
        """Returns the genomes (population_size, n) of the first generation that is not recorded."""
        return self.replayed().ask()

    def address(self, generation: int, individual: int, episode: int) -> str:
        """Names an episode of the search, with the command that simulates it again."""
        return (
            f"Generation {generation}, individual {individual}, episode {episode} "
            f"(again: evoloco replay {self.folder} --individual {generation}:{individual})"
        )

    def _why_different(self) -> str:
        reasons = provenance.differences(self.provenance, provenance.collect(self.experiment))
        if not reasons:
            return "The run file or the journal was edited."
        return f"Likely because: {'; '.join(reasons)}."

    @property
    def provenance(self) -> dict[str, Any]:
        """What produced the run.

        Raises:
            JournalError: The file is missing or has another content.
        """
        return provenance.read(self.folder / "provenance.json")

    def choose_champion(self, threads: int = 0) -> Choice:
        """Chooses the champion (see `evoloco.champion`) and writes `champion.json`.

        Raises:
            JournalError: Nothing is recorded yet.
        """
        found = champion.choose(self.experiment, self.journal, self.address, threads)
        champion.write(found, self.experiment, self.folder / champion.FILE)
        return found

    def read_champion(self) -> dict[str, Any]:
        """Returns the content of `champion.json`. A fitness that is null there is -inf.

        Raises:
            JournalError: It is missing or has another content.
        """
        return champion.read(self.folder / champion.FILE)

    @property
    def champion(self) -> Champion:
        """The champion, ready to be simulated.

        Raises:
            JournalError: `champion.json` is missing or has another content.
        """
        return Champion.read(self.experiment, self.folder / champion.FILE)

    def individual(self, generation: int, individual: int) -> Individual:
        """Returns an individual of the search, ready to be simulated.

        Raises:
            JournalError: There is no such individual.
        """
        genomes = self.journal[generation].genomes
        if not 0 <= individual < len(genomes):
            raise JournalError(
                f"Generation {generation} has no individual {individual}. "
                f"Known: 0 to {len(genomes) - 1}."
            )
        return Individual(self.experiment, generation, individual, genomes[individual])

    def report(self) -> Path:
        """Writes `report.html`, one self-contained page, and returns its path.

        Raises:
            JournalError: There is no champion yet.
            StorageError: The folder cannot be written.
        """
        from evoloco.report.assemble import write_report

        return write_report(self)[0]


def check(experiment: Experiment) -> None:
    """Builds everything that a run needs, so that an invalid run file fails before it starts.

    The controller is compiled, too.

    Raises:
        EvolocoError: The run file is not valid.
    """
    if experiment.spec.training:
        from evoloco.rl.requirements import check as check_training

        check_training(experiment)
    else:
        experiment.optimizer()
    _ = experiment.randomizations  # which checks them
    check_signals(experiment.controller, experiment.spec.scenario.control_dt)
    for duration in (experiment.spec.scenario.duration, experiment.heldout_duration):
        Local(experiment, duration=duration).check(experiment.corners())
    schema.check([term.name for term in experiment.terms], experiment.several_objectives)
