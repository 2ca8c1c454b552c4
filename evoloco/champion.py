"""The champion of a run.

Chosen from the fittest individuals on fresh scenarios, and judged on other
scenarios that took no part in the choice.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evoloco import provenance, spec, text_file
from evoloco.errors import JournalError, UnknownNameError
from evoloco.evaluation import Evaluation
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array, Gene, Space
from evoloco.json_number import finite
from evoloco.rating import rate
from evoloco.record import files
from evoloco.record.beginning import Recorded
from evoloco.scenario import Scenario
from evoloco.search import start
from evoloco.search.pareto_front import front
from evoloco.search.scone_par import Line

FILE = "champion.json"

MOST_GENES_TOLD = 1000
"""Genes that a champion.json tells one by one. The weights of a network mean nothing one by one,
and its genome holds them."""

LEAST_SPREAD = 1e-3
"""Smallest spread of a gene that is written [of its range], so that a search can start from it."""


@dataclass(frozen=True)
class Choice:
    """The individual that did best on scenarios that the search never saw, and how it was chosen.

    Attributes:
        generation: Generation in which it was found.
        individual: Its index there.
        genome: (n,).
        search_fitness: Mean fitness over the generations of the search that evaluated it.
        elite_fitness: Aggregated over the scenarios that chose it from the elite.
        heldout_fitness: Aggregated over the held-out scenarios, which neither the search nor the
            choice saw.
        evaluation: Its held-out episodes.
        generation_genomes: All genomes of the generation in which it was found (λ, n).
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
    """One of the fittest individuals of a search.

    Attributes:
        generation: First generation in which it was the fittest.
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
    journal: Recorded,
    address: Callable[[int, int, int], str],
    threads: int = 0,
) -> Choice:
    """Tries the elite of a search on fresh scenarios, and judges the best on held-out ones.

    The chosen one was lucky too on the scenarios that chose it, so only others
    show what it is worth.

    Args:
        experiment: Experiment of the run.
        journal: Journal of the run, or its beginning.
        address: Names an episode in messages, by generation, individual and scenario.
        threads: Number of simulation threads; 0 for all CPUs.

    Raises:
        JournalError: Nothing is recorded yet.
    """
    evaluator = Local(experiment, threads, experiment.heldout_duration)

    def tried(
        candidates: Sequence[Candidate], scenarios: Sequence[Scenario], what: str
    ) -> tuple[Evaluation, Array]:
        def named(genome: int, episode: int) -> str:
            candidate = candidates[genome]
            where = address(candidate.generation, candidate.individual, episode)
            return f"{where} on {what} scenario {episode}"

        genomes = np.array([candidate.genome for candidate in candidates])
        evaluation = evaluator.evaluate(genomes, scenarios, 0.0, named)
        return evaluation, rate(experiment, evaluation).fitness

    candidates = elite(experiment, journal)
    _, fitness = tried(candidates, experiment.elite_scenarios(), "the elite's")
    best = candidates[int(np.argmax(fitness))]

    evaluation, heldout = tried([best], experiment.held_out(), "held-out")
    return Choice(
        generation=best.generation,
        individual=best.individual,
        genome=best.genome,
        search_fitness=best.fitness,
        elite_fitness=float(fitness.max()),
        heldout_fitness=float(heldout[0]),
        evaluation=evaluation,
        generation_genomes=journal[best.generation].genomes,
    )


def elite(experiment: Experiment, journal: Recorded) -> list[Candidate]:
    """Returns the fittest individuals of a search, best first.

    With several objectives: the individuals of the Pareto front with the
    largest sums. Otherwise, or if no individual was stable, at most one per
    generation, so that they differ, from generations without support and with
    full-strength pushes. The fitness of a genome that was evaluated several
    times is the mean, so that luck in one generation counts less. Where an
    optimizer puts its mean first, the elite are such means.

    Raises:
        JournalError: Nothing is recorded yet.
    """
    if not len(journal):
        folder = journal.path.parent
        raise JournalError(
            f"{folder} has no recorded generation. Continue with: evoloco resume {folder}"
        )

    count = experiment.spec.evaluation.elite
    if journal.objectives and (candidates := _of_the_front(journal, count)):
        return candidates

    fittest = _fittest(experiment, journal)
    mean = _mean_fitness(journal, fittest)
    first = {genome: (generation, individual) for generation, individual, genome in fittest[::-1]}
    candidates = [
        Candidate(*place, np.frombuffer(genome), mean[genome]) for genome, place in first.items()
    ]
    candidates.sort(key=lambda candidate: (-candidate.fitness, candidate.generation))
    if experiment.spec.training or not getattr(experiment.optimizer(), "mean_is_first", False):
        return candidates[:count]
    return _means(journal, fittest, count)


def _of_the_front(journal: Recorded, count: int) -> list[Candidate]:
    """Returns the individuals of the Pareto front with the largest sums of objectives."""
    found = front(journal)
    sums = np.where(found.best, found.points.sum(axis=1), -np.inf)
    order = np.argsort(-sums, kind="stable")[: min(count, found.best.sum())]

    candidates = []
    for generation, individual in found.individuals[order].tolist():
        record = journal[generation]
        fitness = float(record.fitness[individual])
        candidates.append(Candidate(generation, individual, record.genomes[individual], fitness))
    return candidates


def _means(
    journal: Recorded, fittest: Sequence[tuple[int, int, bytes]], count: int
) -> list[Candidate]:
    """Returns means of the distribution, from generations as far apart as can be, the last first.

    Args:
        journal: Of a search whose first genomes are these means.
        fittest: Of the generations that count.
        count: Largest number.
    """
    generations = [generation for generation, _, _ in fittest]
    count = min(count, len(generations))
    chosen = [generations[-1 - k * len(generations) // count] for k in range(count)]
    records = [journal[generation] for generation in chosen]
    return [
        Candidate(record.generation, 0, record.genomes[0], float(record.fitness[0]))
        for record in records
    ]


def _fittest(experiment: Experiment, journal: Recorded) -> list[tuple[int, int, bytes]]:
    """Returns the fittest individual of each generation: generation, index and genome.

    Generations with support, weaker pushes or another width count only if there are no others.
    """
    pushes, width = experiment.spec.scenario.push, experiment.spec.scenario.width
    fittest, unaided = [], []
    for record in journal.generations():
        individual = int(np.argmax(record.fitness))
        row = (record.generation, individual, record.genomes[individual].tobytes())
        fittest.append(row)
        full = pushes.strength(record.generation) == 1 and record.generation >= width.generations
        if record.support == 0 and full:
            unaided.append(row)
    return unaided or fittest


def _mean_fitness(
    journal: Recorded, fittest: Sequence[tuple[int, int, bytes]]
) -> dict[bytes, float]:
    """Returns the mean fitness of genomes over all of these generations that evaluated them."""
    met: dict[bytes, list[float]] = {genome: [] for _, _, genome in fittest}
    for generation, _, _ in fittest:
        record = journal[generation]
        for row, fitness in zip(record.genomes, record.fitness.tolist(), strict=True):
            genome = row.tobytes()
            if genome in met:
                met[genome].append(fitness)
    return {genome: float(np.mean(values)) for genome, values in met.items()}


def write(champion: Choice, experiment: Experiment, path: Path) -> None:
    """Writes a champion.json."""
    evaluation = champion.evaluation
    goals = rate(experiment, evaluation).objectives[0]
    objectives = dict(zip(experiment.several_objectives, finite(goals.tolist()), strict=True))
    content = {
        "run": experiment.spec.name,
        "seed": experiment.spec.seed,
        "generation": champion.generation,
        "individual": champion.individual,
        "search_fitness": finite(champion.search_fitness),
        "elite_fitness": finite(champion.elite_fitness),
        "heldout_fitness": finite(champion.heldout_fitness),
        **({"heldout_objectives": objectives} if objectives else {}),
        "heldout": {
            "fitness": finite(evaluation.fitness[0].tolist()),
            "outcome": evaluation.outcome[0].tolist(),
            "ending": evaluation.ending[0].tolist(),
            "duration": evaluation.duration[0].tolist(),
            "distance": finite(evaluation.distance[0].tolist()),
        },
        "genes": _genes(champion, experiment.space),
        "genome": champion.genome.tolist(),
    }
    files.write(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def _genes(champion: Choice, space: Space) -> dict[str, dict[str, Any]]:
    """Returns value, unit, bound, mean and spread of each gene, by name; none of very many."""
    if len(space) > MOST_GENES_TOLD:
        return {}
    distribution = _distribution(champion.generation_genomes, space)
    genes = {}
    for row in space.describe(champion.genome):
        mean, spread = distribution[row["name"]]
        genes[row["name"]] = {
            "value": row["value"],
            "unit": row["unit"],
            "bound": row["bound"],
            "mean": mean,
            "spread": spread,
        }
    return genes


def _distribution(genomes: Array, space: Space) -> dict[str, tuple[float, float]]:
    """Returns mean and standard deviation of each gene [its unit] over genomes (λ, n)."""
    found = {}
    for gene, values in zip(space.genes, space.values(genomes).T.copy(), strict=True):
        least = LEAST_SPREAD * (gene.high - gene.low)
        spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        found[gene.name] = float(values.mean()), max(spread, least)
    return found


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
    """Returns the content of a champion.json. A fitness that is null there is -inf.

    Raises:
        JournalError: It is missing, not JSON, or has another content.
    """
    repair = f"Make it again with: evoloco resume {path.parent}"
    try:
        found = _Champion.model_validate_json(text_file.read(path))
    except FileNotFoundError:
        raise JournalError(
            f"No champion yet in {path.parent}. Continue with: evoloco resume {path.parent}"
        ) from None
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}. {repair}") from None
    except ValidationError as error:
        mistake = error.errors()[0]
        if mistake["type"] == "json_invalid":
            raise JournalError(f"{path} is not JSON: {mistake['msg']}. {repair}") from None
        where = ".".join(str(part) for part in mistake["loc"])
        raise JournalError(
            f"{path} holds no champion: {where or 'it'}: {mistake['msg']}. {repair}"
        ) from None
    except ValueError:
        raise JournalError(f"{path} is not JSON: it is not text. {repair}") from None

    content = found.model_dump()
    for key in ("search_fitness", "elite_fitness", "heldout_fitness"):
        content[key] = _unstable(content[key])
    content["heldout"]["fitness"] = _unstable(content["heldout"]["fitness"])
    return content


def _unstable(fitness: Any) -> Any:
    """Returns a fitness, or a list of them, read from JSON: null becomes -inf."""
    if isinstance(fitness, list):
        return [_unstable(part) for part in fitness]
    return -np.inf if fitness is None else fitness


def exported(path: Path) -> list[Line]:
    """Returns the genes of a champion.json as lines of a parameter file.

    If it has no spread of a gene, as in older runs, the gene's own is used,
    or a quarter of its range, which is SCONE's rule.

    Args:
        path: A run folder or a champion.json.

    Raises:
        SpecError: It is missing or has another content.
        JournalError: The run file beside it leads to code in the run folder.
    """
    known = start.load(path)
    genes: dict[str, Gene] = {}
    if any(values.spread is None for values in known.values()):
        run_file = start.file(path).with_name("run.toml")
        provenance.refuse_code(run_file)
        genes = {gene.name: gene for gene in Experiment(spec.read(run_file)).space.genes}

    lines = []
    for name, (best, mean, spread) in known.items():
        if spread is None:
            if name not in genes:
                raise UnknownNameError("gene in champion.json", name, genes, str(path))
            gene = genes[name]
            spread = gene.spread or (gene.high - gene.low) / 4
        lines.append(Line(name, best, best if mean is None else mean, spread))
    return lines
