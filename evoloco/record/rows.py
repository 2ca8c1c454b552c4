"""The rows of a journal's tables: from the arrays of a generation, and back."""

import hashlib
import sqlite3
from typing import Any

import numpy as np

from evoloco.ending import Outcome
from evoloco.evaluation import Evaluation
from evoloco.genome import Array

Row = tuple[Any, ...]
"""One row of a table, as SQLite returns it."""


def of_individuals(
    generation: int, genomes: Array, fitness: Array, objectives: Array, evaluation: Evaluation
) -> list[Row]:
    """Returns the rows of `individuals`.

    Args:
        generation: Number of the generation.
        genomes: (G, n).
        fitness: Aggregated over episodes (G,).
        objectives: Likewise (G, m); (G, 0) if fitness is the only one.
        evaluation: Results of every episode.
    """
    duration = evaluation.duration.mean(axis=1).tolist()
    distance = evaluation.distance.mean(axis=1).tolist()
    values = evaluation.values.mean(axis=1).tolist()
    worst = np.argmin(evaluation.fitness, axis=1)

    return [
        _as_stored(
            generation,
            i,
            genome.astype("<f8").tobytes(),
            float(fitness[i]),
            str(evaluation.outcome[i, worst[i]]),
            str(evaluation.ending[i, worst[i]]),
            duration[i],
            distance[i],
            *values[i],
            *objectives[i].tolist(),
        )
        for i, genome in enumerate(genomes)
    ]


def of_episodes(generation: int, evaluation: Evaluation) -> list[Row]:
    """Returns the rows of `episodes`, individual by individual."""
    return [
        _as_stored(
            generation,
            individual,
            episode,
            float(evaluation.fitness[individual, episode]),
            str(evaluation.outcome[individual, episode]),
            str(evaluation.ending[individual, episode]),
            float(evaluation.duration[individual, episode]),
            float(evaluation.distance[individual, episode]),
            *evaluation.values[individual, episode].tolist(),
        )
        for individual, episode in np.ndindex(evaluation.fitness.shape)
    ]


def evaluation(generation: int, episodes: list[Row], population_size: int) -> Evaluation:
    """Builds the evaluation of a generation from its episode rows.

    Raises:
        ValueError: An outcome is unknown, or a number is not a number.
    """
    shape = (population_size, len(episodes) // population_size)
    outcome = np.array([row[4] for row in episodes])
    if not set(outcome) <= set(Outcome):
        raise ValueError(f"generation {generation} has unknown outcomes")

    numbers = np.array([[row[3], *row[6:]] for row in episodes], dtype=np.float64)
    return Evaluation(
        fitness=numbers[:, 0].reshape(shape),
        values=numbers[:, 3:].reshape(*shape, -1),
        outcome=outcome.reshape(shape),
        ending=np.array([str(row[5]) for row in episodes]).reshape(shape),
        duration=numbers[:, 1].reshape(shape),
        distance=numbers[:, 2].reshape(shape),
    )


def of_generation(
    database: sqlite3.Connection, generation: int
) -> tuple[Row | None, list[Row], list[Row]]:
    """Returns the rows of a generation in `generations`, `individuals` and `episodes`."""

    def rows(table: str, order: str) -> list[Row]:
        where = f"WHERE generation = ? ORDER BY {order}"
        return database.execute(f"SELECT * FROM {table} {where}", (generation,)).fetchall()

    heads = rows("generations", "generation")
    individuals = rows("individuals", "individual")
    episodes = rows("episodes", "individual, episode")
    return heads[0] if heads else None, individuals, episodes


def digest(head: Row, individuals: list[Row], episodes: list[Row]) -> str:
    """Returns the checksum of a generation: SHA-256 of the `repr` of its rows.

    Args:
        head: Row of `generations`, without the checksum.
        individuals: Rows of `individuals`.
        episodes: Rows of `episodes`.
    """
    found = hashlib.sha256()
    for row in (head, *individuals, *episodes):
        found.update(repr(row).encode())
    return found.hexdigest()


def _as_stored(*row: Any) -> Row:
    """Returns a row as it will be read: SQLite stores NaN as NULL."""
    return tuple(None if value != value else value for value in row)
