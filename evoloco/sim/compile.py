"""Compiles to C functions: the episode, and the plain functions of controllers and actuators.

The episode is compiled once. A controller is compiled for the layouts of its parameters, its state
and what it observes.
"""

import inspect
import re
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.core.errors import NumbaError, NumbaExperimentalFeatureWarning

from evoloco.actuator import Actuators
from evoloco.controller import Controller, layouts
from evoloco.errors import ControllerError, UnknownNameError
from evoloco.fields import Layout, flatten, layout, layout_of, names
from evoloco.sim import cache, capi, kernel

_EPISODE = '''"""The compiled episode; made by evoloco, may be deleted."""

import numba

from evoloco.sim import kernel


def native_episode(model, data, sim, arg):
    kernel.episode(model, data, sim, arg)


native_episode = numba.cfunc(kernel.signature(), error_model="numpy", cache=True)(native_episode)
'''


def compiled_episode() -> int:
    """Address of the compiled episode, an mjfBatchFunc."""
    llvm.load_library_permanently(capi.library_path())  # where mj_step and mj_forward are
    module: Any = cache.compiled(_EPISODE, (kernel.episode,))
    return int(module.native_episode.address)


_WRAPPERS = '''"""Compiled entry points of one controller; made by evoloco, may be deleted."""

import numba
from numba import carray, types

import evoloco.sim.compile as compile

reset, step, *layouts = compile.given
params_row, state_row, obs_row = (types.CPointer(numba.from_dtype(kind)) for kind in layouts)
array, real, count = types.CPointer(types.float64), types.float64, types.int64


def native_reset(params, state, dt):
    try:
        reset(carray(params, (1,))[0], carray(state, (1,))[0], dt)
    except Exception:
        return 1
    return 0


def native_step(params, state, obs, time, dt, ctrl, nu):
    try:
        step(
            carray(params, (1,))[0],
            carray(state, (1,))[0],
            carray(obs, (1,))[0],
            time,
            dt,
            carray(ctrl, (nu,)),
        )
    except Exception:
        return 1
    return 0


native_reset = numba.cfunc(
    types.int64(params_row, state_row, real), error_model="numpy", cache=True
)(native_reset)
native_step = numba.cfunc(
    types.int64(params_row, state_row, obs_row, real, real, array, count),
    error_model="numpy",
    cache=True,
)(native_step)
'''

given: tuple[Any, ...] = ()
"""What a generated module compiles while it is imported: functions, and layouts of their rows."""


class CompiledController:
    """The addresses of a controller's compiled `reset` and `step`.

    They return 1 where the function raised an exception, else 0.

    Args:
        controller: What is compiled.
        observation: Layout of what it observes.

    Attributes:
        params: Layout of its parameters.
        state: Layout of its state.
        observation: Layout of what it observes.

    Raises:
        ControllerError: Numba cannot compile one of them; the message gives the line and what is
            allowed.
    """

    def __init__(self, controller: Controller, observation: Layout) -> None:
        self.params, self.state = layouts(controller)
        self.observation = observation
        self._module = _compile(
            controller.reset, controller.step, (self.params, self.state, observation)
        )
        self.reset = int(self._module.native_reset.address)
        self.step = int(self._module.native_step.address)


_ACTUATE = '''"""A compiled actuator model; made by evoloco, may be deleted."""

import numba
from numba import carray, types

import evoloco.sim.compile as compile

actuate, *layouts = compile.given
params_row, state_row = (types.CPointer(numba.from_dtype(kind)) for kind in layouts)
array, real, count = types.CPointer(types.float64), types.float64, types.int64


def native_actuate(params, state, angle, velocity, dt, ctrl, nu, joints):
    actuate(
        carray(params, (1,))[0],
        carray(state, (1,))[0],
        carray(angle, (joints,)),
        carray(velocity, (joints,)),
        dt,
        carray(ctrl, (nu,)),
    )
    return 0


native_actuate = numba.cfunc(
    types.int64(params_row, state_row, array, array, real, array, count, count),
    error_model="numpy",
    cache=True,
)(native_actuate)
'''


class CompiledActuators:
    """The address of compiled actuators.

    Attributes:
        params: Layout of their parameters.
        given: Their flat parameters (n,).
        state: Layout of their state.

    Raises:
        ControllerError: Numba cannot compile them.
    """

    def __init__(self, actuators: Actuators) -> None:
        global given
        values = actuators.parameters()
        self.params, self.given = layout_of(values), flatten(values)
        self.state = layout(actuators.state)
        kinds = (self.params, self.state)
        given = (jit(actuators.actuate), *kinds)
        try:
            self._module: Any = cache.compiled(_ACTUATE, (actuators.actuate,), kinds)
        except NumbaError as error:
            raise ControllerError(
                f"Numba cannot compile the actuators: {reason(error)}. See evoloco/actuator.py."
            ) from error
        self.actuate = int(self._module.native_actuate.address)


def _compile(
    reset: Callable[..., None], step: Callable[..., None], kinds: tuple[Layout, Layout, Layout]
) -> ModuleType:
    global given
    given = (jit(reset), jit(step), *kinds)
    with warnings.catch_warnings():
        # Numba warns where a function is compiled for a layout that begins like another one.
        warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)
        try:
            return cache.compiled(_WRAPPERS, (reset, step), kinds)
        except (NumbaError, KeyError) as error:  # a KeyError where a record lacks a field
            raise ControllerError(_explain(error, jit(reset), jit(step), kinds)) from error


def jit(function: Callable[..., Any]) -> Any:
    """A controller's function, compiled by Numba when it is called from Python."""
    return (
        function
        if hasattr(function, "py_func")
        else numba.njit(error_model="numpy", nogil=True)(function)
    )


def _explain(error: Exception, reset: Any, step: Any, kinds: tuple[Layout, Layout, Layout]) -> str:
    """Numba's many lines as one message: where, why, and what is allowed."""
    if isinstance(error, KeyError):
        return _no_field(str(error.args[0]), (reset, step), kinds)
    params, state, obs = (numba.from_dtype(kind) for kind in kinds)
    real, ctrl = numba.float64, numba.types.Array(numba.float64, 1, "C")
    function = reset
    # Compiled without the wrapper, the error names the user's line.
    for function, signature in (
        (reset, (params, state, real)),
        (step, (params, state, obs, real, real, ctrl)),
    ):
        try:
            function.compile(signature)
        except NumbaError as own:
            error = own
            break
    code = function.py_func.__code__
    place = getattr(error, "loc", None)
    file, line = (place.filename, place.line) if place else (code.co_filename, code.co_firstlineno)
    return (
        f"Numba cannot compile the controller in {file}, line {line}: {reason(error)}. Allowed "
        "are arithmetic on the given fields, loops, branches, math and NumPy functions that Numba "
        "knows, and functions decorated with numba.njit; not allowed are Python objects, mixed "
        "types in one variable, files, and attributes of the controller. See "
        "docs/write-a-controller.md."
    )


FIELDS_COME_FROM = {
    "params": "the controller's `parameters` returns them",
    "state": "the controller's `state` names them",
    "obs": "the body and the run file's [sensors] give them",
}
"""Where the fields of a controller's arguments come from."""


def _no_field(name: str, functions: tuple[Any, Any], kinds: tuple[Layout, Layout, Layout]) -> str:
    """Says which of params, state and obs lacks a field, and which it has."""
    file = functions[1].py_func.__code__.co_filename
    source = "".join(inspect.getsource(function.py_func) for function in functions)
    for kind, (title, origin) in zip(kinds, FIELDS_COME_FROM.items(), strict=True):
        if re.search(rf"\b{title}\.{name}\b", source):
            where = f"the controller in {file} ({origin})"
            return str(UnknownNameError(f"field of {title}", name, names(kind), where))
    known = [
        f"{title}.{field}"
        for title, kind in zip(FIELDS_COME_FROM, kinds, strict=True)
        for field in names(kind)
    ]
    return str(UnknownNameError("field", name, known, f"a function of the controller in {file}"))


def reason(error: Exception) -> str:
    """Why Numba cannot compile something: the first of its many lines that tells, and its types."""
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
    cause = next((line for line in lines if not line.startswith(noise)), "")
    found = next((line for line in lines if line.startswith(">>> ")), "")
    return f"{cause} {found.removeprefix('>>> ')}".strip()
