"""Comparisons that were made up, for the statistics and the page."""

from collections.abc import Mapping, Sequence

import numpy as np

from evoloco.compare import conclusions, summary
from evoloco.compare.page import Film
from evoloco.compare.result import (
    SCHEMA,
    Checkpoints,
    Comparison,
    Curve,
    Falls,
    Gap,
    Judged,
    Run,
    Settings,
    Task,
)

NUMBERS = {"peak_load": 1.5, "slip": 0.01, "effort": None, "mechanical_cost": 0.4}
SCENARIOS = ("flat", "pushed <hard>")


def judged(fitness: float, falls: int = 1) -> Judged:
    """A champion of some fitness, where falling at once has -1."""
    return Judged(
        fitness=fitness,
        floor=-1.0,
        falls=falls,
        worlds=20,
        goes=20 - falls,
        speed=0.3,
        way=2.5,
        verbs={"walks": 20 - falls, "falls": falls},
        numbers=dict(NUMBERS),
    )


def made_up(
    task: str,
    contender: str,
    seed: int,
    fitness: Sequence[float],
    cpu: bool = True,
    simulated: float = 1000.0,
) -> Run:
    """A run whose champion has some fitness in each scenario."""
    steps = np.arange(1, 9) / 8
    times = tuple((simulated * steps).tolist())
    spent = tuple((0.01 * simulated * steps).tolist()) if cpu else None
    quality = tuple((-1 + (fitness[0] + 1) * steps).tolist())
    falls = tuple(Falls(width=width, falls=int(width), worlds=10) for width in (0.5, 1.0, 2.0))
    return Run(
        task=task,
        contender=contender,
        seed=seed,
        folder=f"runs/{task}/{contender}/seed{seed}",
        reason="the budget is spent",
        generation=7,
        individual=1,
        sha256="0",
        records=8,
        simulated_time=simulated,
        cpu_time=spent[-1] if spent else None,
        genes=12,
        parameters=30,
        control_cost=0.25,
        curve=Curve(simulated=times, cpu=spent, best=(None, *quality[1:])),
        checkpoints=Checkpoints(simulated=times, cpu=spent, quality=quality),
        judged={name: judged(value) for name, value in zip(SCENARIOS, fitness, strict=False)},
        equal_simulated=fitness[0],
        equal_cpu=fitness[0] if cpu else None,
        wide=falls,
        gaps={
            "pushes": Gap(label="pushes", extent="2 of 0.1 m/s", falls=falls),
            "mass": Gap(label="mass of each link", extent="0.85 to 1.15 times", falls=falls),
        },
    )


def of_runs(
    runs: Sequence[Run],
    labels: Mapping[str, str],
    simulated_time: float | None = 1000.0,
) -> Comparison:
    """The comparison of some runs."""
    names = list(dict.fromkeys(run.task for run in runs))
    has_cpu = all(run.cpu_time is not None for run in runs)
    tasks = tuple(
        Task(
            name=name,
            label=f"the {name}",
            body=f"'{name}'",
            terms={"speed": 1.0},
            scenarios=tuple(next(run for run in runs if run.task == name).judged),
            duration=10.0,
            equal_simulated=1000.0,
            equal_cpu=9.0 if has_cpu else None,
        )
        for name in names
    )
    settings = Settings(simulated_time=simulated_time, cpu_time=None, worlds=20, gap_worlds=2)
    order = list(labels)
    summaries, pairs = summary.summaries(runs, order), summary.pairs(runs, order)
    said = conclusions.conclusion(settings, labels, tasks, runs, summaries, pairs)
    return Comparison(
        schema_version=SCHEMA,
        name="made <up>",
        versions={"evoloco": "0"},
        settings=settings,
        contenders=dict(labels),
        tasks=tasks,
        runs=tuple(runs),
        summaries=tuple(summaries),
        pairs=tuple(pairs),
        conclusion=tuple(said),
        notes=(),
    )


LABELS = {
    "matsuoka": "Matsuoka (CMA-ES)",
    "ga": "Matsuoka (GA)",
    "sine": "sine (CMA-ES)",
    "ppo": "policy (PPO)",
    "net": "policy (CMA-ES)",
    "muscles": "muscles on a state machine",
}


def whole(seeds: int = 5) -> Comparison:
    """Six contenders on three bodies, of which one has a body of its own."""
    random = np.random.default_rng(0)
    runs = []
    for seed in range(seeds):
        for task in ("planar biped", "biped"):
            for place, name in enumerate(list(LABELS)[:5]):
                fitness = 1.5 - 0.4 * place + 0.3 * random.standard_normal(2)
                runs.append(made_up(task, name, seed, np.maximum(fitness, -1).tolist()))
        runs.append(made_up("human", "muscles", seed, [9.0, 8.0]))
    return of_runs(runs, LABELS)


def films(comparison: Comparison) -> list[Film]:
    """No film of anything, and why."""
    return [
        Film(task.name, name, 0, None, "No video: <this machine> cannot draw.")
        for task in comparison.tasks
        for name in comparison.met(task.name)
    ]
