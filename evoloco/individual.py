"""One individual of a run: its genes, and its episodes in scenarios of one's choice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from evoloco import champion
from evoloco.episode import Address, Episode, unnamed
from evoloco.errors import SpecError
from evoloco.evaluators.local import simulator
from evoloco.experiment import Experiment
from evoloco.genome import Array
from evoloco.scenario import Scenario


@dataclass(frozen=True, eq=False, repr=False)
class Individual:
    """One genome that a search has tried.

    Attributes:
        experiment: Experiment of its run.
        generation: Generation in which the search tried it.
        individual: Its index there.
        genome: (n,).
    """

    experiment: Experiment
    generation: int
    individual: int
    genome: Array

    def __repr__(self) -> str:
        return f"Individual({self._where})"

    @property
    def _where(self) -> str:
        return f"{self.generation}:{self.individual} of {self.experiment.spec.name}"

    @cached_property
    def values(self) -> dict[str, float]:
        """Value of each gene [its unit], by name."""
        return self.experiment.space.decode(self.genome)

    def simulate(self, duration: float = 0.0, scenario: int | Scenario = 0) -> Episode:
        """Returns an episode of this individual.

        Equal arguments give equal bytes. The default is the first episode that judged the champion.

        Args:
            duration: Length of a completed episode [s]; 0 for that of the held-out episodes.
            scenario: A scenario, or the index of a held-out one. There are as many as you ask for:
                those beyond `evaluation.heldout_episodes` are drawn alike.

        Raises:
            SpecError: The duration or the index is negative.
        """
        experiment = _lasting(self.experiment, duration)
        if not isinstance(scenario, Scenario):
            if scenario < 0:
                raise SpecError(f"simulate: scenario {scenario} is not an index, 0 or larger.")
            scenario = experiment.held_out_scenario(scenario)

        (episode,) = simulate(
            experiment, self.genome, [scenario], experiment.heldout_duration, address=self._named
        )
        return episode

    def _named(self, genome: int, scenario: int) -> str:  # noqa: ARG002 - it is the only one
        return f"Individual {self._where}"


@dataclass(frozen=True, eq=False, repr=False)
class Champion(Individual):
    """The individual that did best in scenarios that the search never saw.

    Attributes:
        search_fitness: Mean fitness over the generations of the search that evaluated it.
        elite_fitness: Aggregated over the scenarios that chose it from the elite.
        heldout_fitness: Aggregated over the held-out scenarios, which neither the search nor the
            choice saw.
        heldout: Fitness in each held-out scenario (k,).
    """

    search_fitness: float
    elite_fitness: float
    heldout_fitness: float
    heldout: Array

    def __repr__(self) -> str:
        return (
            f"Champion({self._where}, fitness {self.search_fitness:.4g} in the search, "
            f"{self.heldout_fitness:.4g} held out)"
        )

    @classmethod
    def read(cls, experiment: Experiment, path: Path) -> "Champion":
        """Reads a champion.json.

        Args:
            experiment: Experiment of its run.
            path: The file.

        Raises:
            JournalError: It is missing or has another content.
        """
        content = champion.read(path)
        return cls(
            experiment,
            content["generation"],
            content["individual"],
            np.array(content["genome"]),
            content["search_fitness"],
            content["elite_fitness"],
            content["heldout_fitness"],
            np.array(content["heldout"]["fitness"]),
        )


def _lasting(experiment: Experiment, duration: float) -> Experiment:
    """Returns an experiment whose held-out episodes have a duration [s]; 0 for the present one.

    Pushes and rough ground reach as far as the episode.

    Raises:
        SpecError: The duration is negative or not finite.
    """
    if duration in (0.0, experiment.heldout_duration):
        return experiment
    if not 0 < duration < np.inf:
        raise SpecError(f"simulate: duration {duration} is not a time larger than 0 [s].")

    spec = experiment.spec
    evaluation = spec.evaluation.model_copy(update={"heldout_duration": float(duration)})
    return replace(experiment, spec=spec.model_copy(update={"evaluation": evaluation}))


def simulate(
    experiment: Experiment,
    genome: Array,
    scenarios: Sequence[Scenario],
    duration: float,
    support: float = 0.0,
    address: Address = unnamed,
) -> tuple[Episode, ...]:
    """Returns the episodes of one genome, with the controller's state recorded.

    They own their arrays, so they stay valid after the simulator is gone.

    Args:
        experiment: Experiment of its run.
        genome: (n,).
        scenarios: One per episode.
        duration: Length of a completed episode [s].
        support: Strength of the virtual support, 0 to 1.
        address: Names an episode in messages.
    """
    body, params = experiment.embodied(genome[None])[0]
    episodes = simulator(experiment, duration=duration, record_state=True).run(
        params[None], scenarios, bodies=[body], support=support, address=address
    )
    return tuple(episode.copied() for episode in episodes)
