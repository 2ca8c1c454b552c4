"""Any individual of a run, rebuilt from its record and compared with it to the last bit."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from evoloco import provenance
from evoloco.episode import Address, Episode, Outcome, unnamed
from evoloco.errors import JournalError
from evoloco.evaluators.local import judge, simulator
from evoloco.genome import Array
from evoloco.run import Run
from evoloco.scenario import Scenario


@dataclass(frozen=True)
class Replay:
    """An individual's episodes, simulated again.

    Attributes:
        generation: Its generation.
        individual: Its index there.
        genome: (n,).
        episodes: One per scenario, the controller's state recorded.
        fitness: Of each episode (k,).
        recorded: As the record has it (k,); NaN where its generation is not recorded yet.
        reasons: Why the two may differ: what has changed since the run.
    """

    generation: int
    individual: int
    genome: Array
    episodes: tuple[Episode, ...]
    fitness: Array
    recorded: Array
    reasons: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether every fitness equals its record to the last bit."""
        return self.fitness.tobytes() == self.recorded.tobytes()

    @property
    def is_recorded(self) -> bool:
        """Whether there is a record to compare with."""
        return not np.isnan(self.recorded).any()

    @property
    def shown(self) -> Episode:
        """The episode to look at: the first that was unstable, otherwise the first."""
        unstable = [episode for episode in self.episodes if episode.outcome is Outcome.UNSTABLE]
        return (unstable or self.episodes)[0]


def replay(run: Run, which: str = "best") -> Replay:
    """Simulates an individual again.

    Args:
        run: The run.
        which: "best" for the champion on its held-out scenarios, or
            "GENERATION:INDEX" for an individual as the search saw it, or as it
            will see it in the generation that comes next.

    Raises:
        JournalError: There is no such individual, or no champion yet.
    """
    experiment = run.experiment
    if which == "best":
        champion = run.champion()
        generation, individual = int(champion["generation"]), int(champion["individual"])
        genome, support = np.array(champion["genome"]), 0.0
        scenarios, recorded = experiment.held_out(), np.array(champion["heldout"]["fitness"])
        duration = experiment.heldout_duration
        if individual >= len(run.journal[generation].genomes):
            raise JournalError(
                f"{run.folder / 'champion.json'} is of another run: generation {generation} has no individual "
                f"{individual}."
            )
        if len(genome) != len(experiment.space):
            raise JournalError(
                f"{run.folder / 'champion.json'} is of another run: it has {len(genome)} genes, "
                f"run.toml {len(experiment.space)}."
            )
    else:
        generation, individual = _address(which)
        scenarios = experiment.scenarios(generation)
        if generation == len(run.journal):
            genomes, support = run.upcoming(), run.spec.evaluation.support.strength(generation)
            fitness = np.full((len(genomes), len(scenarios)), np.nan)
        else:
            record = run.journal[generation]
            genomes, support, fitness = record.genomes, record.support, record.evaluation.fitness
        if individual >= len(genomes):
            raise JournalError(
                f"Generation {generation} has no individual {individual}. Known: 0 to {len(genomes) - 1}."
            )
        genome, recorded = genomes[individual], fitness[individual]
        duration = run.spec.scenario.duration
    episodes = simulate(
        run,
        genome,
        scenarios,
        duration,
        support,
        lambda _, episode: run.address(generation, individual, episode),
    )
    fitness = np.array([judge(experiment, episode)[0] for episode in episodes])
    reasons = provenance.differences(run.provenance, provenance.collect(run.experiment))
    return Replay(generation, individual, genome, episodes, fitness, recorded, tuple(reasons))


def simulate(
    run: Run,
    genome: Array,
    scenarios: list[Scenario],
    duration: float,
    support: float = 0.0,
    address: Address = unnamed,
) -> tuple[Episode, ...]:
    """Episodes of one genome that last beyond the simulator, the controller's state recorded."""
    experiment = run.experiment
    body, params = experiment.embodied(genome[None])[0]
    episodes = simulator(experiment, duration=duration, record_state=True).run(
        params[None], scenarios, bodies=[body], support=support, address=address
    )
    return tuple(replace(episode, trace=episode.trace.copy()) for episode in episodes)


def _address(which: str) -> tuple[int, int]:
    generation, _, individual = which.partition(":")
    if not (generation.isdigit() and individual.isdigit()):
        raise JournalError(
            f"'{which}' is no individual. Allowed: best, or GENERATION:INDEX such as 12:3."
        )
    return int(generation), int(individual)


def save_trace(episode: Episode, path: Path) -> None:
    """Writes an episode's arrays under their names, one row per control step, as .npz."""
    arrays: dict[str, Any] = {
        name: episode[name] for name, width in episode.columns.widths.items() if width
    }
    arrays["time"] = episode.time
    with path.open("wb") as file:
        np.savez(file, **arrays)


def save_model(episode: Episode, path: Path) -> None:
    """Writes an episode's body as MuJoCo compiled it, meshes included, as .mjb."""
    model = episode.morphology.model
    content = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, content)
    path.write_bytes(content.tobytes())
