"""The champion of a run: chosen from its fittest on fresh scenarios, judged on others that chose nothing, and kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evoloco import spec
from evoloco.errors import JournalError, UnknownNameError
from evoloco.evaluation import Evaluation
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array, Space
from evoloco.rating import rate
from evoloco.record import files
from evoloco.record.journal import Journal
from evoloco.scenario import Scenario
from evoloco.search import start
from evoloco.search.pareto_front import front
from evoloco.search.scone_par import Line

FILE = "champion.json"

LEAST_SPREAD = 1e-3
"""Least spread of a gene that is written [of its range]: a search that begins there can still move."""


@dataclass(frozen=True)
class Champion:
    """The individual that did best on scenarios that the search never saw.

    Attributes:
        generation: Where it was found.
        individual: Its index there.
        genome: (n,).
        search_fitness: As the search saw it: the mean over the generations that evaluated it.
        elite_fitness: Aggregated over the scenarios that chose it from the elite.
        heldout_fitness: Aggregated over the held-out scenarios, which neither the search nor the choice saw.
        evaluation: Its held-out episodes.
        generation_genomes: All genomes of the generation where it was found (λ, n).
    """

    generation: int
    individual: int
    genome: Array
    search_fitness: float
    elite_fitness: float
    heldout_fitness: float
    evaluation: Evaluation
    generation_genomes: Array


@dataclass(frozen=True)
class Candidate:
    """One of the fittest of a search.

    Attributes:
        generation: The first in which it was the fittest.
        individual: Its index there.
        genome: (n,).
        fitness: Mean over the generations that evaluated it.
    """

    generation: int
    individual: int
    genome: Array
    fitness: float


def choose(
    experiment: Experiment,
    journal: Journal,
    address: Callable[[int, int, int], str],
    threads: int = 0,
) -> Champion:
    """Tries the elite of a search on scenarios of its own, and judges the best of it on held-out ones.

    That one was chosen for its luck too: only scenarios that chose nothing tell what it is worth.

    Args:
        experiment: Of the run.
        journal: Of the run.
        address: Names an episode for messages, from generation, individual and number of the scenario.
        threads: Of the simulation; all CPUs where 0.

    Raises:
        JournalError: Nothing is recorded yet.
    """
    evaluator = Local(experiment, threads, experiment.heldout_duration)

    def tried(
        candidates: Sequence[Candidate], scenarios: Sequence[Scenario], what: str
    ) -> tuple[Evaluation, Array]:
        def named(genome: int, episode: int) -> str:
            candidate = candidates[genome]
            return f"{address(candidate.generation, candidate.individual, episode)} on {what} scenario {episode}"

        genomes = np.array([candidate.genome for candidate in candidates])
        evaluation = evaluator.evaluate(genomes, scenarios, 0.0, named)
        return evaluation, rate(experiment, evaluation, experiment.heldout_duration).fitness

    candidates = elite(experiment, journal)
    _, fitness = tried(candidates, experiment.elite_scenarios(), "the elite's")
    best = candidates[int(np.argmax(fitness))]
    evaluation, heldout = tried([best], experiment.held_out(), "held-out")
    return Champion(
        best.generation, best.individual, best.genome, best.fitness, float(fitness.max()), float(heldout[0]),
        evaluation, journal[best.generation].genomes,
    )  # fmt: skip


def elite(experiment: Experiment, journal: Journal) -> list[Candidate]:
    """The fittest of a search, best first; of several objectives, those of the front whose sum is largest.

    Candidates come from generations without support and with whole pushes, one
    per generation at most, so that they differ. A genome that was evaluated again counts with
    the mean, so that luck in one generation fades.

    Raises:
        JournalError: Nothing is recorded yet.
    """
    if not len(journal):
        folder = journal.path.parent
        raise JournalError(
            f"{folder} has no recorded generation. Go on with: evoloco resume {folder}"
        )
    count = experiment.spec.evaluation.elite
    if journal.objectives:
        found = front(journal)
        sums = np.where(found.best, found.points.sum(axis=1), -np.inf)
        places = found.addresses[
            np.argsort(-sums, kind="stable")[: min(count, found.best.sum())]
        ].tolist()
        return [
            Candidate(g, i, journal[g].genomes[i], float(journal[g].fitness[i])) for g, i in places
        ]
    fittest = []
    for record in journal.generations():
        individual = int(np.argmax(record.fitness))
        fittest.append(
            (record.support, record.generation, individual, record.genomes[individual].tobytes())
        )
    pushes = experiment.spec.scenario.push
    free = [row for row in fittest if row[0] == 0 and pushes.strength(row[1]) == 1] or fittest
    met: dict[bytes, list[float]] = {genome: [] for *_, genome in free}
    for _, generation, *_ in free:
        record = journal[generation]
        for row, fitness in zip(record.genomes, record.fitness.tolist(), strict=True):
            if (genome := row.tobytes()) in met:
                met[genome].append(fitness)
    first = {
        genome: (generation, individual) for _, generation, individual, genome in reversed(free)
    }
    candidates = [
        Candidate(*place, np.frombuffer(genome), float(np.mean(met[genome])))
        for genome, place in first.items()
    ]
    return sorted(candidates, key=lambda candidate: (-candidate.fitness, candidate.generation))[
        :count
    ]


def write(champion: Champion, experiment: Experiment, path: Path) -> None:
    """Writes a champion.json."""
    goals = rate(experiment, champion.evaluation, experiment.heldout_duration).objectives[0]
    named = dict(zip(experiment.several_objectives, _finite(goals.tolist()), strict=True))
    around = _around(champion.generation_genomes, experiment.space)
    content = {
        "run": experiment.spec.name,
        "seed": experiment.spec.seed,
        "generation": champion.generation,
        "individual": champion.individual,
        "search_fitness": _finite(champion.search_fitness),
        "elite_fitness": _finite(champion.elite_fitness),
        "heldout_fitness": _finite(champion.heldout_fitness),
        **({"heldout_objectives": named} if named else {}),
        "heldout": {
            "fitness": _finite(champion.evaluation.fitness[0].tolist()),
            "outcome": champion.evaluation.outcome[0].tolist(),
            "duration": champion.evaluation.duration[0].tolist(),
            "distance": _finite(champion.evaluation.distance[0].tolist()),
        },
        "genes": {
            row["name"]: {
                "value": row["value"],
                "unit": row["unit"],
                "bound": row["bound"],
                "mean": around[row["name"]][0],
                "spread": around[row["name"]][1],
            }
            for row in experiment.space.describe(champion.genome)
        },
        "genome": champion.genome.tolist(),
    }
    files.write(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def _around(genomes: Array, space: Space) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each gene [its unit] in some genomes (λ, n)."""
    found = {}
    for gene, values in zip(space.genes, space.values(genomes).T.copy(), strict=True):
        found[gene.name] = (
            float(values.mean()),
            max(float(values.std(ddof=1)), LEAST_SPREAD * (gene.high - gene.low)),
        )
    return found


def _finite(value: Any) -> Any:
    """A number or list for JSON, which knows neither infinities nor NaN: null in their place."""
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return value if np.isfinite(value) else None


_Index = Annotated[int, Field(ge=0, lt=2**63)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="allow")


class _HeldOut(_Strict):
    fitness: Annotated[list[float | None], Field(min_length=1)]


class _Champion(_Strict):
    generation: _Index
    individual: _Index
    search_fitness: float | None
    elite_fitness: float | None
    heldout_fitness: float | None
    heldout: _HeldOut
    genome: Annotated[list[float], Field(min_length=1)]


def read(path: Path) -> dict[str, Any]:
    """What a champion.json holds; a fitness that JSON cannot hold, -inf, stands there as null.

    Raises:
        JournalError: It is missing, no JSON, or holds something else.
    """
    mend = f"Mend it with: evoloco resume {path.parent}"
    try:
        found = _Champion.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise JournalError(
            f"No champion yet in {path.parent}. Go on with: evoloco resume {path.parent}"
        ) from None
    except ValidationError as error:
        mistake = error.errors()[0]
        if mistake["type"] == "json_invalid":
            raise JournalError(f"{path} is no JSON: {mistake['msg']}. {mend}") from None
        where = ".".join(str(part) for part in mistake["loc"])
        raise JournalError(
            f"{path} holds no champion: {where or 'it'}: {mistake['msg']}. {mend}"
        ) from None
    content = found.model_dump()
    for key in ("search_fitness", "elite_fitness", "heldout_fitness"):
        content[key] = _unstable(content[key])
    content["heldout"]["fitness"] = _unstable(content["heldout"]["fitness"])
    return content


def _unstable(fitness: Any) -> Any:
    """A fitness, or list of them, read from JSON: -inf where null stands."""
    if isinstance(fitness, list):
        return [_unstable(part) for part in fitness]
    return -np.inf if fitness is None else fitness


def exported(path: Path) -> list[Line]:
    """What a run's champion.json says of its genes, as lines of a parameter file.

    Where it tells no spread, as of older runs, that is the gene's own, or a
    quarter of its range, which is SCONE's own rule.

    Args:
        path: Of a run folder or a champion.json.

    Raises:
        SpecError: It is missing or holds something else.
    """
    known, lines = start.load(path), []
    untold = any(values.spread is None for values in known.values())
    space = (
        Experiment(spec.read(start.file(path).with_name("run.toml"))).space if untold else Space([])
    )
    genes = {gene.name: gene for gene in space.genes}
    for name, (best, mean, spread) in known.items():
        if spread is None:
            if name not in genes:
                raise UnknownNameError("gene in champion.json", name, genes, str(path))
            spread = genes[name].spread or (genes[name].high - genes[name].low) / 4
        lines.append(Line(name, best, best if mean is None else mean, spread))
    return lines
