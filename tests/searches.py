"""Small searches on functions of [0, 1]^n, and every optimizer with options that suit them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evoloco.genome import Array, Gene, Space
from evoloco.members import member
from evoloco.optimizer import Optimizer, Search

SIZE, POPULATION = 6, 8
LEVELS = (2, 2, 3, 5)
"""Levels of the genes that follow the continuous ones, where a test has such."""

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Case:
    """An optimizer with options.

    Attributes:
        name: Of the member.
        options: Its options.
        objectives: How many it is told, 3 where several.
        ranked: Whether only the order of fitness matters to it.
        snaps: Whether it asks for levels only, not for positions between them.
        population: Genomes per generation.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    objectives: int = 1
    ranked: bool = True
    snaps: bool = True
    population: int = POPULATION

    def __str__(self) -> str:
        return "-".join(
            [self.name, *(str(value) for key, value in self.options.items() if key not in GRID)]
        )


GRID = {"descriptors": ("first", "second"), "ranges": ((0.0, 1.0), (0.0, 1.0)), "cells": (4, 4)}

MEMBERS = [
    Case("uniform"),
    Case("cmaes"),
    Case("cmaes", {"covariance": "diagonal"}),
    Case("cmaes", {"elitist": True}),
    Case("cmaes", {"mean": True, "mean_over": 3, "mean_step": 0.5}),
    Case("race", {"racers": 3, "trial": 3, "heat": 2}, ranked=False),
    Case("ars", ranked=False),
    Case("ga"),
    Case("ga", {"crossover": "sbx", "mutation": "polynomial", "elites": 0}),
    Case("ga", {"crossover": "two_point", "elites": 3}),
    Case("ga", {"crossover": "none"}),
    Case("ga_nico", population=64),  # its small steps are meant for many genomes
    Case("nsga2", objectives=3, ranked=False),
    Case("nsga3", objectives=3, ranked=False),
    Case("map_elites", GRID, ranked=False, snaps=False),
    Case("cma_me", GRID, ranked=False, snaps=False),
]


def space(levels: tuple[int, ...] = (), size: int = SIZE) -> Space:
    """Continuous genes, and after them genes of these levels."""
    smooth = [Gene(f"gene_{place}", 0.0, 1.0) for place in range(size)]
    return Space(
        [*smooth, *(Gene(f"level_{place}", 0.0, 1.0, levels=k) for place, k in enumerate(levels))]
    )


def made(case: Case, seed: int = 1, levels: tuple[int, ...] = (), **options: Any) -> Optimizer:
    """The optimizer of a case."""
    objectives = (
        ("fitness",) if case.objectives == 1 else tuple(f"goal_{k}" for k in range(case.objectives))
    )
    search = Search(space(levels), case.population, seed, objectives, ("first", "second"))
    optimizer: Optimizer = member("optimizers", case.name).Optimizer(
        search, **{**case.options, **options}
    )
    return optimizer


def sphere(genomes: Array) -> Array:
    """Largest, 0, at 0.3 in every gene."""
    return -np.asarray(((genomes - 0.3) ** 2).sum(axis=1))


def run(optimizer: Optimizer, generations: int, fitness: Function = sphere) -> list[Array]:
    """What the optimizer asked for, told the fitness of a function."""
    asked = []
    for _ in range(generations):
        genomes = optimizer.ask()
        asked.append(genomes.copy())
        quality = fitness(genomes)
        optimizer.tell(genomes, told(optimizer, genomes, quality), descriptors(genomes, quality))
    return asked


def told(optimizer: Optimizer, genomes: Array, quality: Array) -> Array:
    """The fitness (λ,), or three objectives (λ, 3) that sum to it; the last two trade genes."""
    if not getattr(optimizer, "several_objectives", False):
        return quality
    trade = genomes[:, :2] - genomes[:, 1:3]
    return np.column_stack([quality - trade.sum(axis=1), trade])


def descriptors(genomes: Array, fitness: Array) -> Array:
    """Two values per genome, as fitness terms would be: the first two genes; NaN where unstable."""
    return np.where(np.isfinite(fitness)[:, None], genomes[:, :2], np.nan)
