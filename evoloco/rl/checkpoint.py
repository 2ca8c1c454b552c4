"""All that a training needs to go on exactly, in one safetensors file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from evoloco.errors import JournalError
from evoloco.record import files

FILE = "training.safetensors"
"""Its name in a run folder."""

Numbers = NDArray[Any]


def write(state: Mapping[str, Numbers], path: Path, then: str = "") -> None:
    """Writes arrays by name, completely or not at all.

    Args:
        state: The arrays.
        path: The file.
        then: What continues the training, for messages; by default resuming the run whose folder
            the file is in.

    Raises:
        StorageError: No space left, or no permission. The old file stays.
    """
    content = save({name: np.ascontiguousarray(array) for name, array in state.items()})
    with files.replacing(path, then) as unfinished:
        unfinished.write_bytes(content)


def read(path: Path, then: str = "") -> dict[str, Numbers] | None:
    """The arrays of a checkpoint; None where there is none yet. The arguments are those of `write`.

    Raises:
        JournalError: The file is damaged.
    """
    try:
        return dict(load(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, ValueError) as error:
        raise JournalError(
            f"{path} is damaged: {error}. Move it away, and the training begins again with the "
            f"same results: {then or f'evoloco resume {path.parent}'}"
        ) from None
