"""Where compiled code is kept, so that later starts need not compile; a temporary folder where nothing can be kept."""

import atexit
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import numba

Compiled = TypeVar("Compiled")


def folder() -> Path:
    """The folder `evoloco` in XDG_CACHE_HOME, or in .cache of the home folder."""
    try:
        place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evoloco"
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
    except (OSError, RuntimeError) as error:  # a user may have no home folder
        return temporary(str(error))
    return place


def kept(compile: Callable[[], Compiled]) -> Compiled:
    """What a function that uses Numba's cache compiles, also where Numba finds no place for its cache."""
    try:
        return compile()
    except OSError as error:
        reason = str(error)
    except RuntimeError as error:
        if "cannot cache function" not in str(error):
            raise
        reason = "neither evoloco's own folder nor the user's cache folder can be written"
    numba.config.CACHE_DIR = str(temporary(reason))
    return compile()


@cache
def _made() -> Path:
    place = Path(tempfile.mkdtemp(prefix="evoloco-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def temporary(reason: str) -> Path:
    """A folder of this process alone, which goes when it ends; the user is told how to choose a lasting one."""
    warnings.warn(
        f"Compiled code cannot be kept ({reason}), so every start compiles anew. Choose a folder that can be "
        "written: XDG_CACHE_HOME=DIR NUMBA_CACHE_DIR=DIR evoloco ...",
        stacklevel=2,
    )
    return _made()
