"""Where compiled code is kept, so that later starts need not compile.

Numba's own cache on disk does not notice when a function that another one calls has changed. So
compiled functions are kept in a folder named after a digest of every source file involved (see
`evoloco.sim.sources`): other sources, other folder. Where nothing can be kept, a temporary folder
serves.
"""

import atexit
import itertools
import os
import platform
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numba
from numba.core.bytecode import FunctionIdentity

from evoloco import modules
from evoloco.sim.sources import digest

Compiled = TypeVar("Compiled")

# The name of a compiled function ends with a number that Numba counts up, and its records go by
# such numbers too. Two processes that each compile a controller for a body of their own would give
# different code the same names, and a third one that loads both would run one for the other. So
# every process counts from a place of its own.
FunctionIdentity._unique_ids = itertools.count(int.from_bytes(os.urandom(7), "big"))


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
    """What `compile` returns, with a temporary folder if Numba finds no place for its cache."""
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
    """The temporary folder of this process."""
    place = Path(tempfile.mkdtemp(prefix="evoloco-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def temporary(reason: str) -> Path:
    """A folder that is deleted when the process ends; warns how to choose a lasting one."""
    warnings.warn(
        f"Compiled code cannot be kept ({reason}), so every start compiles anew. Choose a folder "
        "that can be written: XDG_CACHE_HOME=DIR NUMBA_CACHE_DIR=DIR evoloco ...",
        stacklevel=2,
    )
    return _made()


def compiled(text: str, functions: Iterable[Callable[..., Any]], facts: object = ()) -> ModuleType:
    """A module of compiled entry points, kept for as long as their sources stay as they are.

    Args:
        text: Source of the module.
        functions: What the module compiles; their sources name it, and all that these import.
        facts: What the code depends on besides.
    """
    key = digest(text, functions, facts)
    name = f"evoloco_compiled_{key}"
    if name in sys.modules:
        return sys.modules[name]

    place = folder() / key
    path = place / "compiled.py"
    if not path.is_file():
        place.mkdir(parents=True, exist_ok=True)
        unfinished = place / f"compiled.{platform.node()}.{os.getpid()}.tmp"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    return kept(lambda: modules.load(path, name))
