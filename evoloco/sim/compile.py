"""Compiles a controller's plain functions to C functions that the episode kernel calls."""

from collections.abc import Callable
from typing import Any

import numba
from numba import carray, types
from numba.core.errors import NumbaError

from evoloco.controller import Controller
from evoloco.errors import ControllerError


class CompiledController:
    """The addresses of a controller's compiled `reset` and `step`.

    Raises:
        ControllerError: Numba cannot compile one of them; the message gives
            the line and what is allowed.
    """

    def __init__(self, controller: Controller) -> None:
        reset = _jit(controller.reset)
        step = _jit(controller.step)

        def native_reset(params, state, dt, param_size, state_size):  # type: ignore[no-untyped-def]
            reset(carray(params, (param_size,)), carray(state, (state_size,)), dt)

        def native_step(  # type: ignore[no-untyped-def]
            params, state, obs, time, dt, ctrl, param_size, state_size, obs_size, nu
        ):
            step(
                carray(params, (param_size,)),
                carray(state, (state_size,)),
                carray(obs, (obs_size,)),
                time,
                dt,
                carray(ctrl, (nu,)),
            )

        array, real, count = types.CPointer(types.float64), types.float64, types.int64
        self._reset = _compile(native_reset, types.void(array, array, real, count, count), controller.reset)
        self._step = _compile(
            native_step,
            types.void(array, array, array, real, real, array, count, count, count, count),
            controller.step,
        )
        self.reset = int(self._reset.address)
        self.step = int(self._step.address)


def _jit(function: Callable[..., None]) -> Any:
    return function if hasattr(function, "py_func") else numba.njit(error_model="numpy", nogil=True)(function)


def _compile(wrapper: Callable[..., None], signature: Any, source: Callable[..., None]) -> Any:
    try:
        return numba.cfunc(signature, error_model="numpy")(wrapper)
    except NumbaError as error:
        source = getattr(source, "py_func", source)
        code = source.__code__
        lines = [line for line in str(error).splitlines() if line.strip()]
        telling = next((line for line in reversed(lines) if line.startswith("File ")), "")
        raise ControllerError(
            f"Numba cannot compile {source.__name__}() of the controller in {code.co_filename} "
            f"(line {code.co_firstlineno}). {_reason(lines)} {telling} Allowed are arithmetic on the given "
            "arrays, loops, branches, math and NumPy functions that Numba knows, and functions decorated "
            "with numba.njit; not allowed are Python objects, dictionaries of mixed types, printing to files "
            "and attributes of the controller."
        ) from error


def _reason(lines: list[str]) -> str:
    """The first line of Numba's message that says what it did not accept."""
    for line in lines:
        words = line.strip(" -")
        if words and not words.startswith(("Failed in", "Traceback", "During", "File ")):
            return words
    return ""
