"""All that a report tells, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evoloco.episode import Episode
from evoloco.gait.analysis import Gait
from evoloco.genome import Array, Space
from evoloco.report.people import Band
from evoloco.search.pareto_front import Front
from evoloco.search.repertoire import Repertoire


@dataclass(frozen=True)
class Generations:
    """Fitness of the whole population, one entry per generation (G,).

    Attributes:
        best: Best fitness of each generation.
        mean: Mean fitness.
        low: Lower edge of the spread, such as a quantile.
        high: Upper edge of the spread.
        support: Factor of the virtual support, 1 (full) to 0 (gone); None where a run has none.
        spread: What lies between `low` and `high`, such as "10 % to 90 %".
    """

    best: Array
    mean: Array
    low: Array
    high: Array
    support: Array | None = None
    spread: str = "10 % to 90 %"


@dataclass(frozen=True)
class Term:
    """One term of the champion's fitness.

    Attributes:
        name: Its name in the run file.
        weight: Its weight.
        value: Its measure over the episode, the share lived included [unit].
        unit: Unit of the measure.
        threshold: Size below which the measure counts as 0 [unit].
        counts: Whether it reached that.
    """

    name: str
    weight: float
    value: float
    unit: str = "1"
    threshold: float = 0.0
    counts: bool = True

    @property
    def contribution(self) -> float:
        """What the term adds to the fitness."""
        return self.weight * self.value if self.counts else 0.0


@dataclass(frozen=True)
class Trials:
    """Fitness of the champion on scenarios.

    Attributes:
        fitness: The scenarios' fitness taken together, as the run aggregates it.
        scenarios: Fitness on each scenario (k,).
    """

    fitness: float
    scenarios: Array


@dataclass(frozen=True)
class Findings:
    """What a run found: its champion, how it got there and where it came from.

    Attributes:
        name: Name of the run.
        seed: Seed of the run.
        generations: The course of the search.
        episode: The champion's episode, the one that pictures and video show.
        gait: Its analysis.
        outputs: Named oscillator signals of that episode [1] (T,).
        space: The genes.
        genome: The champion's genome (n,).
        terms: The terms of the fitness of that episode.
        search: The champion on the scenarios of the search.
        elite_fitness: The champion on the scenarios that chose it from the elite; None where a run has none.
        held_out: The champion on scenarios that neither search nor choice saw; None where a run has none.
        champion: Generation and index of the champion.
        stop_reason: Why the search ended.
        provenance: Versions, CPU, commit, command and the like, in the order to show.
        spec: The resolved run file.
        video: An MP4 file's bytes; None where none could be made.
        video_missing: Why there is no video, and what would add it.
        events: What the optimizer did on the way, such as restarts.
        happened: What befell the run, such as lost workers: generation, Unix time [s], what.
        front: Of several objectives; None where a run has one.
        repertoire: Of a quality-diversity search; None for any other.
        people: What people's joints do over the gait cycle, by the joints' names; none for bodies unlike people.
    """

    name: str
    seed: int
    generations: Generations
    episode: Episode
    gait: Gait
    outputs: Mapping[str, Array]
    space: Space
    genome: Array
    terms: tuple[Term, ...]
    search: Trials
    champion: tuple[int, int]
    stop_reason: str
    elite_fitness: float | None = None
    held_out: Trials | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    spec: str = ""
    video: bytes | None = None
    video_missing: str = ""
    events: tuple[str, ...] = ()
    happened: tuple[tuple[int, float, str], ...] = ()
    front: Front | None = None
    repertoire: Repertoire | None = None
    people: Mapping[str, Band] = field(default_factory=dict)
