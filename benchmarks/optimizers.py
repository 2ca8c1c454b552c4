"""How the optimizers compare: with pycma and DEAP used directly, and with each other on gaits.

    python benchmarks/optimizers.py functions [--genes 10] [--generations 150]
    python benchmarks/optimizers.py gaits [--seeds 10] [--budget 12000] [--runs hopper] [--jobs 2]

`functions`: sphere, ellipsoid, Rosenbrock and Rastrigin in [0, 1]^n, the same
random numbers for evoloco's optimizer and for the library behind it. "largest
difference" is that between any two genomes asked for; 0 means the same
iterates.

`gaits`: bundled runs at equal simulated time. A search ends with the
generation in which the simulated seconds of its episodes exceed the budget;
then its champion is chosen on held-out scenarios, which are the same for all
searches of a seed. Median and quartiles over the seeds; "above uniform" counts
the seeds in which a search beats uniform sampling. Seeds run side by side, one
thread each, which changes no result.
"""

import argparse
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import cma
import numpy as np
from deap import algorithms, base, tools

from evoloco.bundled import run_file
from evoloco.evaluators.local import Local
from evoloco.experiment import Experiment
from evoloco.genome import Array, Gene, Space
from evoloco.loop import evolve
from evoloco.optimizer import Optimizer, Search
from evoloco.optimizers import cmaes, ga
from evoloco.rating import rate
from evoloco.record.journal import Generation
from evoloco.run import Run
from evoloco.search.isolation import Isolation
from evoloco.search.variation import Individual
from evoloco.spec import RunSpec, read

POPULATION, SEED, SIGMA = 16, 1, 0.25

DESCRIPTORS = [
    "fitness.descriptor_speed={measure='forward_speed', weight=0.0}",
    "fitness.descriptor_clearance={measure='foot_clearance', weight=0.0}",
    "optimizer.descriptors=['descriptor_speed', 'descriptor_clearance']",
    "optimizer.ranges=[[-0.2, 1.0], [0.0, 0.06]]",
]
"""What the quality-diversity searches spread over [m/s, m]."""

SEARCHES: dict[str, list[str]] = {
    "uniform": [],
    "cmaes": [],
    "cmaes diagonal": ["optimizer.covariance=diagonal"],
    "cmaes ipop": ["optimizer.restarts=ipop"],
    "cmaes bipop": ["optimizer.restarts=bipop"],
    "race": [],
    "ga": [],
    "ga_nico": [],
    "nsga2": [],
    "map_elites": DESCRIPTORS,
    "cma_me": DESCRIPTORS,
}


def sphere(x: Array) -> Array:
    return np.asarray(((x - 0.3) ** 2).sum(axis=1))


def ellipsoid(x: Array) -> Array:
    return np.asarray((x - 0.3) ** 2 @ 10 ** np.linspace(0, 6, x.shape[1]))


def rosenbrock(x: Array) -> Array:
    y = 4 * x - 2
    return np.asarray((100 * (y[:, 1:] - y[:, :-1] ** 2) ** 2 + (1 - y[:, :-1]) ** 2).sum(axis=1))


def rastrigin(x: Array) -> Array:
    y = 10.24 * x - 5.12 - 1
    return np.asarray((10 + y**2 - 10 * np.cos(2 * np.pi * y)).sum(axis=1))


def with_pycma(cost: Callable[[Array], Array], genes: int) -> Iterator[Array]:
    """What pycma itself asks for."""
    random = np.random.default_rng([SEED, genes])
    options = {
        "bounds": [0, 1],
        "popsize": POPULATION,
        "seed": np.nan,
        "verbose": -9,
        "randn": lambda *shape: random.standard_normal(shape),
    }
    strategy = cma.CMAEvolutionStrategy(genes * [0.5], SIGMA, options)
    while True:
        asked = strategy.ask()
        yield np.array(asked)
        strategy.tell(asked, list(cost(np.array(asked))))


def with_deap(cost: Callable[[Array], Array], genes: int) -> Iterator[Array]:
    """What DEAP's simple algorithm asks for, with "sbx" crossover and polynomial mutation."""
    bounds = {"eta": 15.0, "low": 0.0, "up": 1.0}
    box = base.Toolbox()
    box.register("mate", tools.cxSimulatedBinaryBounded, **bounds)
    box.register("mutate", tools.mutPolynomialBounded, indpb=0.1, **bounds)
    box.register("select", tools.selTournament, tournsize=3)
    box.register("evaluate", lambda one: (-float(cost(np.array([one]))[0]),))

    kind = type("Fitness", (base.Fitness,), {"weights": (1.0,)})
    population = []
    for genome in np.random.default_rng([SEED, genes]).random((POPULATION, genes)):
        population.append(Individual(genome.tolist()))
        population[-1].fitness = kind()

    isolation = Isolation([SEED, genes])
    while True:
        yield np.array(population)
        with isolation():
            population, _ = algorithms.eaSimple(population, box, 0.8, 1.0, ngen=1, verbose=False)


def functions(genes: int, generations: int) -> None:
    print(f"{genes} genes, {POPULATION} genomes, {generations} generations\n")
    print(
        f"{'function':>12} {'search':>8} {'best, ours':>12} {'best, theirs':>12} "
        f"{'largest difference':>19}"
    )
    space = Space([Gene(f"x{place}", 0.0, 1.0) for place in range(genes)])
    search = Search(space, POPULATION, SEED)

    for cost in (sphere, ellipsoid, rosenbrock, rastrigin):
        adaptive: Optimizer = cmaes.Optimizer(search, sigma=SIGMA)
        genetic: Optimizer = ga.Optimizer(search, crossover="sbx", mutation="polynomial", elites=0)
        pairs = {
            "pycma": (adaptive, with_pycma(cost, genes)),
            "DEAP": (genetic, with_deap(cost, genes)),
        }
        for name, (ours, theirs) in pairs.items():
            best, difference = side_by_side(cost, ours, theirs, generations)
            print(
                f"{cost.__name__:>12} {name:>8} {best[0]:12.3e} {best[1]:12.3e} {difference:19.3g}"
            )


def side_by_side(
    cost: Callable[[Array], Array], ours: Optimizer, theirs: Iterator[Array], generations: int
) -> tuple[list[float], float]:
    """Least costs that both found, and the largest difference between genomes asked for."""
    best, difference = [np.inf, np.inf], 0.0
    for _, other in zip(range(generations), theirs, strict=False):
        genomes = ours.ask()
        ours.tell(genomes, -cost(genomes), np.zeros((POPULATION, 0)))
        difference = max(difference, float(np.abs(genomes - other).max()))
        best = [min(best[0], cost(genomes).min()), min(best[1], cost(other).min())]
    return best, difference


class Spent(Exception):  # noqa: N818 - no error
    """The simulated time is used up."""


def gait(name: str, search: str, budget: float, folder: Path, seed: int) -> tuple[float, int]:
    """Held-out fitness of the champion, and generations, of a search that may simulate so long.

    Args:
        name: Of the bundled run.
        search: One of `SEARCHES`.
        budget: Simulated time of all episodes [s].
        folder: Where the run is recorded.
        seed: Of the run.
    """
    source, spent = run_file(name), 0.0

    def count(record: Generation) -> None:
        nonlocal spent
        spent += record.evaluation.duration.sum()
        if spent >= budget:
            raise Spent

    changes = [f"seed={seed}", *changed(read(source), search), *SEARCHES[search]]
    place = folder / f"{name}-{search.replace(' ', '-')}-{seed}"
    run = Run.create(read(source, changes), place)
    with suppress(Spent):
        evolve(run, evaluator=run.local(1), progress=count)

    plain = Experiment(read(source, [f"seed={seed}"]))  # one fitness, also after several objectives
    duration = plain.heldout_duration
    genome = run.choose_champion(1).genome
    evaluation = Local(plain, 1, duration).evaluate(genome[None], plain.held_out(), 0.0)
    return float(rate(plain, evaluation, duration).fitness[0]), len(run.journal)


def changed(plain: RunSpec, search: str) -> list[str]:
    """Changes to a run file that put another search in the place of its own."""
    changes = [
        f"optimizer={{name='{search.split()[0]}'}}",
        "optimizer.generations=1000000",
        f"optimizer.population_size={plain.optimizer.population_size}",
    ]
    if search.startswith(("cmaes", "race")):
        changes.append(f"optimizer.sigma={plain.optimizer.options.get('sigma', SIGMA)}")
    if search.startswith("nsga"):  # the first term, usually speed, against the rest
        parts = ["first"] + ["rest"] * (len(plain.fitness) - 1)
        changes += [
            f"fitness.{term}.objective={part}"
            for term, part in zip(plain.fitness, parts, strict=True)
        ]
    return changes


def gaits(names: list[str], seeds: int, budget: float, jobs: int, searches: list[str]) -> None:
    processes = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))
    with tempfile.TemporaryDirectory() as folder, processes:
        for name in names:
            print(f"\n{name}: held-out fitness after {budget:g} simulated seconds, {seeds} seeds")
            print(
                f"{'search':>16} {'median':>8} {'quartiles':>17} {'above uniform':>14} "
                f"{'generations':>12}"
            )
            chance: Array = np.zeros(0)
            for search in searches:
                one = partial(gait, name, search, budget, Path(folder))
                found = list(processes.map(one, range(seeds)))

                fitness = np.array([row[0] for row in found])
                chance = chance if chance.size else fitness
                low, middle, high = np.quantile(fitness, (0.25, 0.5, 0.75))
                generations = int(np.median([row[1] for row in found]))
                print(
                    f"{search:>16} {middle:8.3f} {low:8.3f} {high:8.3f} "
                    f"{np.sum(fitness > chance):11}/{seeds} {generations:12}",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("functions")
    part.add_argument("--genes", type=int, default=10)
    part.add_argument("--generations", type=int, default=150)
    part = parts.add_parser("gaits")
    part.add_argument("--seeds", type=int, default=10)
    part.add_argument(
        "--budget", type=float, default=12_000.0, help="simulated seconds of each search"
    )
    part.add_argument("--runs", nargs="*", default=["hopper", "biped_fast"])
    part.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    part.add_argument("--searches", nargs="*", default=list(SEARCHES), choices=list(SEARCHES))
    given = parser.parse_args()
    if given.part == "functions":
        functions(given.genes, given.generations)
    else:
        chosen = ["uniform", *(search for search in given.searches if search != "uniform")]
        gaits(given.runs, given.seeds, given.budget, given.jobs, chosen)


if __name__ == "__main__":
    main()
