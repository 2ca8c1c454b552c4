"""Compiles a controller's plain functions to C functions that the episode kernel calls.

Numba's own disk cache does not notice when a function that another one calls
has changed. So the compiled functions are kept in a folder named after a
digest of every source file involved: other sources, other folder.
"""

import ast
import hashlib
import importlib.util
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite
import numba
from numba.core.errors import NumbaError

from evoloco import modules
from evoloco.controller import Controller
from evoloco.errors import ControllerError
from evoloco.sim import cache

_WRAPPERS = '''"""Compiled entry points of one controller; made by evoloco, may be deleted."""

import numba
from numba import carray, types

import evoloco.sim.compile as compile

reset, step = compile.jitted
array, real, count = types.CPointer(types.float64), types.float64, types.int64


def native_reset(params, state, dt, param_size, state_size):
    try:
        reset(carray(params, (param_size,)), carray(state, (state_size,)), dt)
    except Exception:
        return 1
    return 0


def native_step(params, state, obs, time, dt, ctrl, param_size, state_size, obs_size, nu):
    try:
        step(
            carray(params, (param_size,)), carray(state, (state_size,)), carray(obs, (obs_size,)), time, dt,
            carray(ctrl, (nu,)),
        )
    except Exception:
        return 1
    return 0


native_reset = numba.cfunc(types.int64(array, array, real, count, count), error_model="numpy", cache=True)(native_reset)
native_step = numba.cfunc(
    types.int64(array, array, array, real, real, array, count, count, count, count), error_model="numpy", cache=True
)(native_step)
'''

_ARRAY = numba.types.Array(numba.float64, 1, "C")
_SIGNATURES = (
    (_ARRAY, _ARRAY, numba.float64),
    (_ARRAY, _ARRAY, _ARRAY, numba.float64, numba.float64, _ARRAY),
)
"""Of `reset` and `step`."""

jitted: tuple[Any, Any] = (None, None)
"""The functions that the module made of `_WRAPPERS` compiles while it is imported."""


class CompiledController:
    """The addresses of a controller's compiled `reset` and `step`.

    They return 1 where the function raised an exception, else 0.

    Raises:
        ControllerError: Numba cannot compile one of them; the message gives
            the line and what is allowed.
    """

    def __init__(self, controller: Controller) -> None:
        self._module = _compile(controller.reset, controller.step)
        self.reset = int(self._module.native_reset.address)
        self.step = int(self._module.native_step.address)


def _compile(reset: Callable[..., None], step: Callable[..., None]) -> ModuleType:
    global jitted
    digest = _digest(reset, step)
    name = f"evoloco_compiled_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    folder = cache.folder() / digest
    path = folder / "controller.py"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"controller.{platform.node()}.{os.getpid()}.tmp"
        unfinished.write_text(_WRAPPERS, encoding="utf-8")
        unfinished.replace(path)
    jitted = (jit(reset), jit(step))
    try:
        return cache.kept(lambda: modules.load(path, name))
    except NumbaError as error:
        raise ControllerError(_explain(error)) from error


def jit(function: Callable[..., None]) -> Any:
    """A controller's function, compiled by Numba when it is called from Python."""
    return (
        function
        if hasattr(function, "py_func")
        else numba.njit(error_model="numpy", nogil=True)(function)
    )


def _digest(*functions: Callable[..., None]) -> str:
    """Names the compiled code: a hash over the compilers and all sources that it may come from."""
    found = hashlib.sha256(
        repr((sys.version, numba.__version__, llvmlite.__version__, _WRAPPERS)).encode()
    )
    files: dict[str, bytes] = {}
    for function in functions:
        plain = getattr(function, "py_func", function)
        found.update(f"{plain.__module__}.{plain.__qualname__}".encode())
        _gather(sys.modules.get(plain.__module__), Path(plain.__code__.co_filename), files)
    for path in sorted(files):
        found.update(path.encode() + files[path])
    return found.hexdigest()[:16]


def _gather(module: ModuleType | None, path: Path, files: dict[str, bytes]) -> None:
    """Reads a source file and, through its import statements, those that it builds on."""
    if str(path) in files or path.suffix != ".py" or not path.is_file():
        return
    files[str(path)] = path.read_bytes()
    package = module.__package__ or "" if module else ""
    for node in ast.walk(ast.parse(files[str(path)])):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            if node.level:
                base = importlib.util.resolve_name(base, package)
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            imported, top = sys.modules.get(name), name.partition(".")[0]
            if imported is None or top in sys.stdlib_module_names:
                continue
            source = Path(getattr(imported, "__file__", None) or "")
            if "site-packages" in source.parts and top not in (
                "evoloco",
                package.partition(".")[0],
            ):
                files[name] = str(
                    getattr(imported, "__version__", "")
                ).encode()  # stands for the sources
            else:
                _gather(imported, source, files)


def _explain(error: NumbaError) -> str:
    """Numba's many lines as one message: where, why, and what is allowed."""
    for function, signature in zip(
        jitted, _SIGNATURES, strict=True
    ):  # without the wrapper, to have the user's line
        try:
            function.compile(signature)
        except NumbaError as own:
            error = own
            break
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    noise = (
        "Failed in",
        "Traceback",
        "During",
        "File ",
        "def ",
        "<source",
        "^",
        "-",
        "There are",
        ">>>",
    )
    reason = next((line for line in lines if not line.startswith(noise)), "")
    types = next((f" {line.removeprefix('>>> ')}" for line in lines if line.startswith(">>> ")), "")
    code = function.py_func.__code__
    place = getattr(error, "loc", None)
    file, line = (place.filename, place.line) if place else (code.co_filename, code.co_firstlineno)
    return (
        f"Numba cannot compile the controller in {file}, line {line}: {reason}{types}. "
        "Allowed are arithmetic on the given arrays, loops, branches, math and NumPy functions that Numba knows, and "
        "functions decorated with numba.njit; not allowed are Python objects, mixed types in one variable, files, and "
        "attributes of the controller. See docs/write-a-controller.md."
    )
