"""Everything that a report shows, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from evoloco.check.result import Check
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.gait.analysis import Gait
from evoloco.gait.following import Followed
from evoloco.gait.verdict import Verdict, verdict
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
        support: Strength of the virtual support, 1 (full) to 0 (none); None for a run without it.
        spread: What is between `low` and `high`, such as "10 % to 90 %".
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
        value: Mean of its measure over the lived steps [unit].
        counted: What the episode counts, with threshold and floor [unit].
        unit: Unit of the measure.
        floor: The worst value that counts, and what an unlived step counts [unit].
        threshold: A measure whose absolute value is below this counts as 0 [unit].
        counts: Whether the measure reached the threshold.
    """

    name: str
    weight: float
    value: float
    counted: float
    unit: str = "1"
    floor: float = 0.0
    threshold: float = 0.0
    counts: bool = True

    @property
    def contribution(self) -> float:
        """What the term adds to the fitness [1]."""
        return self.weight * self.counted


@dataclass(frozen=True)
class Trials:
    """Fitness of the champion on scenarios.

    Attributes:
        fitness: Fitness over all scenarios, aggregated as in the run.
        scenarios: Fitness on each scenario (k,).
    """

    fitness: float
    scenarios: Array


@dataclass(frozen=True)
class Gap:
    """The champion's fitness in the search and on held-out scenarios, in episodes of one duration.

    Attributes:
        search: On the scenarios of the search.
        held_out: On the held-out scenarios, in episodes as long as those of the search.
        duration: Planned duration of all these episodes [s].
        aggregate: How the run aggregates scenarios, such as "mean".
        differences: What else differs between the two, one clause each.
    """

    search: Trials
    held_out: Trials
    duration: float
    aggregate: str = "mean"
    differences: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """Fitness in the search minus held-out fitness."""
        return self.search.fitness - self.held_out.fitness


@dataclass(frozen=True)
class Attempt:
    """The champion in one scenario of those that the page judges it by.

    Attributes:
        gait: Its gait there.
        fitness: Its fitness there.
        followed: What it reached in each stage of the command; none if nothing is asked for.
    """

    gait: Gait
    fitness: float
    followed: tuple[Followed, ...] = ()

    @property
    def follows(self) -> bool:
        """Whether it lived to the end and followed every stage of the command."""
        lived = self.gait.outcome is Outcome.COMPLETED
        return lived and all(stage.follows() for stage in self.followed)

    @cached_property
    def verdict(self) -> Verdict:
        """What kind of gait it is."""
        return verdict(self.gait)


@dataclass(frozen=True)
class Findings:
    """What a run found: its champion, the way to it and where it came from.

    Attributes:
        name: Name of the run.
        seed: Seed of the run.
        generations: The course of the search.
        episode: The champion's episode that pictures and video show: that of the first attempt.
        attempts: The champion in every held-out scenario.
        outputs: Named outputs of the controller in that episode [1] (T,).
        space: The genes.
        genome: The champion's genome (n,).
        terms: Fitness terms of that episode.
        champion: Generation and index of the champion.
        stop_reason: Why the search stopped.
        fitness: Fitness of the champion on the search's scenarios of its generation.
        held_out: Fitness on held-out scenarios, in episodes of their own duration.
        elite_fitness: The champion on the scenarios that chose it from the elite.
        gap: Fitness in the search beside held-out fitness; None if one of them is unknown.
        wanted_speed: Lower and upper end of the speed that the run asks for [m/s]; None if it asks
            for none.
        provenance: Versions, CPU, commit, command and so on, in the order to show.
        spec: The resolved run file.
        video: Bytes of an MP4 file; None if it could not be made.
        video_missing: Why there is no video, and what would help.
        events: Events of the optimizer, such as restarts.
        happened: Events of the run, such as lost workers: generation, Unix time [s], text.
        front: Pareto front; None for a run with one objective.
        repertoire: Repertoire of a quality-diversity search; None for another optimizer.
        people: Joint angles of people over the gait cycle, by joint; empty for other bodies.
        check: What `evoloco check` found about this champion; None where it has not run.
        unchecked: Why there is none, and what would help.
    """

    name: str
    seed: int
    generations: Generations
    episode: Episode
    attempts: tuple[Attempt, ...]
    outputs: Mapping[str, Array]
    space: Space
    genome: Array
    terms: tuple[Term, ...]
    champion: tuple[int, int]
    stop_reason: str
    fitness: float
    held_out: Trials
    elite_fitness: float
    gap: Gap | None = None
    wanted_speed: tuple[float, float] | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    spec: str = ""
    video: bytes | None = None
    video_missing: str = ""
    events: tuple[str, ...] = ()
    happened: tuple[tuple[int, float, str], ...] = ()
    front: Front | None = None
    repertoire: Repertoire | None = None
    people: Mapping[str, Band] = field(default_factory=dict)
    check: Check | None = None
    unchecked: str = "This champion was not checked in other worlds."

    @property
    def gait(self) -> Gait:
        """Gait of the episode shown."""
        return self.attempts[0].gait
