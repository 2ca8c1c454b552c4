"""Modules that are written to be compiled, kept on disk by what they are made of.

Numba's own disk cache does not notice when a function that another one calls has changed. So a
module's file stands in a folder named after a digest of its text and of every source file
involved: other sources, other folder.
"""

import ast
import hashlib
import importlib.util
import marshal
import os
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite
import numba

from evoloco import modules
from evoloco.sim import cache

given: tuple[Any, ...] = ()
"""What a generated module reads while it is imported."""


def module(text: str, functions: Sequence[Callable[..., Any]], told: Sequence[Any]) -> ModuleType:
    """The module of a text, imported once.

    Args:
        text: The module. It finds `told` in `evoloco.sim.generated.given` while it is imported.
        functions: What it compiles.
        told: What it reads.

    Raises:
        NumbaError: Numba cannot compile what the module compiles while it is imported.
    """
    global given
    digest = _digest(text, functions)
    name = f"evoloco_compiled_{digest}"
    if name in sys.modules:
        return sys.modules[name]

    path = cache.folder() / digest / "module.py"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{platform.node()}.{os.getpid()}.tmp")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)

    given = tuple(told)
    return cache.kept(lambda: modules.load(path, name))


def _digest(text: str, functions: Sequence[Callable[..., Any]]) -> str:
    """A hash over compilers, text and all sources that the functions come from."""
    versions = (sys.version, numba.__version__, llvmlite.__version__)
    found = hashlib.sha256(repr((versions, text)).encode())
    files: dict[str, bytes] = {}
    for function in functions:
        plain = getattr(function, "py_func", function)
        source = Path(plain.__code__.co_filename)
        found.update(f"{plain.__module__}.{plain.__qualname__}".encode())
        if not source.is_file():  # such as a function typed into an interpreter
            found.update(marshal.dumps(plain.__code__))
        _gather(sys.modules.get(plain.__module__), source, files)

    for path in sorted(files):
        found.update(path.encode() + files[path])
    return found.hexdigest()[:16]


def _gather(module: ModuleType | None, path: Path, files: dict[str, bytes]) -> None:
    """Reads a source file and, through its import statements, those that it builds on."""
    if str(path) in files or path.suffix != ".py" or not path.is_file():
        return

    files[str(path)] = path.read_bytes()
    package = (module.__package__ if module else None) or ""
    for name in _imported(ast.parse(files[str(path)]), package):
        imported, top = sys.modules.get(name), name.partition(".")[0]
        if imported is None or top in sys.stdlib_module_names:
            continue
        source = Path(getattr(imported, "__file__", None) or "")
        own = top in ("evoloco", package.partition(".")[0])
        if "site-packages" in source.parts and not own:
            files[name] = str(getattr(imported, "__version__", "")).encode()  # for the sources
        else:
            _gather(imported, source, files)


def _imported(tree: ast.Module, package: str) -> list[str]:
    """Names of the modules, and perhaps of things in them, that a module imports."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            if node.level:
                base = importlib.util.resolve_name(base, package)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names
