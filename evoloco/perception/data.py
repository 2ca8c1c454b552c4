"""Examples on disk, drawn in chunks, so that a killed learning loses one chunk at most."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from evoloco.errors import JournalError, SpecError, user_code
from evoloco.perception.lesson import Arrays, Lesson
from evoloco.record import files

CHUNK = 250
"""Examples of a file."""

AGAIN = "give the same command again."
"""What continues a learning."""


def gather(
    lesson: Lesson, split: str, count: int, seed: int, folder: Path, done: Callable[[int], None]
) -> Arrays:
    """The examples of a split: those on disk are read, the others are drawn and written.

    Args:
        lesson: Draws them.
        split: Name of the split.
        count: Number of examples.
        seed: Of the learning.
        folder: Of the files.
        done: Called with the number of examples after each chunk that was drawn.

    Raises:
        JournalError: A file is damaged.
        SpecError: The lesson fails, or draws another number of examples.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chunks = []
    for chunk, first in enumerate(range(0, count, CHUNK)):
        path, size = folder / f"{split}-{chunk:04}.npz", min(CHUNK, count - first)
        if not path.exists():
            _draw(lesson, split, size, _seed(lesson, split, seed, chunk), path)
            done(first + size)
        chunks.append(_read(path))
    return {name: np.concatenate([one[name] for one in chunks]) for name in chunks[0]}


def one(arrays: Arrays, example: int) -> Arrays:
    """The arrays of one example, without the axis of examples."""
    return {name: array[example] for name, array in arrays.items()}


def first(arrays: Arrays, count: int) -> Arrays:
    """The first examples."""
    return {name: array[:count] for name, array in arrays.items()}


def _draw(lesson: Lesson, split: str, count: int, seed: int, path: Path) -> None:
    with user_code("The lesson's 'examples'"):
        drawn = lesson.examples(count, split, seed)
        lengths = {name: len(array) for name, array in drawn.items()}
    if not lengths or set(lengths.values()) != {count}:
        raise SpecError(
            f"The lesson's 'examples' must give {count} examples in every array, and gave "
            f"{lengths or 'no array'}."
        )
    with files.replacing(path, AGAIN) as unfinished:
        np.savez(unfinished, allow_pickle=False, **drawn)


def _seed(lesson: Lesson, split: str, seed: int, chunk: int) -> int:
    """The seed of a chunk: no two chunks of any split share one."""
    sequence = np.random.SeedSequence([seed, lesson.splits.index(split), chunk])
    return int(sequence.generate_state(1)[0])


def _read(path: Path) -> Arrays:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return dict(content)
    except Exception as error:
        raise JournalError(
            f"{path} is damaged: {type(error).__name__}: {error}. Delete it, then {AGAIN}"
        ) from None
