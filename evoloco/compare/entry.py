"""One run as a comparison sees it: its course, and the champion that it had at any time.

Only this file knows how a run records what it did. A run of another kind needs the same two things:
what it had spent and reached after each of its records, and an answer at each of them.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from evoloco import champion
from evoloco.champion import choose, elite
from evoloco.errors import JournalError
from evoloco.genome import Array
from evoloco.record.beginning import Beginning
from evoloco.record.journal import Generation
from evoloco.run import Run
from evoloco.spec import RunSpec


@dataclass(frozen=True)
class Course:
    """What a run had spent and reached after each of its G records.

    Attributes:
        simulated: Simulated time that it has learned from so far [s] (G,).
        cpu: CPU time so far [s] (G,); NaN from the first record on whose time is unknown.
        best: Best fitness so far, in the search's own scenarios (G,); NaN before the first that is
            finite.
    """

    simulated: Array
    cpu: Array
    best: Array

    def within(self, simulated: float | None = None, cpu: float | None = None) -> int:
        """Returns the number of records until a budget [s] is spent: at least one, at most all."""
        spent, budget = (self.simulated, simulated) if cpu is None else (self.cpu, cpu)
        if budget is None or np.isnan(spent).any():
            return len(spent)
        return min(int(np.searchsorted(spent, budget)) + 1, len(spent))


@dataclass(frozen=True)
class Answer:
    """The individual that a run answers with.

    Attributes:
        generation: Generation in which it was found.
        individual: Its index there.
        genome: (n,).
    """

    generation: int
    individual: int
    genome: Array


class Entry:
    """A run that takes part in a comparison.

    Args:
        folder: Its folder.

    Attributes:
        run: The run.

    Raises:
        JournalError: It is no run, or it has recorded nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.run = Run(folder)
        if not len(self.run.journal):
            raise JournalError(
                f"{folder} has no recorded generation. Continue with: evoloco resume {folder}"
            )

    @property
    def spec(self) -> RunSpec:
        """Its run file."""
        return self.run.spec

    @property
    def stop_reason(self) -> str:
        """Why it ended; empty while it goes on."""
        return str(self.run.journal.note("stop_reason") or "")

    @cached_property
    def _records(self) -> list[Generation]:
        return list(self.run.journal.generations())

    @cached_property
    def course(self) -> Course:
        """What it had spent and reached when."""
        best = [np.max(record.fitness) for record in self._records]
        finite = np.where(np.isfinite(best), best, np.nan)
        return Course(
            simulated=self._simulated(),
            cpu=np.cumsum([record.cpu_time for record in self._records]),
            best=np.fmax.accumulate(finite),
        )

    def _simulated(self) -> Array:
        """Simulated time that had been learned from at each record [s] (G,).

        The episodes that judge a policy in training are not learned from, and do not count.
        """
        if training := self.spec.training:
            learned = [training.learned(count + 1) for count in range(len(self._records))]
            return np.array(learned) * self.spec.scenario.control_dt
        return np.cumsum([record.evaluation.duration.sum() for record in self._records])

    def answer(self, count: int) -> Answer:
        """Returns what the run found best in its first `count` records, by its own record alone."""
        best = elite(self.run.experiment, self._beginning(count))[0]
        return Answer(best.generation, best.individual, best.genome)

    def champion(self, count: int) -> Answer:
        """Returns the champion that the run would have with `count` records.

        Of a run that ends there it is the one in `champion.json`.

        Raises:
            JournalError: The run has no champion.
        """
        if count < len(self._records):
            found = choose(self.run.experiment, self._beginning(count), self.run.address)
            return Answer(found.generation, found.individual, found.genome)

        if not (self.run.folder / champion.FILE).is_file():
            raise JournalError(
                f"{self.run.folder} has no {champion.FILE}, so nothing can be judged. Finish the "
                f"run with: evoloco resume {self.run.folder}"
            )
        content = self.run.read_champion()
        genome = np.array(content["genome"])
        return Answer(int(content["generation"]), int(content["individual"]), genome)

    def _beginning(self, count: int) -> Beginning:
        return Beginning(self.run.journal, self._records[:count])

    def close(self) -> None:
        """Closes its journal."""
        self.run.journal.close()
