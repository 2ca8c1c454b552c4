"""Any individual of a run, simulated again and compared with the record to the last bit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from evoloco import provenance
from evoloco.ending import Outcome
from evoloco.episode import Episode
from evoloco.errors import JournalError
from evoloco.evaluators.local import judge
from evoloco.genome import Array
from evoloco.individual import simulate
from evoloco.record.files import ONCE_MORE, replacing
from evoloco.run import Run
from evoloco.scenario import Scenario


@dataclass(frozen=True)
class Replay:
    """An individual's episodes, simulated again.

    Attributes:
        generation: Its generation.
        individual: Its index there.
        genome: (n,).
        episodes: One per scenario, with the controller's state recorded.
        fitness: Fitness of each episode (k,).
        recorded: The same as recorded (k,); NaN if its generation is not recorded yet.
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
    def endings(self) -> list[str]:
        """How every episode ended and why, in one sentence each."""
        return [sentence(episode) for episode in self.episodes]

    @property
    def shown(self) -> Episode:
        """The episode to look at: the first one that was unstable, or else the first."""
        unstable = [episode for episode in self.episodes if episode.outcome is Outcome.UNSTABLE]
        return (unstable or self.episodes)[0]


def sentence(episode: Episode) -> str:
    """Returns how an episode ended: after which time, by which rule, with which number."""
    lasted, why = f"{episode.duration:.2f} s", str(episode.ending)
    match episode.outcome:
        case Outcome.COMPLETED:
            return f"It lasted to its end, {lasted}."
        case Outcome.FELL:
            return f"It fell after {lasted}: {why}."
    return f"It ended after {lasted}: {why}."


@dataclass(frozen=True)
class _Plan:
    """What to simulate again, and what the record says about it."""

    generation: int
    individual: int
    genome: Array
    scenarios: list[Scenario]
    duration: float
    support: float
    recorded: Array


def replay(run: Run, which: str = "best") -> Replay:
    """Simulates an individual again.

    Args:
        run: The run.
        which: "best" for the champion on its held-out scenarios, or
            "GENERATION:INDEX" for an individual as the search saw it. The
            generation may be the next one, which is not recorded yet.

    Raises:
        JournalError: There is no such individual, or no champion yet.
    """
    plan = _champion(run) if which == "best" else _individual(run, *_parsed(which))
    episodes = simulate(
        run.experiment,
        plan.genome,
        plan.scenarios,
        plan.duration,
        plan.support,
        lambda _, episode: run.address(plan.generation, plan.individual, episode),
    )

    fitness = np.array([judge(run.experiment, episode)[0] for episode in episodes])
    reasons = provenance.differences(run.provenance, provenance.collect(run.experiment))
    return Replay(
        plan.generation,
        plan.individual,
        plan.genome,
        episodes,
        fitness,
        plan.recorded,
        tuple(reasons),
    )


def _champion(run: Run) -> _Plan:
    """Returns the champion on its held-out scenarios.

    Raises:
        JournalError: There is no champion, or it does not belong to the run.
    """
    champion = run.read_champion()
    generation, individual = int(champion["generation"]), int(champion["individual"])
    genome = np.array(champion["genome"])

    file = run.folder / "champion.json"
    if individual >= len(run.journal[generation].genomes):
        raise JournalError(
            f"{file} is of another run: generation {generation} has no individual {individual}."
        )
    if len(genome) != len(run.experiment.space):
        raise JournalError(
            f"{file} is of another run: it has {len(genome)} genes, "
            f"run.toml {len(run.experiment.space)}."
        )

    return _Plan(
        generation,
        individual,
        genome,
        scenarios=run.experiment.held_out(),
        duration=run.experiment.heldout_duration,
        support=0.0,
        recorded=np.array(champion["heldout"]["fitness"]),
    )


def _individual(run: Run, generation: int, individual: int) -> _Plan:
    """Returns an individual on the scenarios of its generation.

    Raises:
        JournalError: There is no such individual.
    """
    scenarios = run.experiment.scenarios(generation)
    if generation == len(run.journal):
        genomes = run.upcoming()
        support = run.spec.evaluation.support.strength(generation)
        fitness = np.full((len(genomes), len(scenarios)), np.nan)
    else:
        record = run.journal[generation]
        genomes, support, fitness = record.genomes, record.support, record.evaluation.fitness

    if individual >= len(genomes):
        raise JournalError(
            f"Generation {generation} has no individual {individual}. "
            f"Known: 0 to {len(genomes) - 1}."
        )
    return _Plan(
        generation,
        individual,
        genomes[individual],
        scenarios,
        duration=run.spec.scenario.duration,
        support=support,
        recorded=fitness[individual],
    )


def _parsed(which: str) -> tuple[int, int]:
    """Returns generation and index from "GENERATION:INDEX".

    Raises:
        JournalError: The text has another form.
    """
    generation, _, individual = which.partition(":")
    if not (generation.isdigit() and individual.isdigit()):
        raise JournalError(
            f"'{which}' is no individual. Allowed: best, or GENERATION:INDEX such as 12:3."
        )
    return int(generation), int(individual)


def save_trace(episode: Episode, path: Path) -> None:
    """Writes an episode's arrays by name as .npz, one row per control step."""
    widths = episode.columns.widths
    arrays: dict[str, Any] = {name: episode[name] for name, width in widths.items() if width}
    arrays["time"] = episode.time
    with replacing(path, ONCE_MORE) as unfinished, unfinished.open("wb") as file:
        np.savez(file, **arrays)


def save_model(episode: Episode, path: Path) -> None:
    """Writes an episode's compiled model, meshes included, as .mjb."""
    model = episode.morphology.model
    content = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, content)
    with replacing(path, ONCE_MORE) as unfinished:
        unfinished.write_bytes(content.tobytes())
