"""Where compiled code is kept, so that later starts need not compile.

Numba's own cache on disk does not notice when a function that another one calls has changed. So
compiled functions are kept in a folder named after a digest of every source file involved: other
sources, other folder. Where nothing can be kept, a temporary folder serves.
"""

import ast
import atexit
import hashlib
import importlib.util
import marshal
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

import llvmlite
import numba

from evoloco import modules

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
    digest = _digest(text, functions, facts)
    name = f"evoloco_compiled_{digest}"
    if name in sys.modules:
        return sys.modules[name]

    place = folder() / digest
    path = place / "compiled.py"
    if not path.is_file():
        place.mkdir(parents=True, exist_ok=True)
        unfinished = place / f"compiled.{platform.node()}.{os.getpid()}.tmp"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    return kept(lambda: modules.load(path, name))


def _digest(text: str, functions: Iterable[Callable[..., Any]], facts: object) -> str:
    """A hash over the compilers, the facts and all sources that compiled code may come from."""
    versions = (sys.version, numba.__version__, llvmlite.__version__)
    found = hashlib.sha256(repr((versions, text, str(facts))).encode())
    files: dict[str, bytes] = {}
    for function in functions:
        plain = getattr(function, "py_func", function)
        source = Path(plain.__code__.co_filename)
        found.update(f"{plain.__module__}.{plain.__qualname__}".encode())
        if not source.is_file():  # typed into an interpreter or a notebook
            found.update(marshal.dumps(plain.__code__))
        _gather(sys.modules.get(plain.__module__), source, files)
    for path in sorted(files):
        found.update(path.encode() + files[path])
    return found.hexdigest()[:16]


def _gather(module: ModuleType | None, path: Path, files: dict[str, bytes]) -> None:
    """Reads a source file and, through its import statements, those that it builds on."""
    if str(path) in files or path.suffix != ".py" or not path.is_file():
        return

    source = files[str(path)] = path.read_bytes()
    package = module.__package__ or "" if module else ""
    for name in _imports(source, package):
        imported, top = sys.modules.get(name), name.partition(".")[0]
        if imported is None or top in sys.stdlib_module_names:
            continue

        file = Path(getattr(imported, "__file__", None) or "")
        if "site-packages" in file.parts and top not in ("evoloco", package.partition(".")[0]):
            version = getattr(imported, "__version__", "")
            files[name] = str(version).encode()  # stands for the sources
        else:
            _gather(imported, file, files)


@cache
def _imports(source: bytes, package: str) -> tuple[str, ...]:
    """Names that the import statements of a source in a package may mean, as absolute ones."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            if node.level:
                base = importlib.util.resolve_name(base, package)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(dict.fromkeys(names))
