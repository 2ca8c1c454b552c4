"""Where the episodes of a check run: one champion in many worlds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import NamedTuple, Self

from evoloco.check.exploits import exploits
from evoloco.check.gaps import Gap
from evoloco.check.quality import Look, look
from evoloco.check.result import Exploit
from evoloco.check.sight import Sight
from evoloco.check.worlds import bare, sensing
from evoloco.drake.contact import Contact
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.evaluation import Evaluator
from evoloco.evaluators.local import Local, simulator
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.json_number import finite
from evoloco.members import member
from evoloco.morphology import Morphology
from evoloco.scenario import Scenario
from evoloco.spec import RunSpec
from evoloco.target import has_target

Elsewhere = Callable[[Experiment], AbstractContextManager[Evaluator]]
"""Opens an evaluator of an experiment, such as one on Ray."""


@dataclass(frozen=True)
class Endings:
    """How episodes ended, one entry per world.

    Attributes:
        fell: Whether each did not last.
        lasted: Time until its end [s].
        ways: Its forward way [m]; NaN where it diverged.
    """

    fell: list[bool]
    lasted: list[float]
    ways: list[float]


class Arrivals(NamedTuple):
    """How episodes ended, and whether each reached its target; see `Endings`.

    Attributes:
        fell: Whether each did not last.
        lasted: Time until its end [s].
        ways: Its forward way [m]; NaN where it diverged.
        reached: Whether each was near its target once; None where there is none.
    """

    fell: list[bool]
    lasted: list[float]
    ways: list[float]
    reached: list[bool] | None


def _arrival(episode: Episode) -> tuple[bool, float, float, bool | None]:
    """What an episode adds to `Arrivals`."""
    fell = episode.outcome is not Outcome.COMPLETED
    if not has_target(episode.morphology):
        return fell, episode.duration, episode.forward, None
    arrived = member("fitness", "reached").measure(episode)[-1] > 0
    return fell, episode.duration, episode.forward, bool(arrived)


class Bench:
    """Simulates the champion of a run in worlds. A context: it closes what it opened.

    Args:
        spec: Of the run.
        genome: Of its champion (n,).
        threads: Number of threads; 0 for all CPUs. Results do not depend on it.
        time_limit: Wall time that an episode may take [s]; 0 for any; the run file's where None.
        elsewhere: Opens evaluators that are not in this process; none where None. What needs whole
            episodes runs here all the same.

    Attributes:
        experiment: Of worlds that do not differ.
        asked: The run's own command.
    """

    def __init__(
        self,
        spec: RunSpec,
        genome: Array,
        threads: int = 0,
        time_limit: float | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self._spec, self._genome, self._threads = bare(spec), genome, threads
        self.asked = spec.scenario.command
        self._time_limit, self._elsewhere = time_limit, elsewhere
        self.experiment = Experiment(self._spec, time_limit)
        self._experiments: dict[tuple[str, ...], Experiment] = {(): self.experiment}
        self._open: tuple[Experiment, Evaluator] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    @property
    def duration(self) -> float:
        """Duration of a completed episode [s]."""
        return self.experiment.heldout_duration

    def sensing(self, gaps: Sequence[Gap]) -> Experiment:
        """Returns the experiment whose sensors are as the gaps say."""
        noisy = [gap for gap in gaps if gap.sensors]
        key = tuple(gap.name for gap in noisy)
        if key not in self._experiments:
            changed = Experiment(sensing(self._spec, noisy), self._time_limit)
            self._experiments[key] = changed
        return self._experiments[key]

    def endings(self, experiment: Experiment, scenarios: Sequence[Scenario]) -> Endings:
        """Returns how the champion's episodes end, without their traces."""
        evaluation = self._evaluator(experiment).evaluate(self._genome[None], scenarios, 0.0)
        fell = evaluation.outcome[0] != Outcome.COMPLETED.value
        lasted, ways = evaluation.duration[0], evaluation.distance[0]
        return Endings(fell.tolist(), lasted.tolist(), ways.tolist())

    def seeing(self, sight: Sight) -> Experiment:
        """Returns the experiment in which the run's sensors see less well, for its own duration."""
        own = sight.change(self._spec)
        lasting = {"heldout_duration": own.scenario.duration}
        evaluation = own.evaluation.model_copy(update=lasting)
        return Experiment(own.model_copy(update={"evaluation": evaluation}), self._time_limit)

    def arrivals(self, experiment: Experiment, scenarios: Sequence[Scenario]) -> Arrivals:
        """Returns how the champion's episodes end, and which ones reached their target."""
        episodes = self.episodes(experiment, scenarios, duration=experiment.heldout_duration)
        fell, lasted, ways, reached = zip(*map(_arrival, episodes), strict=True)
        there = None if reached[0] is None else list(reached)
        return Arrivals(list(fell), list(lasted), list(ways), there)

    def looks(self, experiment: Experiment, scenarios: Sequence[Scenario]) -> list[Look]:
        """Returns what the champion's episodes show."""
        return [look(episode) for episode in self.episodes(experiment, scenarios)]

    def episodes(
        self,
        experiment: Experiment,
        scenarios: Sequence[Scenario],
        body: Morphology | None = None,
        duration: float = 0.0,
    ) -> Iterator[Episode]:
        """Yields the champion's episodes with their traces, which the next ones may overwrite.

        Args:
            experiment: One of `sensing`.
            scenarios: One per episode.
            body: Another body than the champion's own.
            duration: Of a completed episode [s]; that of the bench where 0.
        """
        own, params = experiment.embodied(self._genome[None])[0]
        sim = simulator(experiment, self._threads, duration or self.duration, body=body or own)
        yield from sim.run(params[None], scenarios)

    def endings_on(self, body: Morphology, scenarios: Sequence[Scenario]) -> Endings:
        """Returns how the champion's episodes end on another body than its own."""
        rows = [
            (episode.outcome is not Outcome.COMPLETED, episode.duration, episode.forward)
            for episode in self.episodes(self.experiment, scenarios, body)
        ]
        fell, lasted, ways = zip(*rows, strict=True)
        return Endings(list(fell), list(lasted), list(ways))

    def in_drake(self, scenario: Scenario, contact: Contact) -> Look:
        """Returns what the champion's episode in Drake shows."""
        from evoloco.drake.walk import walk

        return look(walk(self.experiment, self._genome, scenario, contact, self.duration))

    def check_drake(self) -> tuple[str, list[str]]:
        """Returns Drake's version, and what is simpler there, a sentence each.

        Raises:
            DrakeError: The champion cannot be simulated there.
            MissingExtraError: Drake is not installed.
        """
        from evoloco.drake.carried import check, left_out
        from evoloco.drake.engine import engine, version
        from evoloco.host import Host

        host = Host(self.experiment, self._genome)
        check(host)
        engine()
        return version(), left_out(host.morphology.model)

    def exploits(self, scenario: Scenario) -> list[Exploit]:
        """Returns signs that the champion lives on errors of the simulation.

        Raises:
            EvolocoError: The episode cannot be simulated step by step.
        """
        found = exploits(self.experiment, self._genome, scenario, self.duration)
        return [
            Exploit(**{**vars(one), "value": finite(one.value), "suspicious": one.suspicious})
            for one in found
        ]

    @property
    def body(self) -> Morphology:
        """The champion's body."""
        return self.experiment.body(self._genome)

    def _evaluator(self, experiment: Experiment) -> Evaluator:
        """The evaluator of an experiment; that of the one before is closed."""
        if self._open is not None and self._open[0] is experiment:
            return self._open[1]

        self._stack.close()
        if self._elsewhere is None:
            evaluator: Evaluator = Local(experiment, self._threads, self.duration)
        else:
            evaluator = self._stack.enter_context(self._elsewhere(experiment))
        self._open = experiment, evaluator
        return evaluator
