"""A digest of everything that compiled code may come from."""

import ast
import hashlib
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite
import numba

SHOWN = 16
"""Hexadecimal digits of a digest."""

NAMES = "unique"
"""How functions are named in compiled code (`evoloco.sim.cache`): other names, other digests."""


def digest(text: str, functions: Iterable[Callable[..., Any]], facts: object) -> str:
    """A hash over the compilers, the facts and all sources that compiled code may come from.

    Args:
        text: Source of the module that compiles.
        functions: What it compiles; all that their sources import is read too.
        facts: What the code depends on besides.
    """
    versions = (sys.version, numba.__version__, llvmlite.__version__, NAMES)
    found = hashlib.sha256(repr((versions, text, str(facts))).encode())
    files: dict[str, bytes] = {}
    for function in functions:
        plain = getattr(function, "py_func", function)
        source = Path(plain.__code__.co_filename)
        found.update(f"{plain.__module__}.{plain.__qualname__}".encode())
        if not source.is_file():  # typed into an interpreter or a notebook
            code = plain.__code__
            found.update(repr((code.co_code, code.co_consts, code.co_names)).encode())
        _gather(sys.modules.get(plain.__module__), source, files)

    for path in sorted(files):
        found.update(path.encode() + files[path])
    return found.hexdigest()[:SHOWN]


def imported_by(path: Path) -> list[Path]:
    """Returns a user's Python file and those that it imports, without installed packages.

    Only what has been imported in this process is found.

    Args:
        path: Of the file.
    """
    files: dict[str, bytes] = {}
    _gather(None, path, files)
    ours = {
        getattr(module, "__file__", None)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "evoloco"
    }
    return [path, *(Path(file) for file in files if file not in ours and file.endswith(".py"))]


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
            files[name] = _version(imported).encode()  # stands for the sources
        else:
            _gather(imported, file, files)


def _version(module: ModuleType) -> str:
    """Returns the version that a module says it has; some warn that it will not for long."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return str(getattr(module, "__version__", ""))


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
