"""Who is compared with whom: contenders in tasks, with a run per seed, and who judges them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evoloco.errors import SpecError
from evoloco.spec import RunSpec

SEED = 0
"""Seed of the worlds that judge: the same ones for every run, whatever its own seed."""

WORLDS = 20
"""Usual number of worlds in each scenario."""

GAP_WORLDS = 4
"""Usual number of worlds at each width of each gap."""


@dataclass(frozen=True)
class Entrant:
    """One run that takes part.

    Attributes:
        task: Name of its task.
        contender: Name of its contender.
        seed: Its seed.
        folder: Its run folder.
        spec: Its run file, where it may have to be run first; None for a finished run.
    """

    task: str
    contender: str
    seed: int
    folder: Path
    spec: RunSpec | None = None


@dataclass(frozen=True)
class Task:
    """A body, and what its runs are judged by.

    Attributes:
        label: In words.
        judges: For each scenario, by its name in words, the run file whose `[fitness]`, scenario,
            sensors and randomization judge. The first is that of the learning curves.
    """

    label: str
    judges: Mapping[str, RunSpec]


@dataclass(frozen=True)
class Lineup:
    """All that is compared.

    Attributes:
        name: Of the comparison.
        tasks: By name.
        contenders: In words, by name.
        entrants: The runs.
        simulated_time: What each run may spend [s]; None where runs are compared as they are.
        cpu_time: CPU time at which they are compared too [s]; None for the least of all runs.
        worlds: Worlds in each scenario.
        gap_worlds: Worlds at each width of each gap; 0 leaves the gaps out.
        notes: What a reader should know of the runs, a sentence each.
    """

    name: str
    tasks: Mapping[str, Task]
    contenders: Mapping[str, str]
    entrants: tuple[Entrant, ...]
    simulated_time: float | None = None
    cpu_time: float | None = None
    worlds: int = WORLDS
    gap_worlds: int = GAP_WORLDS
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if len(self.contenders) < 2:
            only = ", ".join(self.contenders.values()) or "none"
            raise SpecError(
                f"{self.name}: a comparison needs two contenders or more, and this has {only}. "
                "Runs of one name are one contender, and seeds within it."
            )
